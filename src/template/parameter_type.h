// The types of parameters: what their names stand for. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kiln::cfn {

struct ParameterType {
  bool list = false;
  bool numeric = false;
  bool from_ssm = false;  // the value is the name of an SSM parameter
};

// nullopt: CloudFormation has no such type.
std::optional<ParameterType> parameter_type(std::string_view name);

// Of the form AWS::SSM::Parameter::Value<…>, whether or not there is such a type: what is given for
// a parameter of it is a name, and no value.
bool names_ssm_parameter(std::string_view type);

inline bool is_parameter_type(std::string_view name) { return parameter_type(name).has_value(); }

}  // namespace kiln::cfn
