// Nodes as the SAM transform writes them: maps with members that may be absent, Python's notion of
// what is true, CloudFormation's functions. What is made here has no place; place_within gives it
// that of the resource it is made for.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "template/node.h"

namespace kiln::cfn::sam {

Node text(std::string value);
Node boolean(bool value);
Node number(int64_t value);
Node list(std::vector<Node> items = {});

// A member's value; none where a pointer is null.
struct Value {
  std::optional<Node> node;

  Value(const char* value) : node(text(value)) {}
  Value(std::string value) : node(text(std::move(value))) {}
  Value(std::same_as<bool> auto value) : node(boolean(value)) {}
  Value(int value) : node(number(value)) {}
  Value(Node value) : node(std::move(value)) {}
  Value(const Node* value) : node(value ? std::optional(*value) : std::nullopt) {}
  Value(std::optional<Node> value) : node(std::move(value)) {}
  Value(std::nullptr_t) {}
};
Node map(std::initializer_list<std::pair<std::string_view, Value>> members = {});

// Whether a template's Transform section asks for this one: by its name, in a list, or by Name.
bool asks_for_transform(const Node& root, std::string_view name);

Node ref(std::string logical_id);
Node get_att(std::string logical_id, std::string attribute);
Node sub(std::string text);
Node sub(std::string text, Node variables);
// {"Fn::If": [condition, yes, no]}; without `no` AWS::NoValue.
Node choose(std::string condition, Node yes, std::optional<Node> no = std::nullopt);
Node no_value();
bool is_no_value(const Node& node);
// The three arguments of a well-formed Fn::If; nullptr for anything else.
const Node* if_arguments(const Node& node);
// Whether a node is a function of CloudFormation.
bool is_function(const Node& node);

// The resource that {"Ref": …} or {"Fn::GetAtt": …} names; "" for anything else.
std::string referred_id(const Node& node);

// The logical id of {"Ref": …} or a text.
inline std::string api_id_of(const Node& property) {
  const Node* ref = property.find("Ref");
  const Node& id = ref ? *ref : property;
  return id.is_text() ? id.text : std::string();
}

// What Python takes for true: not null, false, 0, "" or empty.
bool truthy(const Node* node);
bool is_true(const Node* node);  // true, also as the text "true"
bool is_false(const Node* node);
bool same(const Node& a, const Node& b);

Node* find(Node& map, std::string_view name);
// The member of this name, made empty where there is none.
Node& at(Node& map, std::string_view name);
void put(Node& map, std::string_view name, Node value);
void erase(Node& map, std::string_view name);
// The members of `from` with these names, in this order.
void copy(const Node& from, std::initializer_list<std::string_view> names, Node& to);

// [{"Key": …, "Value": …}] of a map.
Node tag_list(const Node* tags);
// The text of a JSON document as Python's json.dumps(separators=(",", ":"), sort_keys=True) gives
// it, and the first digits of its SHA-1: what SAM puts into logical ids.
std::string compact_text(const Node& node);
std::string id_hash(std::string_view text, size_t digits = 10);

// Gives `place` to each node without one.
void place_within(Node& node, Place place);

}  // namespace kiln::cfn::sam
