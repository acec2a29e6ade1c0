#include "stack/stack.h"

#include "base/document_reader.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

json time_of(WallTime time) { return epoch_ms(time); }

template <class Enum>
Enum enum_of(const DocumentReader& in, const char* name) {
  return static_cast<Enum>(in.get<int>(name));
}

json document_of(const Wish& wish) {
  return {{"template", wish.template_text},
          {"parameters", wish.parameters},
          {"tags", wish.tags},
          {"capabilities", wish.capabilities},
          {"notification_arns", wish.notification_arns},
          {"token", wish.token},
          {"skip_unsupported", wish.unsupported == Wish::Unsupported::kSkip},
          {"on_failure", static_cast<int>(wish.on_failure)}};
}

Wish wish_from(const DocumentReader& in) {
  Wish wish;
  in.read("template", wish.template_text);
  in.read("parameters", wish.parameters);
  in.read("tags", wish.tags);
  in.read("capabilities", wish.capabilities);
  in.read("notification_arns", wish.notification_arns);
  in.read("token", wish.token);
  if (in.get<bool>("skip_unsupported")) wish.unsupported = Wish::Unsupported::kSkip;
  wish.on_failure = enum_of<Wish::OnFailure>(in, "on_failure");
  return wish;
}

json document_of(const ChangeReason& reason) {
  return {static_cast<int>(reason.source), reason.property, reason.causing_entity,
          static_cast<int>(reason.evaluation), static_cast<int>(reason.told)};
}

ChangeReason reason_from(const DocumentReader& in) {
  ChangeReason reason;
  reason.source = static_cast<ChangeReason::Source>(in.item<int>(0));
  reason.property = in.item<std::string>(1);
  reason.causing_entity = in.item<std::string>(2);
  reason.evaluation = static_cast<ChangeReason::Evaluation>(in.item<int>(3));
  reason.told = static_cast<ChangeReason::Told>(in.item<int>(4));
  return reason;
}

json document_of(const Change& change) {
  json reasons = json::array();
  for (const ChangeReason& reason : change.reasons) reasons.push_back(document_of(reason));
  return {{"action", static_cast<int>(change.action)},
          {"replacement", static_cast<int>(change.replacement)},
          {"logical_id", change.logical_id},
          {"type", change.type},
          {"physical_id", change.physical_id},
          {"properties", change.properties},
          {"reasons", std::move(reasons)},
          {"policy", static_cast<int>(change.policy)},
          {"left_out", change.is_left_out},
          {"note", change.note},
          {"potential", change.is_potential},
          {"before", change.before},
          {"after", change.after}};
}

Change change_from(const DocumentReader& in) {
  Change change;
  change.action = enum_of<Change::Action>(in, "action");
  change.replacement = enum_of<Change::Replacement>(in, "replacement");
  in.read("logical_id", change.logical_id);
  in.read("type", change.type);
  in.read("physical_id", change.physical_id);
  in.read("properties", change.properties);
  if (in.has("reasons"))
    for (const DocumentReader& reason : in.list("reasons"))
      change.reasons.push_back(reason_from(reason));
  if (in.has("policy")) change.policy = enum_of<cfn::Policy>(in, "policy");
  in.read_if("left_out", change.is_left_out);
  in.read_if("note", change.note);
  in.read_if("potential", change.is_potential);
  in.read("before", change.before);
  in.read("after", change.after);
  return change;
}

// What `read` makes of a kept document.
template <class T>
Result<T> reading(const char* what, const json& document,
                  const std::function<T(const DocumentReader&)>& read) {
  std::string problem;
  T out = read(DocumentReader(document, problem));
  if (problem.empty()) return out;
  return Error{ErrorKind::kInternal, "InternalFailure",
               std::string("the kept ") + what + " is damaged: " + problem};
}

}  // namespace

json to_document(const Stack& stack) {
  json outputs = json::array();
  for (const StackOutput& output : stack.outputs)
    outputs.push_back({output.key, output.value, output.description, output.export_name});
  return {
      {"name", stack.name},
      {"id", stack.id},
      {"region", stack.region},
      {"parent_id", stack.parent_id},
      {"root_id", stack.root_id},
      {"depth", stack.depth},
      {"status", stack.status},
      {"reason", stack.reason},
      {"description", stack.description},
      {"wish", document_of(stack.wish)},
      {"hidden_parameters", stack.hidden_parameters},
      {"resolved_parameters", stack.resolved_parameters},
      {"change_set_id", stack.change_set_id},
      {"last_operation",
       stack.last_operation ? json{stack.last_operation->id, stack.last_operation->type} : json()},
      {"outputs", std::move(outputs)},
      {"imports", stack.imports},
      {"termination_protection", stack.termination_protection},
      {"created", time_of(stack.created)},
      {"updated", stack.updated ? time_of(*stack.updated) : json()},
      {"deleted", stack.deleted ? time_of(*stack.deleted) : json()}};
}

Result<Stack> stack_of(const json& document) {
  return reading<Stack>("stack", document, [](const DocumentReader& in) {
    Stack stack;
    in.read("name", stack.name);
    in.read("id", stack.id);
    in.read("region", stack.region);
    in.read("status", stack.status);
    in.read("reason", stack.reason);
    in.read("description", stack.description);
    stack.wish = wish_from(in.object("wish"));
    in.read("hidden_parameters", stack.hidden_parameters);
    // Stacks of earlier versions have none of these.
    in.read_if("parent_id", stack.parent_id);
    in.read_if("root_id", stack.root_id);
    in.read_if("depth", stack.depth);
    in.read_if("resolved_parameters", stack.resolved_parameters);
    in.read_if("change_set_id", stack.change_set_id);
    std::vector<std::string> last;
    in.read_if("last_operation", last);
    if (last.size() == 2) stack.last_operation = Operation{last[0], last[1]};
    for (const DocumentReader& output : in.list("outputs"))
      stack.outputs.push_back({output.item<std::string>(0), output.item<std::string>(1),
                               output.item<std::string>(2), output.item<std::string>(3)});
    in.read("imports", stack.imports);
    in.read("termination_protection", stack.termination_protection);
    in.read("created", stack.created);
    in.read("updated", stack.updated);
    in.read("deleted", stack.deleted);
    return stack;
  });
}

json to_document(const StackResource& resource) {
  return {{"logical_id", resource.logical_id},
          {"type", resource.type},
          {"name", resource.name},
          {"physical_id", resource.physical_id},
          {"properties", resource.properties},
          {"attempted", resource.attempted},
          {"earlier", resource.earlier},
          {"attributes", resource.attributes},
          {"status", resource.status},
          {"reason", resource.reason},
          {"changed", time_of(resource.changed)},
          {"deletion_policy", static_cast<int>(resource.deletion_policy)},
          {"replace_policy", static_cast<int>(resource.replace_policy)},
          {"needs", resource.needs}};
}

Result<StackResource> resource_of(const json& document) {
  return reading<StackResource>("resource of a stack", document, [](const DocumentReader& in) {
    StackResource resource;
    in.read("logical_id", resource.logical_id);
    in.read("type", resource.type);
    in.read("name", resource.name);
    in.read("physical_id", resource.physical_id);
    in.read("properties", resource.properties);
    in.read("attempted", resource.attempted);
    in.read_if("earlier", resource.earlier);
    in.read("attributes", resource.attributes);
    in.read("status", resource.status);
    in.read("reason", resource.reason);
    in.read("changed", resource.changed);
    resource.deletion_policy = enum_of<cfn::Policy>(in, "deletion_policy");
    resource.replace_policy = enum_of<cfn::Policy>(in, "replace_policy");
    in.read("needs", resource.needs);
    return resource;
  });
}

json to_document(const StackEvent& event) {
  return {{"number", event.number},           {"id", event.id},
          {"time", time_of(event.time)},      {"logical_id", event.logical_id},
          {"physical_id", event.physical_id}, {"type", event.type},
          {"status", event.status},           {"reason", event.reason},
          {"properties", event.properties},   {"token", event.token}};
}

Result<StackEvent> event_of(const json& document) {
  return reading<StackEvent>("event of a stack", document, [](const DocumentReader& in) {
    StackEvent event;
    in.read("id", event.id);
    // Events of earlier versions have their number at the end of their id alone.
    event.number = in.has("number")
                       ? in.get<uint64_t>("number")
                       : std::strtoull(event.id.c_str() + event.id.rfind('-') + 1, nullptr, 10);
    in.read("time", event.time);
    in.read("logical_id", event.logical_id);
    in.read("physical_id", event.physical_id);
    in.read("type", event.type);
    in.read("status", event.status);
    in.read("reason", event.reason);
    in.read("properties", event.properties);
    in.read("token", event.token);
    return event;
  });
}

json to_document(const ChangeSet& set) {
  json changes = json::array();
  for (const Change& change : set.changes) changes.push_back(document_of(change));
  return {{"name", set.name},
          {"id", set.id},
          {"description", set.description},
          {"creates", set.type == ChangeSet::Type::kCreate},
          {"wish", document_of(set.wish)},
          {"parameters", set.parameters},
          {"resolved_parameters", set.resolved_parameters},
          {"hidden_parameters", set.hidden_parameters},
          {"changes", std::move(changes)},
          {"status", set.status},
          {"execution_status", set.execution_status},
          {"reason", set.reason},
          {"created", time_of(set.created)}};
}

Result<ChangeSet> change_set_of(const json& document) {
  return reading<ChangeSet>("change set", document, [](const DocumentReader& in) {
    ChangeSet set;
    in.read("name", set.name);
    in.read("id", set.id);
    in.read("description", set.description);
    if (in.get<bool>("creates")) set.type = ChangeSet::Type::kCreate;
    set.wish = wish_from(in.object("wish"));
    set.parameters = set.wish.parameters;
    in.read_if("parameters", set.parameters);
    in.read_if("resolved_parameters", set.resolved_parameters);
    in.read_if("hidden_parameters", set.hidden_parameters);
    for (const DocumentReader& change : in.list("changes"))
      set.changes.push_back(change_from(change));
    in.read("status", set.status);
    in.read("execution_status", set.execution_status);
    in.read("reason", set.reason);
    in.read("created", set.created);
    return set;
  });
}

}  // namespace kiln::stack
