// The way into and out of documents of the JSON library. Its own dump(), get<>(), value(), at() and
// parse(text) throw at content; nothing here does: what is absent, or of another kind, reads as
// empty. tools/check_json.py refuses the library's ways elsewhere.
//
//   const nlohmann::json document = json_parse(text);
//   const std::string name = json_text(document, "Name", "unnamed");
//   for (const nlohmann::json& item : json_list(document, "Items")) use(json_integer<int>(item));
//   send(json_dump(document));
//
// Document is nlohmann::json or nlohmann::ordered_json; for these two all is compiled once, in
// json_access.cc. document_reader.h reads stored records, of which nothing may be missing.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln {

// Compact. Bytes that are no UTF-8 become U+FFFD, in all three.
template <class Document>
std::string json_dump(const Document& document);
// On several lines.
template <class Document>
std::string json_pretty(const Document& document, int indent = 2);
// Characters beyond ASCII are escaped; a negative indent: compact.
template <class Document>
std::string json_ascii(const Document& document, int indent = -1);

// is_discarded() when the text is no JSON; such a document is of no kind.
template <class Document = nlohmann::json>
Document json_parse(std::string_view text);
// What the library says about a text that is no JSON: "parse error at line 1, …"; "" of JSON.
std::string json_parse_fault(std::string_view text);

// The member; null where it is absent, or the document is no object.
template <class Document>
const Document& json_member(const Document& document, std::string_view name);
// An empty list where the member isn't a list.
template <class Document>
const Document& json_list(const Document& document, std::string_view name);

// A value's content: "" unless it is a text, and false or 0 accordingly. Keeps to the value.
template <class Document>
const std::string& json_text(const Document& value);
template <class Document>
bool json_flag(const Document& value);
template <class Document>
double json_number(const Document& value);
template <class Integer>
Integer json_nearest(int64_t whole) {
  if (std::in_range<Integer>(whole)) return static_cast<Integer>(whole);
  return whole < 0 ? std::numeric_limits<Integer>::min() : std::numeric_limits<Integer>::max();
}
// The elements that are texts.
template <class Document>
std::vector<std::string> json_text_list(const Document& value);
// The members that are texts.
template <class Document>
std::map<std::string, std::string> json_texts(const Document& value);
// Without its fraction, or the nearest that int64_t has; 0 unless it is a number.
template <class Document>
int64_t json_whole(const Document& value);
// The same for other integers.
template <class Integer = int64_t, class Document>
Integer json_integer(const Document& value) {
  return json_nearest<Integer>(json_whole(value));
}

// A member's content, and `otherwise` where it is absent or of another kind.
template <class Document>
std::string json_text(const Document& document, std::string_view name,
                      std::string_view otherwise = {});
template <class Document>
bool json_flag(const Document& document, std::string_view name, bool otherwise = false);
template <class Document>
int64_t json_whole(const Document& document, std::string_view name, int64_t otherwise);
template <class Integer = int64_t, class Document>
Integer json_integer(const Document& document, std::string_view name, Integer otherwise = {}) {
  return json_nearest<Integer>(json_whole(document, name, static_cast<int64_t>(otherwise)));
}

}  // namespace kiln
