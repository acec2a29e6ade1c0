// What CloudFormation's requests say of the stack that is wanted.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "stack/stack.h"

namespace kiln::services {

// A template in a request; a larger one comes by TemplateURL.
inline constexpr size_t kMaxTemplateBodyBytes = 51'200;

// The bytes of an object, for TemplateURL.
using FetchTemplate =
    std::function<Result<std::string>(const std::string& bucket, const std::string& key)>;

struct ObjectAddress {
  std::string bucket, key;
};
// Of s3://BUCKET/KEY, https://s3.REGION.amazonaws.com/BUCKET/KEY,
// https://BUCKET.s3.REGION.amazonaws.com/KEY and http://HOST:PORT/BUCKET/KEY; nullopt: none of
// these.
std::optional<ObjectAddress> object_address(const std::string& url);

// Whether an operation may have to fetch something, or waits for one that does.
bool reads_template(const std::string& operation);

// TemplateBody or TemplateURL. nullopt: neither is given.
Result<std::optional<std::string>> read_template_text(const nlohmann::json& input,
                                                      const FetchTemplate& fetch);

// The whole of CreateStack, UpdateStack and CreateChangeSet. `before`: what UsePreviousTemplate,
// UsePreviousValue and absent tags refer to; nullptr for a new stack. Errors: ValidationError.
Result<stack::Wish> read_wish(const nlohmann::json& input, const stack::Wish* before,
                              const FetchTemplate& fetch);

// The elements of a list of structures or texts; empty for an absent or empty one.
const nlohmann::json& items_of(const nlohmann::json& input, const char* name);

}  // namespace kiln::services
