#include "stack/stack.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

json time_of(WallTime time) { return epoch_ms(time); }
WallTime time_from(const json& ms) {
  return WallTime(std::chrono::milliseconds(ms.get<int64_t>()));
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

Wish wish_from(const json& in) {
  Wish wish;
  in.at("template").get_to(wish.template_text);
  in.at("parameters").get_to(wish.parameters);
  in.at("tags").get_to(wish.tags);
  in.at("capabilities").get_to(wish.capabilities);
  in.at("notification_arns").get_to(wish.notification_arns);
  in.at("token").get_to(wish.token);
  if (in.at("skip_unsupported").get<bool>()) wish.unsupported = Wish::Unsupported::kSkip;
  wish.on_failure = static_cast<Wish::OnFailure>(in.at("on_failure").get<int>());
  return wish;
}

json document_of(const ChangeReason& reason) {
  return {static_cast<int>(reason.source), reason.property, reason.causing_entity,
          static_cast<int>(reason.evaluation), static_cast<int>(reason.told)};
}

ChangeReason reason_from(const json& in) {
  ChangeReason reason;
  reason.source = static_cast<ChangeReason::Source>(in.at(0).get<int>());
  in.at(1).get_to(reason.property);
  in.at(2).get_to(reason.causing_entity);
  reason.evaluation = static_cast<ChangeReason::Evaluation>(in.at(3).get<int>());
  reason.told = static_cast<ChangeReason::Told>(in.at(4).get<int>());
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
          {"potential", change.is_potential},
          {"before", change.before},
          {"after", change.after}};
}

Change change_from(const json& in) {
  Change change;
  change.action = static_cast<Change::Action>(in.at("action").get<int>());
  change.replacement = static_cast<Change::Replacement>(in.at("replacement").get<int>());
  in.at("logical_id").get_to(change.logical_id);
  in.at("type").get_to(change.type);
  in.at("physical_id").get_to(change.physical_id);
  in.at("properties").get_to(change.properties);
  for (const json& reason : in.value("reasons", json::array()))
    change.reasons.push_back(reason_from(reason));
  change.policy = static_cast<cfn::Policy>(in.value("policy", 0));
  change.is_potential = in.value("potential", false);
  change.before = in.at("before");
  change.after = in.at("after");
  return change;
}

// Runs `read`, whose exceptions are the JSON library's about members that are missing or of
// another type.
template <class T>
Result<T> reading(const char* what, const std::function<T()>& read) {
  try {
    return read();
  } catch (const json::exception& e) {
    return Error{ErrorKind::kInternal, "InternalFailure",
                 std::string("the kept ") + what + " is damaged: " + e.what()};
  }
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

Result<Stack> stack_of(const json& in) {
  return reading<Stack>("stack", [&] {
    Stack stack;
    in.at("name").get_to(stack.name);
    in.at("id").get_to(stack.id);
    in.at("region").get_to(stack.region);
    in.at("status").get_to(stack.status);
    in.at("reason").get_to(stack.reason);
    in.at("description").get_to(stack.description);
    stack.wish = wish_from(in.at("wish"));
    in.at("hidden_parameters").get_to(stack.hidden_parameters);
    // Stacks of earlier versions have none of these.
    stack.parent_id = in.value("parent_id", "");
    stack.root_id = in.value("root_id", "");
    stack.depth = in.value("depth", size_t{0});
    if (const auto resolved = in.find("resolved_parameters"); resolved != in.end())
      resolved->get_to(stack.resolved_parameters);
    stack.change_set_id = in.value("change_set_id", "");
    if (const auto last = in.find("last_operation"); last != in.end() && !last->is_null())
      stack.last_operation = Operation{last->at(0), last->at(1)};
    for (const json& output : in.at("outputs"))
      stack.outputs.push_back({output.at(0), output.at(1), output.at(2), output.at(3)});
    in.at("imports").get_to(stack.imports);
    in.at("termination_protection").get_to(stack.termination_protection);
    stack.created = time_from(in.at("created"));
    if (!in.at("updated").is_null()) stack.updated = time_from(in.at("updated"));
    if (!in.at("deleted").is_null()) stack.deleted = time_from(in.at("deleted"));
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

Result<StackResource> resource_of(const json& in) {
  return reading<StackResource>("resource of a stack", [&] {
    StackResource resource;
    in.at("logical_id").get_to(resource.logical_id);
    in.at("type").get_to(resource.type);
    in.at("name").get_to(resource.name);
    in.at("physical_id").get_to(resource.physical_id);
    resource.properties = in.at("properties");
    resource.attempted = in.at("attempted");
    if (const auto earlier = in.find("earlier"); earlier != in.end())
      earlier->get_to(resource.earlier);
    resource.attributes = in.at("attributes");
    in.at("status").get_to(resource.status);
    in.at("reason").get_to(resource.reason);
    resource.changed = time_from(in.at("changed"));
    resource.deletion_policy = static_cast<cfn::Policy>(in.at("deletion_policy").get<int>());
    resource.replace_policy = static_cast<cfn::Policy>(in.at("replace_policy").get<int>());
    in.at("needs").get_to(resource.needs);
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

Result<StackEvent> event_of(const json& in) {
  return reading<StackEvent>("event of a stack", [&] {
    StackEvent event;
    in.at("id").get_to(event.id);
    // Events of earlier versions have their number at the end of their id alone.
    event.number = in.contains("number")
                       ? in.at("number").get<uint64_t>()
                       : std::strtoull(event.id.c_str() + event.id.rfind('-') + 1, nullptr, 10);
    event.time = time_from(in.at("time"));
    in.at("logical_id").get_to(event.logical_id);
    in.at("physical_id").get_to(event.physical_id);
    in.at("type").get_to(event.type);
    in.at("status").get_to(event.status);
    in.at("reason").get_to(event.reason);
    in.at("properties").get_to(event.properties);
    in.at("token").get_to(event.token);
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

Result<ChangeSet> change_set_of(const json& in) {
  return reading<ChangeSet>("change set", [&] {
    ChangeSet set;
    in.at("name").get_to(set.name);
    in.at("id").get_to(set.id);
    in.at("description").get_to(set.description);
    if (in.at("creates").get<bool>()) set.type = ChangeSet::Type::kCreate;
    set.wish = wish_from(in.at("wish"));
    set.parameters = in.value("parameters", set.wish.parameters);
    set.resolved_parameters = in.value("resolved_parameters", set.resolved_parameters);
    set.hidden_parameters = in.value("hidden_parameters", set.hidden_parameters);
    for (const json& change : in.at("changes")) set.changes.push_back(change_from(change));
    in.at("status").get_to(set.status);
    in.at("execution_status").get_to(set.execution_status);
    in.at("reason").get_to(set.reason);
    set.created = time_from(in.at("created"));
    return set;
  });
}

}  // namespace kiln::stack
