#include "stack/plan.h"

#include <algorithm>

#include "stack/attributes.h"
#include "stack/skipped_type.h"
#include "stack/step_graph.h"

namespace kiln::stack {

using nlohmann::json;

Result<json> PlannedResources::reference(const std::string& logical_id,
                                         const std::string& attribute) const {
  if (left_out_.contains(logical_id)) return skipped_value(logical_id, attribute);
  const auto made = made_.find(logical_id);
  if (made == made_.end()) {
    if (const auto found = now_.find(logical_id); found != now_.end())
      return value_of(found->second, attribute);
  } else if (attribute.empty() && !made->second.empty()) {
    return json(made->second);
  }
  if (!attribute.empty()) {
    const cfn::Resource* resource = template_.resource(logical_id);
    const ResourceType* type = resource ? type_for(resource->type, wish_.unsupported) : nullptr;
    if (type && is_skipped(*type)) return skipped_value(logical_id, attribute);
    if (type && !has_attribute(*type, attribute)) return unknown_attribute(logical_id, attribute);
  }
  return json(cfn::kUnknown);
}

void PlannedResources::will_be_made(const std::string& logical_id, const Wanted& wanted) {
  made_[logical_id] = wanted.type->id_is_name() ? wanted.given_name : "";
  if (is_skipped(*wanted.type)) left_out_.insert(logical_id);
}

std::optional<Change> compare(const StackResource& before, const Wanted& after) {
  Change change;
  change.action = Change::Action::kModify;
  change.logical_id = before.logical_id;
  change.type = before.type;
  change.physical_id = before.physical_id;
  change.properties = changed_properties(before.properties, after.properties);
  if (before.unsettled()) {
    // It may have either value now.
    for (std::string& name : changed_properties(before.attempted, after.properties))
      if (std::find(change.properties.begin(), change.properties.end(), name) ==
          change.properties.end())
        change.properties.push_back(std::move(name));
  }
  // What was left out and is held now, or the other way, is another resource.
  const bool other =
      says_skipped(before.attributes) != is_skipped(*after.type) && find_resource_type(before.type);
  if (change.properties.empty() && !before.unsettled() && !other) return std::nullopt;
  change.is_left_out = is_skipped(*after.type);
  change.note = after.note;
  change.before = before.properties;
  change.after = after.properties;
  std::vector<std::string> certain, open;
  for (const std::string& name : change.properties) {
    const auto value = after.properties.find(name);
    const bool unknown = value != after.properties.end() && cfn::is_unknown(*value);
    (unknown ? open : certain).push_back(name);
  }
  if (other || replaces(*after.type, certain))
    change.replacement = Change::Replacement::kYes;
  else if (replaces(*after.type, open))
    change.replacement = Change::Replacement::kConditional;
  return change;
}

namespace {

Change removal(const StackResource& resource) {
  Change change;
  change.action = Change::Action::kRemove;
  change.logical_id = resource.logical_id;
  change.type = resource.type;
  change.physical_id = resource.physical_id;
  change.before = resource.properties;
  change.policy = resource.deletion_policy;
  change.is_left_out = says_skipped(resource.attributes);
  if (change.is_left_out) change.note = "it was left out before";
  return change;
}

Error type_changed(const std::string& logical_id) {
  return {ErrorKind::kInvalid, "ValidationError",
          "Update of resource type is not permitted. The new template modifies resource type of "
          "the following resources: [" +
              logical_id + "]"};
}

}  // namespace

Result<Plan> make_plan(const std::map<std::string, StackResource>& now, Resolver& resolver,
                       PlannedResources& planned) {
  auto graph = resolver.graph();
  if (!graph) return graph.error();
  Plan plan;
  for (const std::string& id : StepGraph(*graph).order()) {
    auto wanted = resolver.wanted(id);
    if (!wanted) return wanted.error();
    const auto there = now.find(id);
    if (there != now.end() && there->second.is_whole()) {
      if (there->second.type != resolver.parsed().resource(id)->type) return type_changed(id);
      auto change = compare(there->second, *wanted);
      if (!change) continue;
      // Attributes of these are what others answer to the change.
      const bool is_open = wanted->type->is_custom() || wanted->type->name() == kStackType;
      if (is_open || change->replacement != Change::Replacement::kNo)
        planned.will_be_made(id, *wanted);
      change->policy = resolver.parsed().resource(id)->update_replace_policy;
      plan.changes.push_back(std::move(*change));
      continue;
    }
    planned.will_be_made(id, *wanted);
    Change change;
    change.logical_id = id;
    change.type = resolver.parsed().resource(id)->type;
    change.is_left_out = is_skipped(*wanted->type);
    change.note = std::move(wanted->note);
    change.after = std::move(wanted->properties);
    plan.changes.push_back(std::move(change));
  }
  for (const auto& [id, resource] : now)
    if (!graph->contains(id)) plan.changes.push_back(removal(resource));
  // What its outputs refer to must be there, too.
  auto outputs = resolver.outputs();
  if (!outputs) return outputs.error();
  plan.outputs = std::move(*outputs);
  return plan;
}

}  // namespace kiln::stack
