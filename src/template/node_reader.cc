#include "template/node_reader.h"

#include <algorithm>

#include "template/template.h"

namespace kiln::cfn {

void TreeBuilder::count(const Node& node) {
  if (++nodes_ > kMaxNodes)
    throw Stop{{"Template format error: the template has more than " + std::to_string(kMaxNodes) +
                    " values, each use of a YAML anchor counted in full",
                node.place}};
  for (const Node& item : node.list) count(item);
  for (const Member& member : node.map) count(member.value);
}

void TreeBuilder::scalar(Node::Kind kind, std::string text, Place place) {
  if (wants_name()) {
    Open& map = open_.back();
    const bool twice = std::any_of(map.node.map.begin(), map.node.map.end(),
                                   [&](const Member& member) { return member.name == text; });
    if (twice) throw Stop{{"Template format error: duplicate key '" + text + "'", place}};
    if (map.node.map.size() >= kMaxMembers)
      throw Stop{{"Template format error: more than " + std::to_string(kMaxMembers) +
                      " keys in one map",
                  place}};
    map.named = true;
    map.name = std::move(text);
    map.name_place = place;
    last_ = nullptr;
    return;
  }
  Node node;
  node.kind = kind;
  node.text = std::move(text);
  node.place = place;
  add(std::move(node));
}

void TreeBuilder::begin(Node::Kind kind, Place place) {
  if (wants_name())
    throw Stop{{"Template format error: a key must be a text, not a list or a map", place}};
  if (open_.size() >= static_cast<size_t>(kMaxDepth))
    throw Stop{{"Template format error: nested deeper than " + std::to_string(kMaxDepth) +
                    " levels",
                place}};
  Node node;
  node.kind = kind;
  node.place = place;
  count(node);
  open_.push_back({std::move(node), false, {}, {}});
}

void TreeBuilder::end() {
  Node node = std::move(open_.back().node);
  open_.pop_back();
  put(std::move(node));
}

void TreeBuilder::add(Node node) {
  count(node);
  put(std::move(node));
}

void TreeBuilder::put(Node node) {
  if (open_.empty()) {
    root_ = std::move(node);
    complete_ = true;
    last_ = &root_;
    return;
  }
  Open& parent = open_.back();
  if (parent.node.is_list()) {
    parent.node.list.push_back(std::move(node));
    last_ = &parent.node.list.back();
    return;
  }
  parent.node.map.push_back({std::move(parent.name), parent.name_place, std::move(node)});
  parent.named = false;
  last_ = &parent.node.map.back().value;
}

NodeOrProblem read_node(std::string_view text) {
  if (text.size() > kMaxTemplateBytes)
    return Problem{"Template may not exceed " + std::to_string(kMaxTemplateBytes) +
                       " bytes in size; it has " + std::to_string(text.size()),
                   {}};
  const size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos)
    return Problem{"Template format error: the template is empty", {}};
  return text[first] == '{' ? read_json(text) : read_yaml(text);
}

}  // namespace kiln::cfn
