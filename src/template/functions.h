// CloudFormation's functions in a tree: where they are, and whether their arguments have the right
// shape. Pure.
#pragma once

#include <functional>
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

// The function that a map is, if any. One with "Fn::" among several members counts as one: with its name,
// and `alone` false.
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

// ${A}, ${A.B} and ${!Literal} of Fn::Sub's text, in order.
struct SubPart {
  enum class Kind { kText, kVariable } kind = Kind::kText;
  std::string text;  // of kVariable the name, blanks removed
};
std::vector<SubPart> sub_parts(std::string_view text);

// What a Fn::GetAtt names: the resource, and the attribute, which may have dots. Empty strings when
// its argument is something else.
struct Attribute {
  std::string resource, attribute;
};
Attribute attribute_of(const Node& argument);

// AWS::Region and the like.
bool is_pseudo_parameter(std::string_view name);

}  // namespace kiln::cfn
