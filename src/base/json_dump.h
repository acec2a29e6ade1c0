// The text of a document of the JSON library, which throws at bytes that are no UTF-8: here they
// become U+FFFD. Written without its header, so that this one costs nothing.
#pragma once

#include <string>

namespace kiln {

template <class Document>
std::string json_dump(const Document& document) {
  return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

// The member of that name; null where it is absent, or `document` is no object, for which the
// library's own ways throw.
template <class Document>
const Document& json_member(const Document& document, const char* name) {
  static const Document kNone;
  if (!document.is_object()) return kNone;
  const auto found = document.find(name);
  return found == document.end() ? kNone : *found;
}

// The same of a list: an empty one where the member isn't a list.
template <class Document>
const Document& json_list(const Document& document, const char* name) {
  static const Document kEmpty = Document::array();
  const Document& member = json_member(document, name);
  return member.is_array() ? member : kEmpty;
}

// "" where the member is no text.
template <class Document>
std::string json_text(const Document& document, const char* name) {
  const Document& member = json_member(document, name);
  return member.is_string() ? member.template get<std::string>() : std::string();
}

}  // namespace kiln
