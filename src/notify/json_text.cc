#include "notify/json_text.h"

#include <algorithm>

#include "notify/sns_error.h"

namespace kiln::notify {

using nlohmann::json;

bool nests_too_deeply(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

Result<json> parse_json(const std::string& name, std::string_view text) {
  const auto fail = [&](const std::string& why) {
    return invalid_parameter(name + ": failed to parse JSON. " + why);
  };
  if (nests_too_deeply(text)) return fail("It is nested too deeply");
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    const std::string_view before = text.substr(0, error.byte > 0 ? error.byte - 1 : 0);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t line_start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
    return fail("Unexpected text at line: " + std::to_string(line) +
                ", column: " + std::to_string(before.size() - line_start + 1));
  } catch (const json::exception&) {
    return fail("A number is out of range");
  }
}

}  // namespace kiln::notify
