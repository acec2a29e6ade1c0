#include "services/cloudformation/documents.h"

#include <algorithm>
#include <set>

#include "base/json_access.h"
#include "stack/resource_type.h"

namespace kiln::services {
namespace {

using nlohmann::json;

void add_text(json& document, const char* name, const std::string& text) {
  if (!text.empty()) document[name] = text;
}

// AWS leaves some empty lists out, and writes others.
void add_list(json& document, const char* name, json list) {
  if (!list.empty()) document[name] = std::move(list);
}

}  // namespace

json tags_of(const std::map<std::string, std::string>& tags) {
  json out = json::array();
  for (const auto& [key, value] : tags) out.push_back({{"Key", key}, {"Value", value}});
  return out;
}

json parameters_of(const std::map<std::string, std::string>& parameters,
                   const std::map<std::string, std::string>& resolved,
                   const std::vector<std::string>& hidden) {
  json out = json::array();
  for (const auto& [key, value] : parameters) {
    const bool shown = std::find(hidden.begin(), hidden.end(), key) == hidden.end();
    json one = {{"ParameterKey", key}, {"ParameterValue", shown ? value : "****"}};
    if (const auto found = resolved.find(key); found != resolved.end())
      one["ResolvedValue"] = shown ? found->second : "****";
    out.push_back(std::move(one));
  }
  return out;
}

json stack_summary(const stack::Stack& stack) {
  json out = {{"StackId", stack.id},
              {"StackName", stack.name},
              {"CreationTime", stack_seconds(stack.created)},
              {"StackStatus", stack.status},
              {"DriftInformation", {{"StackDriftStatus", "NOT_CHECKED"}}}};
  if (stack.updated) out["LastUpdatedTime"] = stack_seconds(*stack.updated);
  add_text(out, "ParentId", stack.parent_id);
  add_text(out, "RootId", stack.root_id);
  if (stack.deleted) out["DeletionTime"] = stack_seconds(*stack.deleted);
  add_text(out, "StackStatusReason", stack.reason);
  add_text(out, "TemplateDescription", stack.description);
  return out;
}

json stack_document(const stack::Stack& stack) {
  json out = stack_summary(stack);
  out.erase("TemplateDescription");
  add_text(out, "Description", stack.description);
  add_text(out, "ChangeSetId", stack.change_set_id);
  add_list(
      out, "Parameters",
      parameters_of(stack.wish.parameters, stack.resolved_parameters, stack.hidden_parameters));
  add_list(out, "Capabilities", stack.wish.capabilities);
  out["NotificationARNs"] = stack.wish.notification_arns;
  out["Tags"] = tags_of(stack.wish.tags);
  out["DisableRollback"] = stack.wish.on_failure == stack::Wish::OnFailure::kDoNothing;
  if (!stack.is_deleted()) out["EnableTerminationProtection"] = stack.termination_protection;
  out["RollbackConfiguration"] = json::object();
  if (stack.last_operation)
    out["LastOperations"] = json::array({{{"OperationId", stack.last_operation->id},
                                          {"OperationType", stack.last_operation->type}}});
  json outputs = json::array();
  for (const stack::StackOutput& output : stack.outputs) {
    json one = {{"OutputKey", output.key}, {"OutputValue", output.value}};
    add_text(one, "Description", output.description);
    add_text(one, "ExportName", output.export_name);
    outputs.push_back(std::move(one));
  }
  add_list(out, "Outputs", std::move(outputs));
  return out;
}

json event_document(const stack::Stack& stack, const stack::StackEvent& event) {
  json out = {{"StackId", stack.id},
              {"StackName", stack.name},
              {"EventId", event.id},
              {"LogicalResourceId", event.logical_id},
              {"PhysicalResourceId", event.physical_id},
              {"ResourceType", event.type},
              {"Timestamp", stack_seconds(event.time)},
              {"ResourceStatus", event.status}};
  add_text(out, "ResourceStatusReason", event.reason);
  add_text(out, "ResourceProperties", event.properties);
  add_text(out, "ClientRequestToken", event.token);
  return out;
}

json resource_summary(const stack::StackResource& resource) {
  json out = {{"LogicalResourceId", resource.logical_id},
              {"ResourceType", resource.type},
              {"LastUpdatedTimestamp", stack_seconds(resource.changed)},
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

namespace {

// Which properties name the resources of each type: where Kiln knows it.
json identifier_summaries(const cfn::Template& parsed) {
  json out = json::array();
  for (const cfn::Resource& resource : parsed.resources) {
    const auto same = std::find_if(out.begin(), out.end(), [&](const json& summary) {
      return summary["ResourceType"] == resource.type;
    });
    if (same != out.end()) {
      (*same)["LogicalResourceIds"].push_back(resource.logical_id);
      continue;
    }
    json one = {{"ResourceType", resource.type},
                {"LogicalResourceIds", json::array({resource.logical_id})}};
    const stack::ResourceType* type = stack::find_resource_type(resource.type);
    const bool by_name = type && (type->id_is_name() || resource.type == "AWS::S3::Bucket");
    if (by_name && !type->name_property().empty())
      one["ResourceIdentifiers"] = json::array({type->name_property()});
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

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
  json out = {{"Parameters", std::move(parameters)}};
  add_list(out, "DeclaredTransforms", parsed.transforms);
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
    out["ResourceIdentifierSummaries"] = identifier_summaries(parsed);
    out["Version"] = "2010-09-09";
    if (!parsed.metadata.map.empty()) out["Metadata"] = json_dump(cfn::to_json(parsed.metadata));
  }
  return out;
}

bool is_cloudformation_time(std::string_view member) {
  return member.ends_with("Time") || member.ends_with("Timestamp");
}

}  // namespace kiln::services
