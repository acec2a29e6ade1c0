#include "template/evaluate.h"

#include <algorithm>
#include <set>

#include "base/json_access.h"
#include "template/evaluate_run.h"

namespace kiln::cfn {

using nlohmann::json;

Error evaluation_error(Place place, const std::string& message) {
  return {ErrorKind::kInvalid, "ValidationError", text_of(Problem{message, place})};
}

std::optional<std::string> text_of_scalar(const json& value) {
  if (value.is_string()) return json_text(value);
  if (value.is_boolean() || value.is_number()) return json_dump(value);
  return std::nullopt;
}

bool is_unknown(const json& value) {
  if (value.is_string()) return json_text(value).find(kUnknown) != std::string::npos;
  return value.is_structured() && std::any_of(value.begin(), value.end(), is_unknown);
}

bool is_left_out(const json& value) {
  if (value.is_string()) return json_text(value).find(kLeftOut) != std::string::npos;
  return value.is_structured() && std::any_of(value.begin(), value.end(), is_left_out);
}

namespace {

constexpr std::string_view kResolve = "{{resolve:";

// Each {{resolve:SERVICE:REFERENCE}} of a value by what it refers to.
Result<void> resolve_references(json& value, const Surroundings& around, size_t& made) {
  if (value.is_structured()) {
    for (json& item : value)
      if (auto done = resolve_references(item, around, made); !done) return done;
    return {};
  }
  if (!value.is_string()) return {};
  const std::string& text = json_text(value);
  if (text.find(kResolve) == std::string::npos) return {};
  std::string out;
  size_t done = 0;
  for (size_t at; (at = text.find(kResolve, done)) != std::string::npos;) {
    const size_t end = text.find("}}", at);
    if (end == std::string::npos) break;
    const std::string inner = text.substr(at + kResolve.size(), end - at - kResolve.size());
    const size_t colon = inner.find(':');
    out += text.substr(done, at - done);
    done = end + 2;
    if (colon == std::string::npos) {
      out += text.substr(at, done - at);
      continue;
    }
    const auto found = around.dynamic(inner.substr(0, colon), inner.substr(colon + 1));
    if (!found) return found.error();
    out += *found;
    made += found->size();
    if (made > kMaxValueBytes)
      return Error{ErrorKind::kInvalid, "ValidationError",
                   "Template error: the dynamic references of this value make more than " +
                       std::to_string(kMaxValueBytes) + " bytes"};
  }
  value = out + text.substr(done);
  return {};
}

// "1" and 1 are the same: parameters are texts.
bool same_text(const json& a, const json& b) {
  const auto left = text_of_scalar(a), right = text_of_scalar(b);
  return left && right ? *left == *right : a == b;
}

// A parameter that a property or an item of a list is given may say so, too.
bool stands_for_nothing(const Node& node, const json& value) {
  if (is_no_value(value)) return true;
  const bool is_given =
      node.map.size() == 1 && (node.map[0].name == "Ref" || node.map[0].name == "Fn::If");
  return is_given && json_text(value) == "AWS::NoValue";
}

}  // namespace

Result<json> Evaluator::Run::value(const Node& node) {
  if (const Found found = find_function(node, Within::kValues); found.member)
    return function({found.member->name, found.member->value, found.member->place});
  if (node.is_list()) {
    json list = json::array();
    for (const Node& item : node.list) {
      auto one = value(item);
      if (!one) return one;
      if (!stands_for_nothing(item, *one)) list.push_back(std::move(*one));
    }
    return list;
  }
  if (!node.is_map()) return to_json(node);
  json map = json::object();
  for (const Member& member : node.map) {
    auto one = value(member.value);
    if (!one) return one;
    if (!stands_for_nothing(member.value, *one)) map[member.name] = std::move(*one);
  }
  return map;
}

Result<bool> Evaluator::Run::condition(const Node& node) {
  const Found found = find_function(node, Within::kConditions);
  if (!found.member) {
    if (node.kind == Node::Kind::kBool || node.is_text()) {
      if (node.text == "true") return true;
      if (node.text == "false") return false;
    }
    return evaluation_error(node.place,
                            "Template error: every condition must be a boolean function");
  }
  const std::string& name = found.member->name;
  const Node& argument = found.member->value;
  const std::string problem = shape_problem({name, argument, found.member->place});
  if (!problem.empty()) return evaluation_error(found.member->place, problem);
  if (name == "Condition") return owner_.condition(argument.text);
  if (name == "Fn::Not") {
    auto inner = condition(argument.list[0]);
    return inner ? Result<bool>(!*inner) : inner;
  }
  if (name == "Fn::And" || name == "Fn::Or") {
    const bool all = name == "Fn::And";
    for (const Node& part : argument.list) {
      const auto inner = condition(part);
      if (!inner) return inner;
      if (*inner != all) return !all;
    }
    return all;
  }
  if (name == "Fn::Equals") {
    const auto left = value(argument.list[0]);
    if (!left) return left.error();
    const auto right = value(argument.list[1]);
    if (!right) return right.error();
    return same_text(*left, *right);
  }
  if (name == "Fn::Contains" || name == "Fn::EachMemberIn" || name == "Fn::EachMemberEquals")
    return rule_function(name, argument);
  return evaluation_error(found.member->place, "Template error: " + name + " is no condition");
}

Result<bool> Evaluator::Run::rule_function(const std::string& name, const Node& argument) {
  const auto first = value(argument.list[0]), second = value(argument.list[1]);
  if (!first) return first.error();
  if (!second) return second.error();
  const auto among = [](const json& one, const json& all) {
    return std::any_of(all.begin(), all.end(),
                       [&](const json& each) { return same_text(each, one); });
  };
  if (!first->is_array())
    return evaluation_error(argument.place, "Template error: " + name + " needs a list");
  if (name == "Fn::Contains") return among(*second, *first);
  return std::all_of(first->begin(), first->end(), [&](const json& each) {
    return name == "Fn::EachMemberIn" ? second->is_array() && among(each, *second)
                                      : same_text(each, *second);
  });
}

Evaluator::Evaluator(const Template& parsed, Surroundings surroundings)
    : template_(parsed), surroundings_(std::move(surroundings)) {}

Result<bool> Evaluator::condition(const std::string& name) {
  // What a condition names is worked out before it: a long chain of them needs no deep stack.
  std::vector<std::string> order = {name};
  std::set<std::string> open;
  while (!order.empty()) {
    const std::string next = order.back();
    if (conditions_.contains(next)) {
      order.pop_back();
      continue;
    }
    const auto found = std::find_if(template_.conditions.begin(), template_.conditions.end(),
                                    [&](const auto& condition) { return condition.first == next; });
    if (found == template_.conditions.end())
      return Error{ErrorKind::kInvalid, "ValidationError",
                   "Template format error: Unresolved condition dependency " + next};
    if (open.insert(next).second) {
      for (std::string& need : condition_names(found->second)) {
        if (open.contains(need) && !conditions_.contains(need))
          return evaluation_error(found->second.place, "Template format error: the condition " +
                                                           next + " depends on itself");
        order.push_back(std::move(need));
      }
      continue;
    }
    const auto holds = Run(*this).condition(found->second);
    if (!holds) return holds;
    conditions_[next] = *holds;
    order.pop_back();
  }
  return conditions_.at(name);
}

Result<bool> Evaluator::exists(const std::string& condition_name) {
  return condition_name.empty() ? Result<bool>(true) : condition(condition_name);
}

Result<json> Evaluator::value(const Node& node) {
  auto out = Run(*this).value(node);
  if (out && is_no_value(*out)) return json(nullptr);
  if (!out || !surroundings_.dynamic) return out;
  size_t made = 0;
  if (auto done = resolve_references(*out, surroundings_, made); !done)
    return evaluation_error(node.place, done.error().message);
  return out;
}

Result<void> Evaluator::check_rules(Unanswered unanswered) {
  const auto is_passed = [&](const Node& part) {
    bool asks = false;
    visit_functions(part, Within::kConditions,
                    [&](const FunctionUse& use) { asks = asks || asks_for_attributes(use.name); });
    return asks && unanswered == Unanswered::kKept;
  };
  for (const Member& rule : template_.rules.map) {
    if (const Node* when = rule.value.find("RuleCondition")) {
      if (is_passed(*when)) continue;
      const auto applies = Run(*this).condition(*when);
      if (!applies) return applies.error();
      if (!*applies) continue;
    }
    const Node* assertions = rule.value.find("Assertions");
    if (!assertions) continue;
    for (const Node& one : assertions->list) {
      const Node* assertion = one.find("Assert");
      if (!assertion)
        return evaluation_error(one.place, "Template format error: an assertion has no Assert");
      if (is_passed(*assertion)) continue;
      const auto holds = Run(*this).condition(*assertion);
      if (!holds) return holds.error();
      if (*holds) continue;
      const Node* why = one.find("AssertDescription");
      return evaluation_error(one.place, "Template error: the rule " + rule.name + " is not kept" +
                                             (why ? ": " + why->text : std::string()));
    }
  }
  return {};
}

}  // namespace kiln::cfn
