#include "notify/message_checks.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/characters.h"
#include "base/json_access.h"
#include "notify/sns_error.h"

namespace kiln::notify {
namespace {

using nlohmann::json;

constexpr size_t kMaxAttributeName = 255;

Error bad_attribute(const std::string& text) {
  return {ErrorKind::kInvalid, "ParameterValueInvalid", text};
}

bool is_name_character(char c) { return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.'; }

Result<void> check_name(const std::string& name) {
  if (name.empty() || name.size() > kMaxAttributeName)
    return bad_attribute("Length of message attribute name must be less than 256 bytes.");
  for (const char c : name) {
    if (is_name_character(c)) continue;
    constexpr const char* kHex = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    return bad_attribute(std::string("Invalid non-alphanumeric character '#x") + kHex[byte >> 4] +
                         kHex[byte & 15] +
                         "' was found in the message attribute name. Can only include alphanumeric "
                         "characters, hyphens, underscores, or dots.");
  }
  if (name.front() == '.')
    return bad_attribute("Invalid message attribute name starting with character '.' was found.");
  if (name.back() == '.')
    return bad_attribute("Invalid message attribute name ending with character '.' was found.");
  if (name.find("..") != std::string::npos)
    return bad_attribute("Message attribute name can not have successive '.' character.");
  return {};
}

bool is_type(const std::string& type) {
  if (type == "String.Array") return true;
  for (const char* base : {"String", "Number", "Binary"})
    if (type == base || (type.starts_with(std::string(base) + ".") && type.size() > 7)) return true;
  return false;
}

// What Java's BigDecimal reads: 1, -1.5, .5, 5., 1e3.
bool is_number(std::string_view text) {
  size_t at = 0;
  const auto sign = [&] { at += at < text.size() && (text[at] == '-' || text[at] == '+') ? 1 : 0; };
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && ascii::is_digit(text[at])) ++at;
    return at - begin;
  };
  sign();
  size_t count = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    count += digits();
  }
  if (count == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    sign();
    if (digits() == 0) return false;
  }
  return at == text.size();
}

Result<void> check_structure(const std::string& text) {
  const json document = json_parse(text);
  if (document.is_discarded() || !document.is_object())
    return invalid_parameter("Message Structure - JSON message body failed to parse");
  const auto found = document.find("default");
  if (found == document.end() || !found->is_string())
    return invalid_parameter("Message Structure - No default entry in JSON message body");
  return {};
}

// Line ends and other control characters have no place in a subject.
bool is_subject(const std::string& subject) {
  return !subject.empty() && characters(subject) <= kMaxSubject &&
         std::none_of(subject.begin(), subject.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

size_t message_bytes(const Message& message) {
  size_t bytes = message.text.size();
  for (const auto& a : message.attributes) bytes += a.name.size() + a.type.size() + a.value.size();
  return bytes;
}

Result<void> check_size(const Message& message) {
  if (message_bytes(message) > kMaxMessageBytes) return invalid_parameter("Message too long");
  return {};
}

Result<void> check_message(const Message& message) {
  if (message.text.empty()) return invalid_parameter("Empty message");
  if (message.subject && !is_subject(*message.subject)) return invalid_parameter("Subject");
  for (const auto& a : message.attributes) {
    if (auto named = check_name(a.name); !named) return named;
    if (!is_type(a.type))
      return bad_attribute("The message attribute '" + a.name +
                           "' has an invalid message attribute type, the set of supported type "
                           "prefixes is Binary, Number, and String.");
    if (a.value.empty())
      return bad_attribute("The message attribute '" + a.name +
                           "' must contain non-empty message attribute value for message attribute "
                           "type '" +
                           a.type + "'.");
    if (a.type.starts_with("Number") && !is_number(a.value))
      return bad_attribute("Could not cast message attribute '" + a.name + "' value to number.");
  }
  if (message.structure == Message::Structure::kJson) return check_structure(message.text);
  return {};
}

}  // namespace kiln::notify
