#include "services/cloudformation_documents.h"

#include <algorithm>
#include <set>

#include "template/evaluate.h"

namespace kiln::services {
namespace {

using nlohmann::json;

json seconds(WallTime time) { return static_cast<double>(epoch_ms(time)) / 1000; }

void add_text(json& document, const char* name, const std::string& text) {
  if (!text.empty()) document[name] = text;
}

json tags_of(const std::map<std::string, std::string>& tags) {
  json out = json::array();
  for (const auto& [key, value] : tags) out.push_back({{"Key", key}, {"Value", value}});
  return out;
}

json parameters_of(const std::map<std::string, std::string>& parameters,
                   const std::vector<std::string>& hidden) {
  json out = json::array();
  for (const auto& [key, value] : parameters) {
    const bool shown = std::find(hidden.begin(), hidden.end(), key) == hidden.end();
    out.push_back({{"ParameterKey", key}, {"ParameterValue", shown ? value : "****"}});
  }
  return out;
}

// The text that stands for what isn't known yet, as AWS writes it.
json shown(const json& value) {
  if (value.is_string()) {
    std::string text = value;
    for (size_t at; (at = text.find(cfn::kUnknown)) != std::string::npos;)
      text.replace(at, cfn::kUnknown.size(), "{{changeSet:KNOWN_AFTER_APPLY}}");
    return text;
  }
  if (!value.is_structured()) return value;
  json out = value;
  for (json& item : out) item = shown(item);
  return out;
}

json change_document(const stack::Change& change, Values values) {
  static constexpr const char* kActions[] = {"Add", "Modify", "Remove"};
  static constexpr const char* kReplacements[] = {"False", "True", "Conditional"};
  static constexpr const char* kRecreations[] = {"Never", "Always", "Conditionally"};
  json resource = {{"Action", kActions[static_cast<int>(change.action)]},
                   {"LogicalResourceId", change.logical_id},
                   {"ResourceType", change.type},
                   {"Scope", json::array()},
                   {"Details", json::array()}};
  add_text(resource, "PhysicalResourceId", change.physical_id);
  if (change.action == stack::Change::Action::kModify) {
    resource["Replacement"] = kReplacements[static_cast<int>(change.replacement)];
    resource["Scope"].push_back("Properties");
    for (const std::string& name : change.properties)
      resource["Details"].push_back(
          {{"Target",
            {{"Attribute", "Properties"},
             {"Name", name},
             {"RequiresRecreation", kRecreations[static_cast<int>(change.replacement)]}}},
           {"Evaluation", "Static"},
           {"ChangeSource", "DirectModification"}});
  }
  if (values == Values::kIncluded) {
    if (!change.before.is_null())
      resource["BeforeContext"] = json{{"Properties", shown(change.before)}}.dump();
    if (!change.after.is_null())
      resource["AfterContext"] = json{{"Properties", shown(change.after)}}.dump();
  }
  return {{"Type", "Resource"}, {"ResourceChange", std::move(resource)}};
}

}  // namespace

json stack_summary(const stack::Stack& stack) {
  json out = {{"StackId", stack.id},
              {"StackName", stack.name},
              {"CreationTime", seconds(stack.created)},
              {"StackStatus", stack.status},
              {"DriftInformation", {{"StackDriftStatus", "NOT_CHECKED"}}}};
  if (stack.updated) out["LastUpdatedTime"] = seconds(*stack.updated);
  if (stack.deleted) out["DeletionTime"] = seconds(*stack.deleted);
  add_text(out, "StackStatusReason", stack.reason);
  add_text(out, "TemplateDescription", stack.description);
  return out;
}

json stack_document(const stack::Stack& stack) {
  json out = stack_summary(stack);
  out.erase("TemplateDescription");
  add_text(out, "Description", stack.description);
  out["Parameters"] = parameters_of(stack.wish.parameters, stack.hidden_parameters);
  out["Capabilities"] = stack.wish.capabilities;
  out["NotificationARNs"] = stack.wish.notification_arns;
  out["Tags"] = tags_of(stack.wish.tags);
  out["DisableRollback"] = stack.wish.on_failure == stack::Wish::OnFailure::kDoNothing;
  out["EnableTerminationProtection"] = stack.termination_protection;
  out["RollbackConfiguration"] = json::object();
  json outputs = json::array();
  for (const stack::StackOutput& output : stack.outputs) {
    json one = {{"OutputKey", output.key}, {"OutputValue", output.value}};
    add_text(one, "Description", output.description);
    add_text(one, "ExportName", output.export_name);
    outputs.push_back(std::move(one));
  }
  if (!outputs.empty()) out["Outputs"] = std::move(outputs);
  return out;
}

json event_document(const stack::Stack& stack, const stack::StackEvent& event) {
  json out = {{"StackId", stack.id},
              {"StackName", stack.name},
              {"EventId", event.id},
              {"LogicalResourceId", event.logical_id},
              {"PhysicalResourceId", event.physical_id},
              {"ResourceType", event.type},
              {"Timestamp", seconds(event.time)},
              {"ResourceStatus", event.status}};
  add_text(out, "ResourceStatusReason", event.reason);
  add_text(out, "ResourceProperties", event.properties);
  add_text(out, "ClientRequestToken", event.token);
  return out;
}

json resource_summary(const stack::StackResource& resource) {
  json out = {{"LogicalResourceId", resource.logical_id},
              {"ResourceType", resource.type},
              {"LastUpdatedTimestamp", seconds(resource.changed)},
              {"ResourceStatus", resource.status},
              {"DriftInformation", {{"StackResourceDriftStatus", "NOT_CHECKED"}}}};
  add_text(out, "PhysicalResourceId", resource.physical_id);
  add_text(out, "ResourceStatusReason", resource.reason);
  return out;
}

json resource_document(const stack::Stack& stack, const stack::StackResource& resource) {
  json out = resource_summary(resource);
  out["StackId"] = stack.id;
  out["StackName"] = stack.name;
  out["Timestamp"] = out["LastUpdatedTimestamp"];
  out.erase("LastUpdatedTimestamp");
  return out;
}

json change_set_summary(const stack::Stack& stack, const stack::ChangeSet& set) {
  json out = {{"StackId", stack.id},
              {"StackName", stack.name},
              {"ChangeSetId", set.id},
              {"ChangeSetName", set.name},
              {"ExecutionStatus", set.execution_status},
              {"Status", set.status},
              {"CreationTime", seconds(set.created)},
              {"IncludeNestedStacks", false}};
  add_text(out, "StatusReason", set.reason);
  add_text(out, "Description", set.description);
  return out;
}

json change_set_document(const stack::Stack& stack, const stack::ChangeSet& set, Values values) {
  json out = change_set_summary(stack, set);
  out["Parameters"] = parameters_of(set.wish.parameters, stack.hidden_parameters);
  out["NotificationARNs"] = set.wish.notification_arns;
  out["Capabilities"] = set.wish.capabilities;
  out["Tags"] = tags_of(set.wish.tags);
  out["RollbackConfiguration"] = json::object();
  json changes = json::array();
  for (const stack::Change& change : set.changes)
    changes.push_back(change_document(change, values));
  out["Changes"] = std::move(changes);
  return out;
}

json template_document(const cfn::Template& parsed, Detail detail) {
  json parameters = json::array();
  for (const cfn::Parameter& parameter : parsed.parameters) {
    json one = {{"ParameterKey", parameter.name}, {"NoEcho", parameter.no_echo}};
    if (parameter.default_value) one["DefaultValue"] = *parameter.default_value;
    add_text(one, "Description", parameter.description);
    if (detail == Detail::kSummary) {
      one["ParameterType"] = parameter.type;
      one["ParameterConstraints"] = json::object();
      if (!parameter.allowed_values.empty())
        one["ParameterConstraints"]["AllowedValues"] = parameter.allowed_values;
    }
    parameters.push_back(std::move(one));
  }
  json out = {{"Parameters", std::move(parameters)}, {"DeclaredTransforms", parsed.transforms}};
  add_text(out, "Description", parsed.description);
  std::set<std::string> types, iam;
  bool named = false;
  for (const cfn::Resource& resource : parsed.resources) {
    types.insert(resource.type);
    if (!resource.type.starts_with("AWS::IAM::")) continue;
    iam.insert(resource.type);
    for (const char* name : {"RoleName", "ManagedPolicyName"})
      named = named || resource.properties.find(name) != nullptr;
  }
  if (!iam.empty()) {
    out["Capabilities"] = json::array({named ? "CAPABILITY_NAMED_IAM" : "CAPABILITY_IAM"});
    std::string list;
    for (const std::string& type : iam) list += (list.empty() ? "" : ", ") + type;
    out["CapabilitiesReason"] = "The following resource(s) require capabilities: [" + list + "]";
  }
  if (detail == Detail::kSummary) {
    out["ResourceTypes"] = types;
    out["Version"] = "2010-09-09";
    if (!parsed.metadata.map.empty()) out["Metadata"] = cfn::to_json(parsed.metadata).dump();
  }
  return out;
}

json processed_template(const cfn::Template& parsed) {
  json out = {{"AWSTemplateFormatVersion", "2010-09-09"}, {"Resources", json::object()}};
  add_text(out, "Description", parsed.description);
  for (const cfn::Resource& resource : parsed.resources) {
    json one = {{"Type", resource.type}};
    if (!resource.properties.map.empty()) one["Properties"] = cfn::to_json(resource.properties);
    if (!resource.depends_on.empty()) one["DependsOn"] = resource.depends_on;
    add_text(one, "Condition", resource.condition);
    out["Resources"][resource.logical_id] = std::move(one);
  }
  for (const cfn::Parameter& parameter : parsed.parameters) {
    json& one = out["Parameters"][parameter.name] = {{"Type", parameter.type}};
    if (parameter.default_value) one["Default"] = *parameter.default_value;
  }
  for (const auto& [name, condition] : parsed.conditions)
    out["Conditions"][name] = cfn::to_json(condition);
  if (!parsed.mappings.map.empty()) out["Mappings"] = cfn::to_json(parsed.mappings);
  for (const cfn::Output& output : parsed.outputs) {
    json& one = out["Outputs"][output.name] = {{"Value", cfn::to_json(output.value)}};
    if (output.export_name) one["Export"] = {{"Name", cfn::to_json(*output.export_name)}};
  }
  return out;
}

bool is_cloudformation_time(std::string_view member) {
  return member.ends_with("Time") || member.ends_with("Timestamp");
}

}  // namespace kiln::services
