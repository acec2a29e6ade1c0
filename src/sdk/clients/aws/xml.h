// The XML of AWS's answers: elements with text in them. A tree of them, read from text that may be
// anything.
//
//   const auto root = xml::parse(body);
//   if (root) for (const auto& entry : root->children("Contents")) use(entry.text_of("Key"));
//
// Attributes and namespaces are passed over, comments and CDATA understood; the five entities and
// character references are resolved. A document with a DTD is refused, so nothing in it can grow or
// name a file. Nesting ends at 64.
//
// Pure functions; any thread. Ownership: a tree owns its texts. Cost: one pass, about three times
// the text's size.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::aws::xml {

struct Element {
  std::string name;  // without the prefix
  std::string text;  // of this element, not of those within
  std::vector<Element> elements;

  // The first one of that name; null when there is none.
  const Element* child(std::string_view child_name) const;
  std::vector<const Element*> children(std::string_view child_name) const;
  // The text of the first one of that name; empty when there is none.
  std::string text_of(std::string_view child_name) const;
};

// nullopt: not well-formed.
std::optional<Element> parse(std::string_view text);
std::string escaped(std::string_view text);

}  // namespace kiln::aws::xml
