#include "lint/stack_values.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/arn.h"
#include "base/json_access.h"
#include "template/parameter_type.h"
#include "template/parameters.h"

namespace kiln::lint {
namespace {

using nlohmann::json;

json unknown_value() { return std::string(cfn::kUnknown); }

// What CloudFormation puts at the end of a stack's ARN; its parts are taken for names.
std::string uuid_like(size_t stack) {
  std::string number = std::to_string(stack);
  if (number.size() < 12) number.insert(0, 12 - number.size(), '0');
  return "00000000-0000-0000-0000-" + number;
}

bool starts_with_type(const std::string& type, std::string_view prefix) {
  return std::string_view(type).starts_with(prefix);
}

}  // namespace

StackValues::StackValues(size_t stack, const StackInfo& info, const cfn::Template& parsed,
                         cfn::ParameterValues parameters, std::set<std::string> unknown_parameters,
                         ImportValue import_value)
    : stack_(stack),
      info_(info),
      template_(parsed),
      unknown_parameters_(std::move(unknown_parameters)),
      evaluator_(parsed, cfn::Surroundings{.parameters = std::move(parameters),
                                           .account = info.account,
                                           .region = info.region,
                                           .stack_name = info.name,
                                           .stack_id = arn_start("cloudformation", info.region) +
                                                       info.account + ":stack/" + info.name + "/" +
                                                       uuid_like(stack),
                                           .notification_arns = {},
                                           .import_value = std::move(import_value),
                                           .resource = [this](const std::string& logical_id,
                                                              const std::string& attribute) {
                                             return of_resource(logical_id, attribute);
                                           }}) {}

Result<std::optional<bool>> StackValues::exists(const std::string& condition) {
  if (condition.empty()) return std::optional<bool>(true);
  if (is_undecided(condition)) return std::optional<bool>();
  // What can't be worked out here may be fine where it is deployed.
  Result<bool> holds = evaluator_.condition(condition);
  if (!holds) return std::optional<bool>();
  return std::optional<bool>(*holds);
}

Result<json> StackValues::value(const cfn::Node& node) {
  if (mentions_unknown(node, true)) return unknown_value();
  Result<json> evaluated = evaluator_.value(node);
  if (!evaluated) return unknown_value();
  return evaluated;
}

Result<std::optional<std::string>> StackValues::text(const cfn::Node* node) {
  if (node == nullptr) return std::optional<std::string>();
  Result<json> evaluated = value(*node);
  if (!evaluated) return evaluated.error();
  if (!evaluated->is_string() || cfn::is_unknown(*evaluated)) return std::optional<std::string>();
  return std::optional<std::string>(json_text(*evaluated));
}

Result<std::string> StackValues::name_of(const cfn::Resource& resource, std::string_view property) {
  Result<std::optional<std::string>> given = text(resource.properties.find(property));
  if (!given) return given.error();
  return given->value_or(stand_in(stack_, resource.logical_id, {}));
}

// Of the types that rules follow references to; a stand-in for all others.
Result<json> StackValues::of_resource(const std::string& logical_id, const std::string& attribute) {
  const cfn::Resource* resource = template_.resource(logical_id);
  if (resource == nullptr) return unknown_value();
  const Result<std::optional<bool>> there = exists(resource->condition);
  if (!there) return there.error();
  if (!*there || !**there) return unknown_value();

  const std::string arn = arn_start("lambda", info_.region) + info_.account + ":function:";
  const std::string own = stand_in(stack_, logical_id, attribute);
  if (resource->type == "AWS::Lambda::Function") {
    Result<std::string> name = name_of(*resource, "FunctionName");
    if (!name) return name.error();
    if (attribute.empty()) return json(*name);
    return json(attribute == "Arn" ? arn + *name : own);
  }
  if (resource->type == "AWS::Lambda::Version" || resource->type == "AWS::Lambda::Alias") {
    if (attribute == "Version") return json(stand_in(stack_, logical_id, {}));
    if (!attribute.empty() && !attribute.ends_with("Arn")) return json(own);
    Result<std::optional<std::string>> function = text(resource->properties.find("FunctionName"));
    if (!function) return function.error();
    if (!*function) return unknown_value();
    Result<std::string> name = name_of(*resource, "Name");
    if (!name) return name.error();
    return json(arn + parse_function_reference(**function).name + ":" + *name);
  }
  if (starts_with_type(resource->type, "AWS::ApplicationAutoScaling::ScalableTarget")) {
    std::string id;
    for (const std::string_view part : {"ResourceId", "ScalableDimension", "ServiceNamespace"}) {
      Result<std::optional<std::string>> piece = text(resource->properties.find(part));
      if (!piece) return piece.error();
      if (!*piece) return unknown_value();
      id += (id.empty() ? "" : "|") + **piece;
    }
    return json(id);
  }
  return json(own);
}

bool StackValues::is_undecided(const std::string& condition) {
  const auto known = undecided_.find(condition);
  if (known != undecided_.end()) return known->second;
  undecided_[condition] = false;  // conditions in a circle are refused elsewhere
  const auto found = std::find_if(template_.conditions.begin(), template_.conditions.end(),
                                  [&](const auto& c) { return c.first == condition; });
  const bool undecided =
      found != template_.conditions.end() && mentions_unknown(found->second, false);
  undecided_[condition] = undecided;
  return undecided;
}

// Whether a value depends on an undecided condition, or (unless `only_conditions`) on a parameter
// without a value.
bool StackValues::mentions_unknown(const cfn::Node& node, bool only_conditions) {
  if (node.is_list()) {
    return std::any_of(node.list.begin(), node.list.end(), [&](const cfn::Node& item) {
      return mentions_unknown(item, only_conditions);
    });
  }
  if (!node.is_map()) return false;
  if (const cfn::Node* condition = node.find("Condition");
      condition != nullptr && condition->is_text() && node.map.size() == 1 &&
      is_undecided(condition->text)) {
    return true;
  }
  if (const cfn::Node* choice = node.find("Fn::If"); choice != nullptr && choice->is_list() &&
                                                     !choice->list.empty() &&
                                                     is_undecided(choice->list[0].text)) {
    return true;
  }
  if (!only_conditions) {
    if (const cfn::Node* name = node.find("Ref");
        name != nullptr && (unknown_parameters_.contains(name->text) ||
                            (info_.account.empty() && name->text == "AWS::AccountId"))) {
      return true;
    }
    if (const cfn::Node* sub = node.find("Fn::Sub"); sub != nullptr) {
      const std::string& text =
          sub->is_list() && !sub->list.empty() ? sub->list[0].text : sub->text;
      if (std::any_of(unknown_parameters_.begin(), unknown_parameters_.end(),
                      [&](const std::string& name) {
                        return text.find("${" + name + "}") != std::string::npos;
                      })) {
        return true;
      }
    }
  }
  return std::any_of(node.map.begin(), node.map.end(), [&](const cfn::Member& member) {
    return mentions_unknown(member.value, only_conditions);
  });
}

Result<KnownParameters> known_parameters(const cfn::Template& parsed,
                                         const std::map<std::string, std::string>& given) {
  KnownParameters known;
  cfn::Template with_values = parsed;
  std::erase_if(with_values.parameters, [&](const cfn::Parameter& parameter) {
    const bool from_ssm = cfn::names_ssm_parameter(parameter.type);
    const bool has_value = given.contains(parameter.name) || parameter.default_value;
    if (has_value && !from_ssm) return false;
    known.unknown.insert(parameter.name);
    return true;
  });
  std::map<std::string, std::string> values = given;
  for (const std::string& name : known.unknown) values.erase(name);
  // A default that breaks its own constraint stands for a value that must be given.
  std::erase_if(with_values.parameters, [&](const cfn::Parameter& parameter) {
    if (values.contains(parameter.name)) return false;
    cfn::Template alone;
    alone.parameters = {parameter};
    if (cfn::resolve_parameters(alone, {}, nullptr)) return false;
    known.unknown.insert(parameter.name);
    return true;
  });
  Result<cfn::ParameterValues> resolved =
      cfn::resolve_parameters(with_values, values, [](const std::string&) { return std::nullopt; });
  if (!resolved) return resolved.error();
  known.values = std::move(*resolved);
  for (const std::string& name : known.unknown) known.values[name] = unknown_value();
  return known;
}

}  // namespace kiln::lint
