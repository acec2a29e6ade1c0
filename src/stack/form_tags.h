// Tags in the forms of IAM and SNS. Pure.
#pragma once

#include <map>
#include <string>

#include "stack/aws_api.h"

namespace kiln::stack {

// Tags.member.1.Key=…&Tags.member.1.Value=…
inline void add_tags(AwsApi::Form& form, const std::map<std::string, std::string>& tags) {
  int number = 0;
  for (const auto& [key, value] : tags) {
    const std::string at = "Tags.member." + std::to_string(++number);
    form.emplace_back(at + ".Key", key);
    form.emplace_back(at + ".Value", value);
  }
}

}  // namespace kiln::stack
