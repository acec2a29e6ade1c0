// The values of one stack's template, as far as they are known before the deployment: Ref and
// GetAtt give names and ARNs with stand-ins for what AWS will choose.
//
// Not thread-safe; keeps a reference to the template.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lint/model.h"
#include "template/evaluate.h"

namespace kiln::lint {

using ImportValue = std::function<std::optional<std::string>(const std::string& name)>;

class StackValues {
 public:
  StackValues(size_t stack, const StackInfo& info, const cfn::Template& parsed,
              cfn::ParameterValues parameters, std::set<std::string> unknown_parameters,
              ImportValue import_value);
  StackValues(const StackValues&) = delete;
  StackValues& operator=(const StackValues&) = delete;

  // nullopt: it depends on what isn't known.
  Result<std::optional<bool>> exists(const std::string& condition);
  // kUnknown where it depends on what isn't known.
  Result<nlohmann::json> value(const cfn::Node& node);
  // A text that is known before the deployment, stand-ins included; nullopt otherwise.
  Result<std::optional<std::string>> text(const cfn::Node* node);

 private:
  Result<nlohmann::json> of_resource(const std::string& logical_id, const std::string& attribute);
  Result<std::string> name_of(const cfn::Resource& resource, std::string_view property);
  bool is_undecided(const std::string& condition);
  bool mentions_unknown(const cfn::Node& node, bool only_conditions);

  const size_t stack_;
  const StackInfo& info_;
  const cfn::Template& template_;
  const std::set<std::string> unknown_parameters_;
  std::map<std::string, bool> undecided_;
  cfn::Evaluator evaluator_;
};

// The values of a template's parameters, and those that have none.
struct KnownParameters {
  cfn::ParameterValues values;
  std::set<std::string> unknown;
};
Result<KnownParameters> known_parameters(const cfn::Template& parsed,
                                         const std::map<std::string, std::string>& given);

}  // namespace kiln::lint
