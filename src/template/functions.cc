#include "template/functions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/ascii.h"

namespace kiln::cfn {
namespace {

using std::string_view_literals::operator""sv;

// How many arguments a function takes in its list; {0, 0}: its argument need not be a list.
struct Shape {
  std::string_view name;
  size_t least = 0, most = 0;
};
constexpr std::array kShapes = {
    Shape{"Fn::And", 2, 10}, Shape{"Fn::Base64"}, Shape{"Fn::Cidr", 2, 3},
    Shape{"Fn::Equals", 2, 2}, Shape{"Fn::FindInMap", 3, 4}, Shape{"Fn::GetAZs"},
    Shape{"Fn::GetAtt"}, Shape{"Fn::If", 3, 3}, Shape{"Fn::ImportValue"}, Shape{"Fn::Join", 2, 2},
    Shape{"Fn::Length"}, Shape{"Fn::Not", 1, 1}, Shape{"Fn::Or", 2, 10}, Shape{"Fn::Select", 2, 2},
    Shape{"Fn::Split", 2, 2}, Shape{"Fn::Sub"}, Shape{"Fn::ToJsonString"}, Shape{"Ref"},
    Shape{"Condition"},
    // Of rules.
    Shape{"Fn::Contains", 2, 2}, Shape{"Fn::EachMemberEquals", 2, 2},
    Shape{"Fn::EachMemberIn", 2, 2}, Shape{"Fn::RefAll"}, Shape{"Fn::ValueOf", 2, 2},
    Shape{"Fn::ValueOfAll", 2, 2},
    // What AWS::Include puts in its place.
    Shape{"Fn::Transform"}};

constexpr std::array kPseudoParameters = {
    "AWS::AccountId"sv, "AWS::NotificationARNs"sv, "AWS::NoValue"sv,   "AWS::Partition"sv,
    "AWS::Region"sv,    "AWS::StackId"sv,          "AWS::StackName"sv, "AWS::URLSuffix"sv};

const Shape* shape_of(std::string_view name) {
  const auto found = std::find_if(kShapes.begin(), kShapes.end(),
                                  [&](const Shape& shape) { return shape.name == name; });
  return found == kShapes.end() ? nullptr : found;
}

bool is_function_name(std::string_view name, Within within) {
  return name == "Ref" || name.starts_with("Fn::") ||
         (within == Within::kConditions && name == "Condition");
}

std::string sub_problem(const Node& argument) {
  const Node* text = &argument;
  if (argument.is_list()) {
    if (argument.list.size() != 2 || !argument.list[1].is_map())
      return "Template error: every Fn::Sub object with a list must have two elements, a text and "
             "a map of its variables";
    text = &argument.list[0];
  }
  if (text->find("Fn::Transform")) return {};  // which says itself that nobody is asked
  if (!text->is_text())
    return "Template error: One or more Fn::Sub intrinsic functions don't specify expected "
           "arguments. Specify a string as first argument, and an optional second argument to "
           "specify a mapping of values to replace in the string";
  for (const SubPart& part : sub_parts(text->text)) {
    const bool fine =
        !part.text.empty() && std::all_of(part.text.begin(), part.text.end(), [](char c) {
          return ascii::is_alnum(c) || c == '_' || c == '.' || c == ':';
        });
    if (part.kind == SubPart::Kind::kVariable && !fine)
      return "Template error: variable names in Fn::Sub syntax must contain only alphanumeric "
             "characters, underscores, periods, and colons; this one is '" +
             part.text + "'. ${!Name} is the text ${Name}";
  }
  return {};
}

std::string map_problem(const Node& argument) {
  if (argument.list.size() < 4 || argument.list[3].find("DefaultValue")) return {};
  return "Template error: the fourth argument of Fn::FindInMap is a map with DefaultValue";
}

}  // namespace

Found find_function(const Node& node, Within within) {
  if (!node.is_map()) return {};
  if (node.map.size() == 1)
    return is_function_name(node.map[0].name, within) ? Found{&node.map[0], true} : Found{};
  for (const Member& member : node.map)
    if (member.name.starts_with("Fn::")) return {&member, false};
  return {};
}

void visit_functions(const Node& node, Within within,
                     const std::function<void(const FunctionUse&)>& visit) {
  if (const Found found = find_function(node, within); found.member)
    visit({found.member->name, found.member->value, found.member->place});
  for (const Node& item : node.list) visit_functions(item, within, visit);
  for (const Member& member : node.map) visit_functions(member.value, within, visit);
}

std::string shape_problem(const FunctionUse& use) {
  const std::string name(use.name);
  const Node* macro = name == "Fn::Transform" ? use.argument.find("Name") : nullptr;
  if (name == "Fn::Transform" && !(macro && macro->text == "AWS::Include"))
    return "Template error: Fn::Transform asks for a macro; there are none here";
  if (name == "Fn::ForEach" || name.starts_with("Fn::ForEach::"))
    return "Template error: Fn::ForEach needs `Transform: AWS::LanguageExtensions`, and stands in "
           "Conditions, Resources and Outputs";
  const Shape* shape = shape_of(name);
  if (!shape) return "Template error: " + name + " is not a function of CloudFormation";
  if (name == "Ref" || name == "Condition")
    return use.argument.is_text() ? ""
                                  : "Template error: the argument of " + name + " must be a text";
  if (name == "Fn::Sub") return sub_problem(use.argument);
  if (name == "Fn::GetAtt" && attribute_of(use.argument).resource.empty())
    return "Template error: every Fn::GetAtt object requires two non-empty parameters, the "
           "resource name and the resource attribute";
  if (shape->most == 0) return {};
  const bool list = use.argument.is_list();
  if (list && use.argument.list.size() >= shape->least && use.argument.list.size() <= shape->most)
    return name == "Fn::FindInMap" ? map_problem(use.argument) : std::string();
  const std::string range = shape->least == shape->most ? std::to_string(shape->least)
                                                        : std::to_string(shape->least) + " to " +
                                                              std::to_string(shape->most);
  return "Template error: every " + name + " object requires a list of " + range + " arguments" +
         (list ? ", this one has " + std::to_string(use.argument.list.size()) : "");
}

bool is_condition_function(std::string_view name) {
  return name == "Condition" || name == "Fn::And" || name == "Fn::Or" || name == "Fn::Not" ||
         name == "Fn::Equals";
}

bool is_rule_function(std::string_view name) {
  return name == "Fn::Contains" || name == "Fn::EachMemberEquals" || name == "Fn::EachMemberIn";
}

bool asks_for_attributes(std::string_view name) {
  return name == "Fn::ValueOf" || name == "Fn::ValueOfAll";
}

std::vector<std::string> condition_names(const Node& condition) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  visit_functions(condition, Within::kConditions, [&](const FunctionUse& use) {
    const Node* name = nullptr;
    if (use.name == "Condition") name = &use.argument;
    if (use.name == "Fn::If" && !use.argument.list.empty()) name = &use.argument.list[0];
    if (name && name->is_text() && seen.insert(name->text).second) names.push_back(name->text);
  });
  return names;
}

std::vector<std::string> find_circle(const Needs& needs) {
  enum class State { kNew, kOpen, kDone };
  std::map<std::string_view, State> states;
  struct Step {
    Needs::const_iterator at;
    size_t next = 0;
  };
  for (auto start = needs.begin(); start != needs.end(); ++start) {
    std::vector<Step> path = {{start}};
    while (!path.empty()) {
      Step& step = path.back();
      State& state = states[step.at->first];
      if (state == State::kDone || step.next == step.at->second.size()) {
        state = State::kDone;
        path.pop_back();
        continue;
      }
      state = State::kOpen;
      const auto need = needs.find(step.at->second[step.next++]);
      if (need == needs.end() || states[need->first] == State::kDone) continue;
      if (states[need->first] == State::kNew) {
        path.push_back({need});
        continue;
      }
      std::vector<std::string> circle;
      auto from =
          std::find_if(path.begin(), path.end(), [&](const Step& each) { return each.at == need; });
      for (; from != path.end(); ++from) circle.push_back(from->at->first);
      return circle;
    }
  }
  return {};
}

std::vector<SubPart> sub_parts(std::string_view text) {
  std::vector<SubPart> parts;
  const auto add_text = [&](std::string_view more) {
    if (more.empty()) return;
    if (parts.empty() || parts.back().kind != SubPart::Kind::kText) parts.push_back({});
    parts.back().text += more;
  };
  while (!text.empty()) {
    const size_t start = text.find("${");
    const size_t end = start == std::string_view::npos ? start : text.find('}', start);
    if (end == std::string_view::npos) {
      add_text(text);
      break;
    }
    add_text(text.substr(0, start));
    std::string_view name = text.substr(start + 2, end - start - 2);
    if (name.starts_with('!')) {
      add_text("${");
      add_text(name.substr(1));
      add_text("}");
    } else {
      while (name.starts_with(' ')) name.remove_prefix(1);
      while (name.ends_with(' ')) name.remove_suffix(1);
      parts.push_back({SubPart::Kind::kVariable, std::string(name)});
    }
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::vector<std::string> sub_references(const Node& argument) {
  const bool list = argument.is_list();
  std::set<std::string_view> own;
  if (list)
    for (const Member& variable : argument.list[1].map) own.insert(variable.name);
  std::vector<std::string> out;
  for (SubPart& part : sub_parts(list ? argument.list[0].text : argument.text)) {
    if (part.kind != SubPart::Kind::kVariable) continue;
    if (own.contains(part.text)) continue;
    out.push_back(std::move(part.text));
  }
  return out;
}

Attribute attribute_of(const Node& argument) {
  if (argument.is_text()) {
    const size_t dot = argument.text.find('.');
    if (dot == std::string::npos || dot == 0 || dot + 1 == argument.text.size()) return {};
    return {argument.text.substr(0, dot), argument.text.substr(dot + 1), nullptr};
  }
  if (!argument.is_list() || argument.list.size() < 2) return {};
  Attribute out;
  const Node& second = argument.list[1];
  const bool computed = argument.list.size() == 2 && find_function(second, Within::kValues).member;
  for (const Node& part : argument.list) {
    if (computed && &part == &second) break;
    if (!part.is_text() || part.text.empty()) return {};
    if (out.resource.empty())
      out.resource = part.text;
    else
      out.attribute += (out.attribute.empty() ? "" : ".") + part.text;
  }
  if (computed) out.computed = &second;
  return out;
}

bool is_pseudo_parameter(std::string_view name) {
  return std::find(kPseudoParameters.begin(), kPseudoParameters.end(), name) !=
         kPseudoParameters.end();
}

}  // namespace kiln::cfn
