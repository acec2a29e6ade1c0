#include "template/parameter_type.h"

#include <algorithm>
#include <array>

namespace kiln::cfn {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kAwsTypes = {
    "AWS::EC2::AvailabilityZone::Name"sv,
    "AWS::EC2::Image::Id"sv,
    "AWS::EC2::Instance::Id"sv,
    "AWS::EC2::KeyPair::KeyName"sv,
    "AWS::EC2::SecurityGroup::GroupName"sv,
    "AWS::EC2::SecurityGroup::Id"sv,
    "AWS::EC2::Subnet::Id"sv,
    "AWS::EC2::VPC::Id"sv,
    "AWS::EC2::Volume::Id"sv,
    "AWS::Route53::HostedZone::Id"sv,
    "AWS::SSM::Parameter::Name"sv,
};

constexpr std::string_view kFromSsm = "AWS::SSM::Parameter::Value<";

// What is between `prefix` and ">".
std::optional<std::string_view> inside(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with('>')) return std::nullopt;
  return name.substr(prefix.size(), name.size() - prefix.size() - 1);
}

bool is_aws_type(std::string_view name) {
  return std::find(kAwsTypes.begin(), kAwsTypes.end(), name) != kAwsTypes.end();
}

}  // namespace

bool names_ssm_parameter(std::string_view type) { return type.starts_with(kFromSsm); }

std::optional<ParameterType> parameter_type(std::string_view name) {
  if (const auto inner = inside(name, kFromSsm)) {
    if (inner->starts_with("AWS::SSM::")) return std::nullopt;
    auto type = parameter_type(*inner);
    if (!type || type->numeric) return std::nullopt;
    type->from_ssm = true;
    return type;
  }
  if (const auto inner = inside(name, "List<")) {
    if (*inner == "Number") return ParameterType{.list = true, .numeric = true};
    if (*inner == "String" || is_aws_type(*inner)) return ParameterType{.list = true};
    return std::nullopt;
  }
  if (name == "String" || is_aws_type(name)) return ParameterType{};
  if (name == "Number") return ParameterType{.numeric = true};
  if (name == "CommaDelimitedList") return ParameterType{.list = true};
  return std::nullopt;
}

}  // namespace kiln::cfn
