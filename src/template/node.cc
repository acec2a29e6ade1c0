#include "template/node.h"

#include <algorithm>
#include <charconv>

#include "base/json_access.h"

namespace kiln::cfn {

const Node* Node::find(std::string_view name) const {
  const auto found = std::find_if(map.begin(), map.end(),
                                  [&](const Member& member) { return member.name == name; });
  return found == map.end() ? nullptr : &found->value;
}

nlohmann::json to_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return nullptr;
    case Node::Kind::kBool:
      return node.text == "true";
    case Node::Kind::kNumber: {
      auto number = json_parse(node.text);
      return number.is_number() ? std::move(number) : nlohmann::json(node.text);
    }
    case Node::Kind::kText:
      return node.text;
    case Node::Kind::kList: {
      auto list = nlohmann::json::array();
      for (const Node& item : node.list) list.push_back(to_json(item));
      return list;
    }
    case Node::Kind::kMap: {
      auto map = nlohmann::json::object();
      for (const Member& member : node.map) map[member.name] = to_json(member.value);
      return map;
    }
  }
  return nullptr;
}

}  // namespace kiln::cfn
