// What of a template is known before it is evaluated: parameters' values, entries of mappings, and
// what conditions choose. Pure; keeps references to what it is made from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "template/node.h"

namespace kiln::cfn {

class KnownTexts {
 public:
  // `given`: values of parameters; else a parameter has its default.
  KnownTexts(const Node& root, const std::map<std::string, std::string>& given)
      : root_(root), given_(given) {}

  // A text as it stands, or what Ref, Fn::FindInMap and Fn::If come to; nullopt: not known.
  std::optional<std::string> text_of(const Node& node) const { return text_of(node, 0); }
  // A list of such texts; a parameter of the type CommaDelimitedList stands for its items.
  std::optional<std::vector<std::string>> list_of(const Node& node) const;

 private:
  std::optional<std::string> text_of(const Node& node, size_t depth) const;
  const Node* entry_of(const Node& node) const;
  // What a condition comes to: its name, or a function that compares and joins.
  std::optional<bool> truth_of(const Node& node, size_t depth) const;

  const Node& root_;
  const std::map<std::string, std::string>& given_;
};

}  // namespace kiln::cfn
