// Everything of some types that this Kiln has in a Region, with its tags: what Cloud Control and
// the tagging API list. Asked from the other APIs, as any client would.
//
// Calls block until the APIs have answered. Thread-safe, as AwsApi is.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stack/aws_api.h"

namespace kiln::services {

struct Thing {
  std::string identifier;  // Cloud Control's, which is what Ref of it gives in a template
  std::string arn;
  nlohmann::json properties;  // as its type in templates has them
  std::map<std::string, std::string> tags;
};

struct ThingType {
  std::string_view name;  // "AWS::Lambda::Function"
  std::string_view kind;  // "lambda:function", as filters of the tagging API have it
  Result<std::vector<Thing>> (*list)(const stack::AwsApi& api);
};

// All types, each once.
std::span<const ThingType> thing_types();
// nullptr: no such type.
const ThingType* find_thing_type(std::string_view name);

}  // namespace kiln::services
