// CloudFormation's functions in a tree: where they are, and whether their arguments have the right
// shape. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "template/node.h"

namespace kiln::cfn {

// {"Fn::Join": …} is a use of Fn::Join. "Condition" is a function inside of conditions only.
struct FunctionUse {
  std::string_view name;
  const Node& argument;
  Place place;
};
enum class Within { kValues, kConditions };

// The function that a map is, if any. One with "Fn::" among several members counts as one: with its
// name, and `alone` false.
struct Found {
  const Member* member = nullptr;  // nullptr: no function
  bool alone = true;
};
Found find_function(const Node& node, Within within);

// Every function of the tree, outer ones first.
void visit_functions(const Node& node, Within within,
                     const std::function<void(const FunctionUse&)>& visit);

// What is wrong with the function's name or the shape of its argument; "" for nothing.
std::string shape_problem(const FunctionUse& use);

// And, Or, Not, Equals, Condition; of rules also Contains, EachMemberEquals, EachMemberIn.
bool is_condition_function(std::string_view name);
bool is_rule_function(std::string_view name);
// Fn::ValueOf and Fn::ValueOfAll: of what rules find out about VPCs and the like.
bool asks_for_attributes(std::string_view name);

// The conditions that a condition names, each once: by Condition and by Fn::If.
std::vector<std::string> condition_names(const Node& condition);

// The first circle that following the names comes to, from each to what it needs; empty when there
// is none. Names that are no keys of `needs` are passed over. Linear, and without recursion.
using Needs = std::map<std::string, std::vector<std::string>>;
std::vector<std::string> find_circle(const Needs& needs);

// ${A}, ${A.B} and ${!Literal} of Fn::Sub's text, in order.
struct SubPart {
  enum class Kind { kText, kVariable } kind = Kind::kText;
  std::string text;  // of kVariable the name, blanks removed
};
std::vector<SubPart> sub_parts(std::string_view text);

// The parts of Fn::Sub that the template gives the value of: no text, and not of its own map.
// REQUIRES: the argument has the right shape.
std::vector<std::string> sub_references(const Node& argument);

// What a Fn::GetAtt names: the resource, and the attribute, which may have dots or be a function.
// An empty resource when its argument is something else.
struct Attribute {
  std::string resource, attribute;
  const Node* computed = nullptr;  // the function that gives the attribute's name
};
Attribute attribute_of(const Node& argument);

// AWS::Region and the like.
bool is_pseudo_parameter(std::string_view name);

}  // namespace kiln::cfn
