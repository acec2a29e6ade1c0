// The policies of functions and of layers' versions: kept as the text of their list of statements,
// and answered as a document around it. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/json_access.h"

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

}  // namespace kiln::services
