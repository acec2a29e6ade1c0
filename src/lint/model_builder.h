// Makes a Model out of templates.
//
//   ModelBuilder builder({{"Orders", "orders.yaml", "123456789012", "eu-west-1"}});
//   if (auto added = builder.add(0, parsed, parameters); !added) return added.error();
//   for (const Finding& finding : lint(builder.finish(), {})) …
//
// Stacks are added in the order of their dependencies, so that one finds the exports of those
// before it. A parameter without a value is unknown, and so is what depends on it; resources whose
// condition depends on one are left out. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "lint/model.h"
#include "template/template.h"

namespace kiln::lint {

class ModelBuilder {
 public:
  explicit ModelBuilder(std::vector<StackInfo> stacks);

  // `parameters`: values for parameters of this template. Error: kInvalid, a parameter's value that
  // the template refuses, or a function that can't be evaluated; with its place.
  Result<void> add(size_t stack, const cfn::Template& parsed,
                   const std::map<std::string, std::string>& parameters);
  // What its reader has noticed; others than duplicate keys are left out.
  void add_notes(size_t stack, const cfn::Template& parsed, const std::vector<cfn::Problem>& notes);
  // The model of all stacks. REQUIRES: called once, after the last add().
  Model finish();

 private:
  Model model_;
  std::map<std::string, std::map<std::string, nlohmann::json>> exports_;  // by account and Region
};

}  // namespace kiln::lint
