// What the functions of templates use in a month under a traffic. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/template_model.h"
#include "cost/traffic_profile.h"

namespace kiln::cli {

struct TemplateUsage {
  std::map<std::string, std::vector<cost::Usage>> by_region = {};
  std::vector<std::string> notes = {};  // what could not be counted
  std::set<std::string> named = {};     // the names in the traffic that were found
};

// A function is found in the traffic by its logical id or its FunctionName. Error (Usage): the
// traffic lacks a duration.
Result<TemplateUsage> template_usage(const lint::Model& model, const cost::TrafficProfile& traffic);

// Error (Usage): the traffic has a name that is not among `named`.
Result<void> check_names(const cost::TrafficProfile& traffic, const std::set<std::string>& named);

}  // namespace kiln::cli
