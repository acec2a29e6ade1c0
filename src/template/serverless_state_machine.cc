// AWS::Serverless::StateMachine, and its events.
#include <algorithm>

#include "base/json_access.h"
#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

const std::initializer_list<std::string_view> kStateMachineProperties = {"Definition",
                                                                         "DefinitionUri",
                                                                         "Logging",
                                                                         "Role",
                                                                         "RolePath",
                                                                         "DefinitionSubstitutions",
                                                                         "Events",
                                                                         "Name",
                                                                         "Type",
                                                                         "Tags",
                                                                         "PropagateTags",
                                                                         "Policies",
                                                                         "Tracing",
                                                                         "PermissionsBoundary",
                                                                         "AutoPublishAlias",
                                                                         "DeploymentPreference",
                                                                         "UseAliasAsEventTarget"};

bool is_dynamic_reference(const Node& node) {
  return node.is_text() && node.text.find("{{resolve:") != std::string::npos;
}

// What is known at deployment only is put into the definition by Step Functions: each such value is
// taken out, in the order of the names, and has a name of its own.
void take_out_values(Node& node, Node& substitutions, size_t& count) {
  const auto replace = [&](Node& value) {
    const std::string name = "definition_substitution_" + std::to_string(++count);
    sam::put(substitutions, name, value);
    value = sam::text("${" + name + "}");
  };
  std::vector<Node*> children;
  for (Node& item : node.list) children.push_back(&item);
  std::vector<Member*> members;
  for (Member& member : node.map) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const Member* a, const Member* b) { return a->name < b->name; });
  for (Member* member : members) children.push_back(&member->value);
  for (Node* child : children) {
    if (sam::is_function(*child) || is_dynamic_reference(*child))
      replace(*child);
    else
      take_out_values(*child, substitutions, count);
  }
}

class MachineExpander {
 public:
  MachineExpander(SamTemplate& all, const SamResource& machine, Made& made)
      : all_(all), machine_(machine), made_(made) {}

  void expand() {
    check_properties(all_, machine_, kStateMachineProperties);
    Node properties = sam::map();
    define(properties);
    sam::put(properties, "Tags", tag_list());
    sam::copy(machine_.properties, {"Name"}, properties);
    for (const auto& [to, from] :
         {std::pair("StateMachineName", "Name"), std::pair("StateMachineType", "Type"),
          std::pair("LoggingConfiguration", "Logging"),
          std::pair("TracingConfiguration", "Tracing")})
      if (const Node* value = find(from)) sam::put(properties, to, *value);
    sam::erase(properties, "Name");
    Made more;
    if (const Node* role = find("Role"); sam::truthy(role)) {
      if (sam::truthy(find("Policies")))
        wrong(role->place,
              "Specify either 'Role' or 'Policies' (but not both at the same time) or "
              "neither of them");
      sam::put(properties, "RoleArn", *role);
    } else {
      more.push_back(role_resource());
      sam::put(properties, "RoleArn", sam::get_att(machine_.id + "Role", "Arn"));
    }
    EventTarget target{machine_.id, true};
    publish(target, more);
    expand_machine_events(all_, machine_, target, more);
    made_.push_back(
        make_main(all_, machine_, "AWS::StepFunctions::StateMachine", std::move(properties)));
    std::move(more.begin(), more.end(), std::back_inserter(made_));
  }

 private:
  const Node* find(std::string_view name) const { return machine_.find(name); }
  void wrong(Place place, const std::string& message) {
    sam_problem(all_, machine_, place, message);
  }

  Node tag_list() const {
    Node tags = sam::tag_list(find("Tags"));
    tags.list.insert(tags.list.begin(),
                     sam::map({{"Key", "stateMachine:createdBy"}, {"Value", "SAM"}}));
    return tags;
  }

  void define(Node& properties) {
    const Node* definition = find("Definition");
    const Node* uri = find("DefinitionUri");
    if (definition && uri)
      return wrong(uri->place,
                   "Specify either 'Definition' or 'DefinitionUri' property and not both.");
    if (!definition && !uri)
      return wrong(machine_.place,
                   "Either 'Definition' or 'DefinitionUri' property must be specified.");
    Node substitutions =
        find("DefinitionSubstitutions") ? *find("DefinitionSubstitutions") : sam::map();
    if (uri) {
      sam::put(properties, "DefinitionS3Location",
               s3_location(all_, machine_, *uri, "DefinitionUri"));
    } else {
      Node written = *definition;
      size_t count = 0;
      take_out_values(written, substitutions, count);
      // Line by line, as SAM writes it.
      const std::string text = json_ascii(to_json(written), 4);
      Node lines = sam::list();
      for (size_t start = 0; start <= text.size();) {
        const size_t end = std::min(text.find('\n', start), text.size());
        lines.list.push_back(sam::text(text.substr(start, end - start)));
        start = end + 1;
      }
      sam::put(properties, "DefinitionString",
               sam::map({{"Fn::Join", sam::list({sam::text("\n"), std::move(lines)})}}));
    }
    if (!substitutions.map.empty())
      sam::put(properties, "DefinitionSubstitutions", std::move(substitutions));
  }

  Member role_resource() {
    const Node* given = find("Policies");
    Node policies = sam::list();
    if (sam::truthy(given)) policies = given->is_list() ? *given : sam::list({*given});
    const Node* tracing = find("Tracing");
    if (tracing && sam::is_true(tracing->find("Enabled")))
      policies.list.push_back(sam::text(all_.tracing_policy()));
    return make_role(all_, machine_, trust_in("states.amazonaws.com"), {}, {}, &policies,
                     tag_list());
  }

  void publish(EventTarget& target, Made& more) {
    const Node* alias = find("AutoPublishAlias");
    const Node* preference = find("DeploymentPreference");
    const bool aims = sam::is_true(find("UseAliasAsEventTarget"));
    if (!alias) {
      if (aims)
        wrong(machine_.place,
              "'UseAliasAsEventTarget' requires 'AutoPublishAlias' property to be specified.");
      if (preference)
        wrong(preference->place,
              "'DeploymentPreference' requires 'AutoPublishAlias' property to be specified.");
      return;
    }
    const std::string version = machine_.id + "Version";
    Member made = make_resource(all_, machine_, version, "AWS::StepFunctions::StateMachineVersion",
                                sam::map({{"StateMachineArn", sam::ref(machine_.id)},
                                          {"StateMachineRevisionId",
                                           sam::get_att(machine_.id, "StateMachineRevisionId")}}));
    for (const char* attribute : {"DeletionPolicy", "UpdateReplacePolicy"})
      if (!made.value.find(attribute)) sam::put(made.value, attribute, sam::text("Retain"));
    more.push_back(std::move(made));
    Node shift = sam::truthy(preference) ? *preference : sam::map({{"Type", "ALL_AT_ONCE"}});
    sam::put(shift, "StateMachineVersionArn", sam::ref(version));
    const std::string id = machine_.id + "Alias" + all_.resolved_text(alias);
    more.push_back(make_resource(all_, machine_, id, "AWS::StepFunctions::StateMachineAlias",
                                 sam::map({{"Name", alias}, {"DeploymentPreference", shift}})));
    if (aims) target.id = id;
  }

  SamTemplate& all_;
  const SamResource& machine_;
  Made& made_;
};

void expand_machine_rule(SamTemplate& all, const SamEvent& event, bool schedule, Made& made) {
  if (schedule && !requires_all(all, event, {"Schedule"})) return;
  Node properties = sam::map();
  if (schedule) {
    sam::put(properties, "ScheduleExpression", *event.find("Schedule"));
    sam::copy(event.properties, {"Name", "Description"}, properties);
  } else {
    if (const Node* pattern = event.find("Pattern")) sam::put(properties, "EventPattern", *pattern);
    if (const Node* name = event.find("RuleName")) sam::put(properties, "Name", *name);
    sam::copy(event.properties, {"EventBusName"}, properties);
  }
  if (Node state = rule_state(all, event); state.is_text() || state.is_map())
    sam::put(properties, "State", std::move(state));
  const std::string role = event.id + "Role";
  const Node* given = schedule ? event.find("RoleArn") : nullptr;
  if (!given)
    made.push_back(make_resource(
        all, event.owner, role, "AWS::IAM::Role",
        sam::map(
            {{"AssumeRolePolicyDocument", trust_in("events.amazonaws.com")},
             {"Policies", sam::list({one_statement(role + "StartExecutionPolicy",
                                                   "states:StartExecution", event.target.arn())})},
             {"PermissionsBoundary", event.owner.find("PermissionsBoundary")}})));
  Node target = rule_target(all, event, "StepFunctionsTarget", made);
  sam::put(target, "RoleArn", given ? *given : sam::get_att(role, "Arn"));
  sam::put(properties, "Targets", sam::list({std::move(target)}));
  made.push_back(
      make_resource(all, event.owner, event.id, "AWS::Events::Rule", std::move(properties)));
}

}  // namespace

void expand_machine_events(SamTemplate& all, const SamResource& machine, const EventTarget& target,
                           Made& made) {
  const Node* events = machine.find("Events");
  if (!events) return;
  if (!events->is_map())
    return sam_problem(all, machine, events->place, "Events must be a map of names and events");
  for (const Member& member : events->map) {
    const Node* properties = member.value.find("Properties");
    const SamEvent event{
        machine,      target,
        member.name,  machine.id + member.name,
        member.place, properties && properties->is_map() ? *properties : sam::map()};
    const Node* type = member.value.find("Type");
    const std::string name = type ? type->text : "";
    check_event_properties(all, event, name, EventOwner::kStateMachine);
    if (name == "Schedule" || name == "CloudWatchEvent" || name == "EventBridgeRule")
      expand_machine_rule(all, event, name == "Schedule", made);
    else if (name == "ScheduleV2")
      expand_scheduler_event(all, event, true, made);
    else if (name == "Api")
      expand_machine_api_event(all, event, made);
    else
      unknown_event_type(all, event, type ? type->place : member.place, name);
  }
}

void expand_state_machine(SamTemplate& all, const SamResource& machine, Made& made) {
  MachineExpander(all, machine, made).expand();
}

}  // namespace kiln::cfn
