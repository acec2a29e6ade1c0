// The values of a template's parameters: what was given, else the default, checked by type and
// constraints, with CloudFormation's messages.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/result.h"
#include "template/template.h"

namespace kiln::cfn {

using ParameterValues = std::map<std::string, nlohmann::json>;  // a text, or a list of texts

// A parameter of Systems Manager.
struct SsmParameter {
  std::string type;  // "String", "StringList", "SecureString"; "": it does for any
  std::string value;
};
// By "NAME" or "NAME:VERSION", for AWS::SSM::Parameter::Value<…>; nullopt: there is none.
using SsmLookup = std::function<std::optional<SsmParameter>(const std::string& name)>;

inline constexpr size_t kMaxParameterBytes = 4096;  // of one value

// Errors: ValidationError, "Parameters: [A, B] must have values", "Parameters: [X] do not exist in
// the template", "Parameter 'A' must be one of AllowedValues", "Parameter validation failed: …".
Result<ParameterValues> resolve_parameters(const Template& parsed,
                                           const std::map<std::string, std::string>& given,
                                           const SsmLookup& ssm);

}  // namespace kiln::cfn
