// CloudFormation's operations that only look.
#include <algorithm>

#include "base/json_access.h"
#include "services/cloudformation/documents.h"
#include "services/cloudformation/operations.h"
#include "stack/validation_error.h"
#include "wire/fields.h"
#include "wire/key_page.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kPage = 100;

using Keys = std::vector<std::string>;

// The elements, whose keys are in ascending order, from where `token` says, under `name`, with a
// NextToken when there are more.
Result<json> page(const json& all, const Keys& keys, const char* name, const std::string& token) {
  const auto shown = wire::key_page(keys, token, kPage);
  if (!shown)
    return stack::validation_error("NextToken '" + token + "' is not one that this operation gave");
  json out = {{name, json::array()}};
  for (size_t i = shown->from; i < shown->to; ++i) out[name].push_back(all[i]);
  if (!shown->next.empty()) out["NextToken"] = shown->next;
  return out;
}

// Newest first.
std::string key_of(const stack::Stack& stack) {
  return wire::descending_key(static_cast<uint64_t>(stack.created.time_since_epoch().count())) +
         stack.id;
}

// The name in a stack's name or id.
std::string name_of(const std::string& name_or_id) {
  if (!name_or_id.starts_with("arn:")) return name_or_id;
  const size_t at = std::min(name_or_id.find('/'), name_or_id.size() - 1) + 1;
  return name_or_id.substr(at, name_or_id.find('/', at) - at);
}

using Known = std::map<std::string, std::string>;

Result<cfn::Template> template_of(cfn::Reading reading) {
  if (reading.ok()) return std::move(*reading.parsed);
  std::string message;
  for (const cfn::Problem& problem : reading.problems)
    message += (message.empty() ? "" : "\n") + cfn::text_of(problem);
  return stack::validation_error(message);
}

Result<cfn::Template> read(const std::string& text, const cfn::Include& include,
                           const Known& known = {}) {
  return template_of(cfn::read_template(text, known, include));
}

// What these operations look at is the same before the transforms, which AWS carries out later,
// with the values of the parameters.
Result<cfn::Template> read_to_describe(const std::string& text, const cfn::Include& include) {
  auto reading = cfn::read_template(text, {}, include);
  if (!reading.processing_failure.empty() || !reading.valueless.empty())
    if (auto written = cfn::read_as_written(text, include)) return *std::move(written);
  return template_of(std::move(reading));
}

}  // namespace

Result<json> CloudFormationOperations::describe_stacks(const Call& call) {
  wire::Fields in(call.input);
  const std::string name = in.text("StackName"), token = in.text("NextToken");
  json stacks = json::array();
  Keys keys;
  if (!name.empty()) {
    const auto found = book_.find(call.region, name);
    if (!found) return found.error();
    stacks.push_back(stack_document(*found));
    return json{{"Stacks", std::move(stacks)}};
  }
  for (const stack::Stack& each : book_.all(call.region))
    if (!each.is_deleted()) {
      stacks.push_back(stack_document(each));
      keys.push_back(key_of(each));
    }
  return page(stacks, keys, "Stacks", token);
}

Result<json> CloudFormationOperations::list_stacks(const Call& call) {
  wire::Fields in(call.input);
  const auto wanted = in.texts("StackStatusFilter");
  const std::string token = in.text("NextToken");
  json stacks = json::array();
  Keys keys;
  for (const stack::Stack& each : book_.all(call.region))
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), each.status) != wanted.end()) {
      stacks.push_back(stack_summary(each));
      keys.push_back(key_of(each));
    }
  return page(stacks, keys, "StackSummaries", token);
}

Result<json> CloudFormationOperations::describe_stack_events(const Call& call) {
  wire::Fields in(call.input);
  const std::string name = in.text("StackName"), token = in.text("NextToken");
  const auto found = book_.find(call.region, name);
  if (!found) return stack::validation_error("Stack [" + name + "] does not exist");
  json events = json::array();
  Keys keys;
  for (auto event = found->events.rbegin(); event != found->events.rend(); ++event) {
    events.push_back(event_document(*found, *event));
    keys.push_back(wire::descending_key(event->number));
  }
  return page(events, keys, "StackEvents", token);
}

Result<json> CloudFormationOperations::describe_stack_resource(const Call& call) {
  wire::Fields in(call.input);
  const std::string name = in.text("StackName"), id = in.text("LogicalResourceId");
  const auto found = book_.find(call.region, name);
  if (!found) return stack::validation_error("Stack '" + name + "' does not exist");
  const auto resource = found->resources.find(id);
  if (resource == found->resources.end())
    return stack::validation_error("Resource " + id + " does not exist for stack " + name);
  json detail = resource_document(*found, resource->second);
  detail["LastUpdatedTimestamp"] = detail["Timestamp"];
  detail.erase("Timestamp");
  detail["Metadata"] = book_.metadata(*found, id);
  return json{{"StackResourceDetail", std::move(detail)}};
}

Result<json> CloudFormationOperations::describe_stack_resources(const Call& call) {
  wire::Fields in(call.input);
  const std::string name = in.text("StackName"), id = in.text("LogicalResourceId");
  const std::string physical = in.text("PhysicalResourceId");
  json resources = json::array();
  const auto add = [&](const stack::Stack& from) {
    for (const auto& [logical, resource] : from.resources)
      if (id.empty() || logical == id) resources.push_back(resource_document(from, resource));
  };
  if (!name.empty()) {
    const auto found = book_.find(call.region, name);
    if (!found) return found.error();
    add(*found);
    return json{{"StackResources", std::move(resources)}};
  }
  if (!physical.empty())
    if (const auto owner = book_.find_owner(call.region, physical)) {
      add(*owner);
      return json{{"StackResources", std::move(resources)}};
    }
  return stack::validation_error(physical.empty() ? "StackName or PhysicalResourceId must be given"
                                                  : "Stack for " + physical + " does not exist");
}

Result<json> CloudFormationOperations::list_stack_resources(const Call& call) {
  wire::Fields in(call.input);
  const std::string name = in.text("StackName"), token = in.text("NextToken");
  const auto found = book_.find(call.region, name);
  if (!found) return found.error();
  json resources = json::array();
  Keys keys;
  for (const auto& [id, resource] : found->resources) {
    resources.push_back(resource_summary(resource));
    keys.push_back(id);
  }
  return page(resources, keys, "StackResourceSummaries", token);
}

Result<json> CloudFormationOperations::list_exports(const Call& call) {
  wire::Fields in(call.input);
  json exports = json::array();
  Keys keys;
  for (const stack::Export& each : book_.exports(call.region)) {
    exports.push_back(
        {{"ExportingStackId", each.stack_id}, {"Name", each.name}, {"Value", each.value}});
    keys.push_back(each.name);
  }
  return page(exports, keys, "Exports", in.text("NextToken"));
}

Result<json> CloudFormationOperations::list_imports(const Call& call) {
  wire::Fields in(call.input);
  const std::string name = in.text("ExportName");
  const auto users = book_.importers(call.region, name);
  if (users.empty())
    return stack::validation_error("Export '" + name + "' is not imported by any stack.");
  return page(users, users, "Imports", in.text("NextToken"));
}

Result<std::string> CloudFormationOperations::template_text(const Call& call) {
  wire::Fields in(call.input);
  auto text = read_template_text(call.input, fetch_);
  if (!text) return text.error();
  if (*text) return std::move(**text);
  const std::string name = in.text("StackName"), set_name = in.text("ChangeSetName");
  if (!set_name.empty()) {
    const auto set = book_.find_change_set(call.region, name, set_name);
    if (!set) return set.error();
    return set->wish.template_text;
  }
  if (name.empty())
    return stack::validation_error("Either Template URL or Template Body must be specified.");
  const auto found = book_.find(call.region, name);
  if (!found) return found.error();
  if (found->status == "REVIEW_IN_PROGRESS")
    return stack::validation_error(
        "GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.");
  return found->wish.template_text;
}

// What a stack or a change set was asked to be.
Result<stack::Wish> CloudFormationOperations::kept_wish(const Call& call) {
  wire::Fields in(call.input);
  const std::string name = in.text("StackName"), set_name = in.text("ChangeSetName");
  if (!in.status()) return in.status().error();
  if (set_name.empty()) {
    if (name.empty())
      return stack::validation_error("StackName is required if ChangeSetName is not specified.");
    const auto found = book_.find(call.region, name);
    if (!found) return found.error();
    return found->wish;
  }
  if (name.empty() && !set_name.starts_with("arn:"))
    return stack::validation_error("StackName is a required parameter.");
  const auto set = book_.find_change_set(call.region, name, set_name);
  if (!set) return set.error();
  return set->wish;
}

Result<json> CloudFormationOperations::get_template(const Call& call) {
  wire::Fields in(call.input);
  const std::string stage = in.text("TemplateStage", "Original");
  const auto wish = kept_wish(call);
  if (!wish) return wish.error();
  const std::string& text = wish->template_text;
  json out = {{"TemplateBody", text}, {"StagesAvailable", {"Original", "Processed"}}};
  if (stage != "Processed") return out;
  // As the deployment read it: logical ids and whole resources may depend on parameters.
  Known known = book_.known_values(call.region, *wish);
  const auto parsed = read(text, book_.include(), known);
  if (!parsed) return parsed.error();
  if (const std::string name = name_of(in.text("StackName")); !name.empty())
    known["AWS::StackName"] = name;
  if (!parsed->transforms.empty())
    out["TemplateBody"] = json_dump(cfn::processed_template(text, known, book_.include()));
  return out;
}

Result<json> CloudFormationOperations::get_template_summary(const Call& call) {
  const auto text = template_text(call);
  if (!text) return text.error();
  const auto parsed = read_to_describe(*text, book_.include());
  if (!parsed) return parsed.error();
  return template_document(*parsed, Detail::kSummary);
}

Result<json> CloudFormationOperations::validate_template(const Call& call) {
  const auto text = read_template_text(call.input, fetch_);
  if (!text) return text.error();
  if (!*text)
    return stack::validation_error("Either Template URL or Template Body must be specified.");
  const auto parsed = read_to_describe(**text, book_.include());
  if (!parsed) return parsed.error();
  return template_document(*parsed, Detail::kValidation);
}

}  // namespace kiln::services
