// What IAM's operations read alike.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "services/iam/book.h"

namespace kiln::services::iam {

Error no_such_entity(std::string message);
Error validation(std::string message);
inline Error delete_conflict(std::string message) {
  return {ErrorKind::kConflict, "DeleteConflict", std::move(message)};
}

inline constexpr size_t kMaxPolicyName = 128;
// As IAM writes times into answers.
inline int64_t seconds(WallTime time) { return epoch_ms(time) / 1000; }

// A text that must be there. Error: ValidationError, "Value null at 'roleName' …".
Result<std::string> required(const nlohmann::json& input, const char* name);
// A name of letters, digits and +=,.@_-, at most `most` characters long.
Result<std::string> name(const nlohmann::json& input, const char* member, size_t most);
// "/" or "/a/b/", "/" when absent.
Result<std::string> path(const nlohmann::json& input);
// A policy: JSON with statements, at most `most` characters without blanks.
Result<std::string> policy_text(const nlohmann::json& input, const char* member, size_t most);
// Adds Tags to `tags`. Error: more than 50, or a key twice.
Result<void> add_tags(const nlohmann::json& input, IamTags& tags);
void remove_tags(const nlohmann::json& input, IamTags& tags);
nlohmann::json tag_list(const IamTags& tags);
// As IAM writes policies into answers: percent-encoded.
std::string encoded(const std::string& text);
// The elements behind Marker, at most MaxItems, as `name`, with IsTruncated and Marker. `keys`: one
// of each, in ascending order.
Result<nlohmann::json> page(const nlohmann::json& input, const nlohmann::json& all,
                            const char* name, const std::vector<std::string>& keys);
// `key`: the member in whose ascending order they are; "" where they are texts.
Result<nlohmann::json> page(const nlohmann::json& input, const nlohmann::json& all,
                            const char* name, const char* key);

}  // namespace kiln::services::iam
