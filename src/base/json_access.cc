#include "base/json_access.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace kiln {
namespace {

template <class Document>
std::string written(const Document& document, int indent, bool ascii) {
  return document.dump(indent, ' ', ascii, Document::error_handler_t::replace);
}

}  // namespace

template <class Document>
std::string json_dump(const Document& document) {
  return written(document, -1, false);
}

template <class Document>
std::string json_pretty(const Document& document, int indent) {
  return written(document, indent, false);
}

template <class Document>
std::string json_ascii(const Document& document, int indent) {
  return written(document, indent, true);
}

template <class Document>
Document json_parse(std::string_view text) {
  return Document::parse(text, nullptr, false);
}

std::string json_parse_fault(std::string_view text) {
  try {
    [[maybe_unused]] const auto document = nlohmann::json::parse(text);
    return "";
  } catch (const nlohmann::json::exception& e) {
    // "[json.exception.parse_error.101] parse error at …"
    const std::string_view what = e.what();
    const size_t start = what.find("] ");
    return std::string(what.substr(start == what.npos ? 0 : start + 2));
  }
}

template <class Document>
const Document& json_member(const Document& document, std::string_view name) {
  static const Document kNone;
  if (!document.is_object()) return kNone;
  const auto found = document.find(name);
  return found == document.end() ? kNone : *found;
}

template <class Document>
const Document& json_list(const Document& document, std::string_view name) {
  static const Document kEmpty = Document::array();
  const Document& member = json_member(document, name);
  return member.is_array() ? member : kEmpty;
}

template <class Document>
const std::string& json_text(const Document& value) {
  static const std::string kNone;
  const auto* text = value.template get_ptr<const std::string*>();
  return text ? *text : kNone;
}

template <class Document>
bool json_flag(const Document& value) {
  return value.is_boolean() && value.template get<bool>();
}

template <class Document>
double json_number(const Document& value) {
  return value.is_number() ? value.template get<double>() : 0;
}

template <class Document>
std::vector<std::string> json_text_list(const Document& value) {
  std::vector<std::string> out;
  if (!value.is_array()) return out;
  for (const Document& item : value)
    if (item.is_string()) out.push_back(json_text(item));
  return out;
}

template <class Document>
std::map<std::string, std::string> json_texts(const Document& value) {
  std::map<std::string, std::string> out;
  if (!value.is_object()) return out;
  for (const auto& [name, member] : value.items())
    if (member.is_string()) out[name] = json_text(member);
  return out;
}

template <class Document>
int64_t json_whole(const Document& value) {
  // 2^63, the first double that int64_t doesn't have.
  constexpr double kPast = 9223372036854775808.0;
  if (value.is_number_unsigned())
    return static_cast<int64_t>(std::min<uint64_t>(value.template get<uint64_t>(), INT64_MAX));
  if (value.is_number_integer()) return value.template get<int64_t>();
  const double number = json_number(value);
  if (number >= kPast) return INT64_MAX;
  return number < -kPast ? INT64_MIN : static_cast<int64_t>(number);
}

template <class Document>
std::string json_text(const Document& document, std::string_view name, std::string_view otherwise) {
  const Document& value = json_member(document, name);
  return value.is_string() ? json_text(value) : std::string(otherwise);
}

template <class Document>
bool json_flag(const Document& document, std::string_view name, bool otherwise) {
  const Document& value = json_member(document, name);
  return value.is_boolean() ? json_flag(value) : otherwise;
}

template <class Document>
int64_t json_whole(const Document& document, std::string_view name, int64_t otherwise) {
  const Document& value = json_member(document, name);
  return value.is_number() ? json_whole(value) : otherwise;
}

#define KILN_JSON_ACCESS(Document)                                                     \
  template std::string json_dump(const Document&);                                     \
  template std::string json_pretty(const Document&, int);                              \
  template std::string json_ascii(const Document&, int);                               \
  template Document json_parse(std::string_view);                                      \
  template const Document& json_member(const Document&, std::string_view);             \
  template const Document& json_list(const Document&, std::string_view);               \
  template const std::string& json_text(const Document&);                              \
  template bool json_flag(const Document&);                                            \
  template double json_number(const Document&);                                        \
  template std::vector<std::string> json_text_list(const Document&);                   \
  template std::map<std::string, std::string> json_texts(const Document&);             \
  template int64_t json_whole(const Document&);                                        \
  template std::string json_text(const Document&, std::string_view, std::string_view); \
  template bool json_flag(const Document&, std::string_view, bool);                    \
  template int64_t json_whole(const Document&, std::string_view, int64_t)

KILN_JSON_ACCESS(nlohmann::json);
KILN_JSON_ACCESS(nlohmann::ordered_json);

}  // namespace kiln
