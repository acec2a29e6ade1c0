// Nodes that a transform makes: each has the place of what it is made from.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "template/node.h"

namespace kiln::cfn {

class NodeMaker {
 public:
  explicit NodeMaker(Place place) : place_(place) {}

  Place place() const { return place_; }
  Node text(std::string text) const {
    Node node = of(Node::Kind::kText);
    node.text = std::move(text);
    return node;
  }
  Node list(std::vector<Node> items = {}) const {
    Node node = of(Node::Kind::kList);
    node.list = std::move(items);
    return node;
  }
  Node map(std::initializer_list<std::pair<const char*, Node>> members = {}) const {
    Node node = of(Node::Kind::kMap);
    for (const auto& [name, value] : members) node.map.push_back({name, place_, value});
    return node;
  }
  Node ref(const std::string& logical_id) const { return map({{"Ref", text(logical_id)}}); }
  Node get_att(const std::string& logical_id, const std::string& attribute) const {
    return map({{"Fn::GetAtt", list({text(logical_id), text(attribute)})}});
  }
  void add(Node& map, std::string name, Node value) const {
    map.map.push_back({std::move(name), place_, std::move(value)});
  }

 private:
  Node of(Node::Kind kind) const {
    Node node;
    node.kind = kind;
    node.place = place_;
    return node;
  }

  Place place_;
};

}  // namespace kiln::cfn
