// What a request may say. A member that Kiln neither acts upon nor may pass over is refused by its
// name: an SDK newer than Kiln must not get a success for what was dropped.
//
//   constexpr OperationMembers kMembers[] = {
//       {"CreateTopic", "Name Attributes Tags{Key Value} DataProtectionPolicy~"}};
//   if (auto unknown = unknown_member(kMembers, "CreateTopic", input)) …  // "Tags[0].Colour"
//
// In a text of members, {…} are those of a structure or of each structure of a list; without it
// anything may be inside. ~ marks what is taken and has no effect, and needs none. Pure;
// thread-safe. Cost: a pass over the text for each structure of the request.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::wire {
class QueryRequest;
}

namespace kiln::services {

struct OperationMembers {
  std::string_view operation;
  std::string_view members;
};

// The path of a member that isn't among those of the operation. Operations that aren't in the table
// have no rule.
std::optional<std::string> unknown_member(std::span<const OperationMembers> table,
                                          std::string_view operation, const nlohmann::json& input);

// The same as the error that a service answers.
Result<void> check_members(std::span<const OperationMembers> table, std::string_view operation,
                           const nlohmann::json& input, const char* error_type);

// The parameters of a form as a document, without those that sign it.
nlohmann::json query_input(const wire::QueryRequest& query);

// What clients of the query protocol add to sign a request: "X-Amz-…", "AWSAccessKeyId", ….
bool is_of_signature(std::string_view parameter);

}  // namespace kiln::services
