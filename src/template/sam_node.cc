#include "template/sam_node.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/json_access.h"
#include "base/libcrypto.h"
#include "template/functions.h"

namespace kiln::cfn::sam {
namespace {

Node of(Node::Kind kind, std::string text = {}) {
  Node node;
  node.kind = kind;
  node.text = std::move(text);
  return node;
}

}  // namespace

Node text(std::string value) { return of(Node::Kind::kText, std::move(value)); }
Node boolean(bool value) { return of(Node::Kind::kBool, value ? "true" : "false"); }
Node number(int64_t value) { return of(Node::Kind::kNumber, std::to_string(value)); }

Node list(std::vector<Node> items) {
  Node node = of(Node::Kind::kList);
  node.list = std::move(items);
  return node;
}

Node map(std::initializer_list<std::pair<std::string_view, Value>> members) {
  Node node = of(Node::Kind::kMap);
  for (const auto& [name, value] : members)
    if (value.node) node.map.push_back({std::string(name), {}, *value.node});
  return node;
}

bool asks_for_transform(const Node& root, std::string_view name) {
  const auto names_it = [&](const Node& node) {
    const Node* own = node.is_map() ? node.find("Name") : &node;
    return own && own->is_text() && own->text == name;
  };
  const Node* transform = root.find("Transform");
  return transform && (names_it(*transform) ||
                       std::any_of(transform->list.begin(), transform->list.end(), names_it));
}

Node ref(std::string logical_id) { return map({{"Ref", std::move(logical_id)}}); }
Node get_att(std::string logical_id, std::string attribute) {
  return map({{"Fn::GetAtt", list({text(std::move(logical_id)), text(std::move(attribute))})}});
}
Node sub(std::string pattern) { return map({{"Fn::Sub", std::move(pattern)}}); }
Node sub(std::string pattern, Node variables) {
  return map({{"Fn::Sub", list({text(std::move(pattern)), std::move(variables)})}});
}
Node no_value() { return ref("AWS::NoValue"); }
Node choose(std::string condition, Node yes, std::optional<Node> no) {
  return map({{"Fn::If", list({text(std::move(condition)), std::move(yes),
                               no ? std::move(*no) : no_value()})}});
}

bool is_no_value(const Node& node) {
  const Node* name = node.find("Ref");
  return name && node.map.size() == 1 && name->text == "AWS::NoValue";
}

const Node* if_arguments(const Node& node) {
  const Node* arguments = node.find("Fn::If");
  return arguments && node.map.size() == 1 && arguments->list.size() == 3 &&
                 arguments->list[0].is_text()
             ? arguments
             : nullptr;
}

bool is_function(const Node& node) {
  const Found found = find_function(node, Within::kValues);
  return (found.member && found.alone) ||
         (node.map.size() == 1 && node.map[0].name == "Condition" && node.map[0].value.is_text());
}

std::string referred_id(const Node& node) {
  if (node.map.size() != 1) return {};
  const Node& argument = node.map[0].value;
  if (node.map[0].name == "Ref") return argument.is_text() ? argument.text : "";
  return node.map[0].name == "Fn::GetAtt" ? attribute_of(argument).resource : "";
}

bool truthy(const Node* node) {
  if (!node) return false;
  switch (node->kind) {
    case Node::Kind::kNull:
      return false;
    case Node::Kind::kBool:
      return node->text == "true";
    case Node::Kind::kNumber:
      return node->text.find_first_of("123456789") != std::string::npos;
    case Node::Kind::kText:
      return !node->text.empty();
    case Node::Kind::kList:
      return !node->list.empty();
    case Node::Kind::kMap:
      break;
  }
  return !node->map.empty();
}

bool is_true(const Node* node) {
  return node && (node->kind == Node::Kind::kBool || node->is_text()) &&
         (node->text == "true" || node->text == "True");
}
bool is_false(const Node* node) {
  return node && (node->kind == Node::Kind::kBool || node->is_text()) &&
         (node->text == "false" || node->text == "False");
}

bool same(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.list.size() != b.list.size() ||
      a.map.size() != b.map.size())
    return false;
  for (size_t i = 0; i < a.list.size(); ++i)
    if (!same(a.list[i], b.list[i])) return false;
  return std::all_of(a.map.begin(), a.map.end(), [&](const Member& member) {
    const Node* other = b.find(member.name);
    return other && same(member.value, *other);
  });
}

Node* find(Node& map, std::string_view name) { return const_cast<Node*>(map.find(name)); }

Node& at(Node& map, std::string_view name) {
  if (Node* found = find(map, name)) {
    if (found->kind == Node::Kind::kNull) found->kind = Node::Kind::kMap;
    return *found;
  }
  map.kind = Node::Kind::kMap;
  map.map.push_back({std::string(name), {}, of(Node::Kind::kMap)});
  return map.map.back().value;
}

void put(Node& map, std::string_view name, Node value) { at(map, name) = std::move(value); }

void erase(Node& map, std::string_view name) {
  std::erase_if(map.map, [&](const Member& member) { return member.name == name; });
}

void copy(const Node& from, std::initializer_list<std::string_view> names, Node& to) {
  for (const std::string_view name : names)
    for (const Member& member : from.map)
      if (member.name == name) to.map.push_back(member);
}

Node tag_list(const Node* tags) {
  Node out = list();
  if (!tags) return out;
  for (const Member& tag : tags->map)
    out.list.push_back(
        sam::map({{"Key", tag.name},
                  {"Value", tag.value.kind == Node::Kind::kNull ? text("") : tag.value}}));
  return out;
}

std::string compact_text(const Node& node) { return json_ascii(to_json(node)); }

std::string id_hash(std::string_view text, size_t digits) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<unsigned char, 20> hash;
  unsigned size = 0;
  digest_done(EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha1(), nullptr));
  std::string out;
  for (const unsigned char byte : hash) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out.substr(0, digits);
}

void place_within(Node& node, Place place) {
  if (node.place.line == 0) node.place = place;
  for (Node& item : node.list) place_within(item, place);
  for (Member& member : node.map) {
    if (member.place.line == 0) member.place = place;
    place_within(member.value, place);
  }
}

}  // namespace kiln::cfn::sam
