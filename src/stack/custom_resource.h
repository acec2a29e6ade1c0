// Custom resources: AWS::CloudFormation::CustomResource and Custom::NAME. What they are is known to
// the function that their ServiceToken names: it is asked to create, update and delete them.
#pragma once

#include <string_view>

namespace kiln::stack {

inline constexpr std::string_view kCustomResource = "AWS::CloudFormation::CustomResource";

// Custom::NAME, with letters, digits and _@- in it, 60 characters in all.
bool is_custom_name(std::string_view type);
// A Lambda function's ARN, or a topic's.
bool is_service_token(std::string_view token);

}  // namespace kiln::stack
