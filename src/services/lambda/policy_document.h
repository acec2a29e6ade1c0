// The policies of functions and of layers' versions: kept as the text of their list of statements,
// and answered as a document around it. And the constraints that both have. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/json_access.h"
#include "model/violations.h"

namespace kiln::services {

inline constexpr size_t kMaxPolicyBytes = 20'480;

// Members stand in the order in which AWS prints them. An empty list for what is no list.
inline nlohmann::ordered_json statements_in(const std::string& text) {
  auto statements = json_parse<nlohmann::ordered_json>(text);
  return statements.is_array() ? statements : nlohmann::ordered_json::array();
}

inline std::string policy_text(const nlohmann::ordered_json& statements) {
  return json_dump(nlohmann::ordered_json{
      {"Version", "2012-10-17"}, {"Id", "default"}, {"Statement", statements}});
}

inline constexpr std::string_view kOrganizationPattern = "o-[a-z0-9]{10,32}";

inline bool is_organization_id(std::string_view text) {
  constexpr std::string_view kPrefix = "o-";
  constexpr size_t kLeast = 10, kMost = 32;
  if (!text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  return text.size() >= kLeast && text.size() <= kMost &&
         ascii::all(text, [](char c) { return ascii::is_lower(c) || ascii::is_digit(c); });
}

// A function's statements may have dots in their ids.
enum class PolicyOf { kFunction, kLayerVersion };

// The id in the path of a request to remove a statement.
inline void check_statement_id(const std::string& id, PolicyOf what,
                               model::Violations& violations) {
  constexpr size_t kMost = 100;
  const bool dots = what == PolicyOf::kFunction;
  violations.check_length(id, "statementId", 1, kMost);
  if (!ascii::made_of(id, [dots](char c) { return ascii::is_word(c) || (dots && c == '.'); }))
    violations.add(id, "statementId",
                   std::string("Member must satisfy regular expression pattern: ") +
                       (dots ? "([a-zA-Z0-9-_.]+)" : "([a-zA-Z0-9-_]+)"));
}

}  // namespace kiln::services
