#include "notify/json_text.h"

#include <algorithm>

#include "base/ascii.h"
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

namespace {

bool is_word(char c) { return ascii::is_alnum(c) || c == '_' || c == '$'; }

std::string place(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return "line: " + std::to_string(line) + ", column: " + std::to_string(at - start + 1);
}

// As Jackson words it, which SNS gives on, where that is known.
std::string fault(std::string_view text, const json::parse_error& error) {
  constexpr const char* kValue =
      "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
  size_t at = error.byte > 0 ? error.byte - 1 : 0;
  const std::string_view said = error.what();
  const auto source = [&](size_t where) {
    return "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); " +
           place(text, where) + "]";
  };
  if (at < text.size() && said.find("invalid literal") != said.npos) {
    if (said.find("while parsing object key") != said.npos) {
      const auto code = static_cast<unsigned char>(text[at]);
      if (code < 0x80)
        return "Unexpected character ('" + std::string(1, text[at]) + "' (code " +
               std::to_string(code) + ")): was expecting double-quote to start field name" +
               source(at);
    } else if (said.find("while parsing value") != said.npos && is_word(text[at])) {
      size_t end = at;
      while (at > 0 && is_word(text[at - 1])) --at;
      while (end < text.size() && is_word(text[end])) ++end;
      return "Unrecognized token '" + std::string(text.substr(at, end - at)) + "': was expecting " +
             kValue + source(end);
    }
  }
  return "Unexpected text at " + place(text, at);
}

template <class Json>
Result<Json> parse(const std::string& name, std::string_view text) {
  const auto fail = [&](const std::string& why) {
    return invalid_parameter(name + ": failed to parse JSON. " + why);
  };
  if (nests_too_deeply(text)) return fail("It is nested too deeply");
  try {
    return Json::parse(text);
  } catch (const json::parse_error& error) {
    return fail(fault(text, error));
  } catch (const json::exception&) {
    return fail("A number is out of range");
  }
}

}  // namespace

Result<json> parse_json(const std::string& name, std::string_view text) {
  return parse<json>(name, text);
}

Result<nlohmann::ordered_json> parse_ordered_json(const std::string& name, std::string_view text) {
  return parse<nlohmann::ordered_json>(name, text);
}

}  // namespace kiln::notify
