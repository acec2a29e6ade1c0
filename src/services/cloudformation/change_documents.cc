// Change sets as the API writes them.
#include <algorithm>

#include "base/json_access.h"
#include "services/cloudformation/documents.h"
#include "stack/resource_type.h"
#include "template/evaluate.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using stack::Change;
using stack::ChangeReason;

constexpr const char* kKnownLater = "{{changeSet:KNOWN_AFTER_APPLY}}";

// With the text that stands for what isn't known yet, as AWS writes it.
json shown(const json& value) {
  if (value.is_string()) return cfn::is_unknown(value) ? json(kKnownLater) : value;
  if (!value.is_structured()) return value;
  json out = value;
  for (json& item : out) item = shown(item);
  return out;
}

// BeforeValue and AfterValue are texts: structures as their JSON.
std::string shown_text(const json& value) {
  if (cfn::is_unknown(value)) return kKnownLater;
  return value.is_string() ? json_text(value) : json_dump(value);
}

bool is_replaced_by(const std::string& type_name, const std::string& property) {
  const stack::ResourceType* type = stack::find_resource_type(type_name);
  if (!type) return false;
  const auto all = type->properties();
  return std::any_of(all.begin(), all.end(), [&](const stack::Property& each) {
    return each.name == property && each.on_change == stack::OnChange::kReplace;
  });
}

bool is_told(const ChangeReason& reason, Values values) {
  return reason.told == ChangeReason::Told::kAlways ||
         (reason.told == ChangeReason::Told::kWithValues) == (values == Values::kIncluded);
}

const char* policy_text(cfn::Policy policy, Change::Action action) {
  const bool removes = action == Change::Action::kRemove;
  switch (policy) {
    case cfn::Policy::kSnapshot:
      return removes ? "Snapshot" : "ReplaceAndSnapshot";
    case cfn::Policy::kRetain:
      return removes ? "Retain" : "ReplaceAndRetain";
    case cfn::Policy::kRetainExceptOnCreate:
      return removes ? "Retain" : "ReplaceAndRetain";
    case cfn::Policy::kDelete:
      break;
  }
  return removes ? "Delete" : "ReplaceAndDelete";
}

void add_values(json& target, const Change& change, const std::string& property) {
  const auto value_in = [&](const json& properties) {
    return properties.is_object() && properties.contains(property)
               ? std::optional(shown_text(properties[property]))
               : std::nullopt;
  };
  const auto before = value_in(change.before), after = value_in(change.after);
  if (before) target["BeforeValue"] = *before;
  if (after) target["AfterValue"] = *after;
  target["AttributeChangeType"] = !before ? "Add" : !after ? "Remove" : "Modify";
  target["Path"] = "/Properties/" + property;
}

json reason_document(const Change& change, const ChangeReason& reason, Values values) {
  static constexpr const char* kSources[] = {"DirectModification", "ParameterReference",
                                             "ResourceReference", "ResourceAttribute"};
  const bool replaced = is_replaced_by(change.type, reason.property);
  const bool is_metadata = reason.property.empty();
  json target = {{"Attribute", is_metadata ? "Metadata" : "Properties"},
                 {"RequiresRecreation", replaced ? "Always" : "Never"}};
  if (!is_metadata) target["Name"] = reason.property;
  if (!is_metadata && values == Values::kIncluded) add_values(target, change, reason.property);
  json out = {
      {"Target", std::move(target)},
      {"Evaluation", reason.evaluation == ChangeReason::Evaluation::kStatic ? "Static" : "Dynamic"},
      {"ChangeSource", kSources[static_cast<int>(reason.source)]}};
  if (!reason.causing_entity.empty()) out["CausingEntity"] = reason.causing_entity;
  return out;
}

void add_modification(json& resource, const Change& change, Values values) {
  static constexpr const char* kReplacements[] = {"False", "True", "Conditional"};
  auto replacement = change.replacement;
  json details = json::array();
  for (const ChangeReason& reason : change.reasons) {
    if (!is_told(reason, values)) continue;
    if (reason.told == ChangeReason::Told::kWithoutValues &&
        replacement == Change::Replacement::kNo && is_replaced_by(change.type, reason.property))
      replacement = Change::Replacement::kConditional;
    details.push_back(reason_document(change, reason, values));
  }
  for (const char* attribute : {"Metadata", "Properties"})
    if (std::any_of(details.begin(), details.end(), [&](const json& detail) {
          return json_text(json_member(detail, "Target"), "Attribute") == attribute;
        }))
      resource["Scope"].push_back(attribute);
  resource["Details"] = std::move(details);
  resource["Replacement"] = kReplacements[static_cast<int>(replacement)];
  if (replacement != Change::Replacement::kNo)
    resource["PolicyAction"] = policy_text(change.policy, change.action);
}

json change_document(const Change& change, Values values) {
  static constexpr const char* kActions[] = {"Add", "Modify", "Remove"};
  json resource = {{"Action", kActions[static_cast<int>(change.action)]},
                   {"LogicalResourceId", change.logical_id},
                   {"ResourceType", change.type},
                   {"Scope", json::array()},
                   {"Details", json::array()}};
  if (!change.physical_id.empty()) resource["PhysicalResourceId"] = change.physical_id;
  // Not of AWS: what Kiln doesn't make of it.
  if (change.is_left_out) resource["KilnLeftOut"] = true;
  if (!change.note.empty()) resource["KilnNote"] = change.note;
  if (change.action == Change::Action::kModify) add_modification(resource, change, values);
  if (change.action == Change::Action::kRemove)
    resource["PolicyAction"] = policy_text(change.policy, change.action);
  if (values == Values::kIncluded) {
    if (!change.before.is_null())
      resource["BeforeContext"] = json_dump(json{{"Properties", shown(change.before)}});
    if (!change.after.is_null())
      resource["AfterContext"] = json_dump(json{{"Properties", shown(change.after)}});
  }
  return {{"Type", "Resource"}, {"ResourceChange", std::move(resource)}};
}

}  // namespace

json change_set_summary(const stack::Stack& stack, const stack::ChangeSet& set) {
  json out = {{"StackId", stack.id},
              {"StackName", stack.name},
              {"ChangeSetId", set.id},
              {"ChangeSetName", set.name},
              {"ExecutionStatus", set.execution_status},
              {"Status", set.status},
              {"CreationTime", stack_seconds(set.created)},
              {"IncludeNestedStacks", false}};
  if (!set.reason.empty()) out["StatusReason"] = set.reason;
  if (!set.description.empty()) out["Description"] = set.description;
  return out;
}

json change_set_document(const stack::Stack& stack, const stack::ChangeSet& set, Values values) {
  json out = change_set_summary(stack, set);
  json parameters = parameters_of(set.parameters, set.resolved_parameters, set.hidden_parameters);
  if (!parameters.empty()) out["Parameters"] = std::move(parameters);
  out["NotificationARNs"] = set.wish.notification_arns;
  out["Capabilities"] = set.wish.capabilities;
  if (!set.wish.tags.empty()) out["Tags"] = tags_of(set.wish.tags);
  out["RollbackConfiguration"] = json::object();
  json changes = json::array();
  for (const Change& change : set.changes)
    if (!change.is_potential || values == Values::kLeftOut)
      changes.push_back(change_document(change, values));
  out["Changes"] = std::move(changes);
  return out;
}

}  // namespace kiln::services
