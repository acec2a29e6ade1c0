// JSON that came as the text of an attribute. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/json_access.h"
#include "base/result.h"

namespace kiln::notify {

// Documents are copied and written by recursion: what nests deeper than this is not taken.
inline constexpr int kMaxJsonDepth = 500;
bool nests_too_deeply(std::string_view text);
// Error: "Invalid parameter: NAME: failed to parse JSON. …" with the place.
Result<nlohmann::json> parse_json(const std::string& name, std::string_view text);
// The same, with members in the order of the text.
Result<nlohmann::ordered_json> parse_ordered_json(const std::string& name, std::string_view text);
// Compact; bytes that are no UTF-8 become U+FFFD.
template <class Json>
std::string to_text(const Json& value) {
  return json_dump(value);
}

}  // namespace kiln::notify
