// Parts that SNS's requests and answers have in common. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "notify/message.h"
#include "notify/topic.h"
#include "wire/key_page.h"

namespace kiln::services {

// A list of entries with `key_name` and `value_name`. Error: a key twice.
Result<notify::Attributes> read_entries(const nlohmann::json& input, const char* member,
                                        const char* key_name, const char* value_name);
nlohmann::json to_entries(const notify::Attributes& attributes);

// The part that a page shows of things with these keys; answers have NextToken when more follow.
Result<wire::KeyPage> read_page(const nlohmann::json& input, const std::vector<std::string>& keys);

// A message of Publish, or of an entry of PublishBatch. `path` is where its attributes are, for
// errors. The size is not checked.
Result<notify::Message> read_message(const nlohmann::json& input, const std::string& path);

}  // namespace kiln::services
