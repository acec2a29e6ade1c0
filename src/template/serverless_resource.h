// One resource of a SAM template and what becomes of it. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "template/sam_node.h"

namespace kiln::cfn {

// The template while it is transformed: what one resource's expansion changes for others.
struct SamTemplate {
  Node& root;
  Node& resources;  // those of the root, not expanded yet
  std::vector<Problem>& problems;
  std::vector<Problem>& notes;
  std::map<std::string, Node> parameters;    // values by name; the Region too
  std::map<std::string, std::string> names;  // "Orders.Alias" is "OrdersAliaslive"
  std::vector<Member> shared;                // made for several, each once
  Node conditions;                           // those that the transform adds
  // By implicit or explicit API: the conditions of the functions behind each path.
  std::map<std::string, std::map<std::string, std::set<std::string>>> path_conditions;
  std::set<std::string> managed_apis;  // whose definition SAM writes
  size_t made_nodes = 0, made_bytes = 0;

  // With the values of parameters in the place of {"Ref": …} and of ${…} in Fn::Sub.
  Node resolved(const Node& node) const;
  // The text that a node comes to; "" where it depends on more than parameters.
  std::string resolved_text(const Node* node) const;
  // "aws-cn" for China's Regions: the transform writes it out, but for HTTP APIs.
  std::string partition() const;
  // Its managed policy of X-Ray.
  std::string tracing_policy() const;
  void add_condition(const std::string& name, Node definition);
  // nullptr: not made yet.
  Node* find_shared(std::string_view id);
};

struct SamResource {
  std::string id;
  Place place;
  Node whole;       // with Type, Condition, …
  Node properties;  // a map, with what Globals say

  const Node* find(std::string_view name) const { return properties.find(name); }
  std::string condition() const;
};

using Made = std::vector<Member>;

// What an event invokes.
struct EventTarget {
  std::string id;  // the function, its alias, or the state machine
  bool ref_is_arn = false;

  Node name() const { return sam::ref(id); }
  Node arn() const { return ref_is_arn ? sam::ref(id) : sam::get_att(id, "Arn"); }
};

void expand_function(SamTemplate& all, const SamResource& function, Made& made);
void expand_layer(SamTemplate& all, const SamResource& layer, Made& made);
void expand_application(SamTemplate& all, const SamResource& application, Made& made);
void expand_table(SamTemplate& all, const SamResource& table, Made& made);
void expand_state_machine(SamTemplate& all, const SamResource& machine, Made& made);
void expand_rest_api(SamTemplate& all, const SamResource& api, Made& made);
void expand_http_api(SamTemplate& all, const SamResource& api, Made& made);

// The resources of Events. `role`: the properties of the function's role, which gets what reading
// from a queue or a stream needs.
void expand_events(SamTemplate& all, const SamResource& function, const EventTarget& target,
                   Node& role, Made& made);
void expand_machine_events(SamTemplate& all, const SamResource& machine, const EventTarget& target,
                           Made& made);

struct SamEvent {
  const SamResource& owner;
  const EventTarget& target;
  const std::string& name;  // within the owner
  std::string id;           // of what it becomes
  Place place;
  Node properties;

  const Node* find(std::string_view property) const { return properties.find(property); }
};
void sam_event_problem(SamTemplate& all, const SamEvent& event, Place place,
                       const std::string& message);
// The same of what the event becomes: AWS names that by its logical id, and a state machine's
// alone.
void sam_made_event_problem(SamTemplate& all, const SamEvent& event, Place place,
                            const std::string& message);
void unknown_event_type(SamTemplate& all, const SamEvent& event, Place place,
                        const std::string& type);
// Whether the event has these; what is missing is a problem.
bool requires_all(SamTemplate& all, const SamEvent& event,
                  std::initializer_list<std::string_view> names);
enum class EventOwner { kFunction, kStateMachine };
// Reports properties that this event type doesn't have. An unknown type is no problem here.
void check_event_properties(SamTemplate& all, const SamEvent& event, const std::string& type,
                            EventOwner owner);
// Whether `type` reads from something by an event source mapping.
bool is_pull_event(std::string_view type);
void expand_pull_event(SamTemplate& all, const SamEvent& event, const std::string& type, Node& role,
                       Made& made);
void expand_rest_event(SamTemplate& all, const SamEvent& event, Made& made);
void expand_http_event(SamTemplate& all, const SamEvent& event, Made& made);
// Api of a state machine.
void expand_machine_api_event(SamTemplate& all, const SamEvent& event, Made& made);
// ScheduleV2, of both.
void expand_scheduler_event(SamTemplate& all, const SamEvent& event, bool machine, Made& made);
// Whether DeadLetterConfig of an event is right; else that is a problem.
bool has_dead_letters(SamTemplate& all, const SamEvent& event, const Node& config);
// Target of a rule in EventBridge with its dead letter queue.
Node rule_target(SamTemplate& all, const SamEvent& event, const char* suffix, Made& made);
Node rule_state(SamTemplate& all, const SamEvent& event);
Member event_permission(SamTemplate& all, const SamEvent& event, const char* principal,
                        const sam::Value& source_arn, const std::string& suffix = {},
                        const std::string& prefix = {});

// The APIs that events without one have, and their paths; before Globals.
void add_implicit_apis(SamTemplate& all);

// The role of a function or state machine. `managed` and `documents` come first.
Member make_role(SamTemplate& all, const SamResource& owner, Node trust, std::vector<Node> managed,
                 std::vector<Node> documents, const Node* policies, Node tags);
Node trust_in(const char* service);
Node one_statement(const std::string& policy_name, const char* action, Node resource);
// The policies that a destination of this type needs, nullopt for none.
std::optional<Node> destination_policy(const std::string& type, const std::string& name,
                                       const Node& arn);
// The statements of a policy template with its parameters put in; nullopt: there is none of this
// name.
std::optional<Node> policy_template(SamTemplate& all, const SamResource& owner,
                                    const Member& policy);

// EventInvokeConfig, with the topics and queues that its destinations ask for. What the role needs
// for them is added to `documents`.
void expand_invoke_config(SamTemplate& all, const SamResource& function, const Node& qualifier,
                          const std::string& alias, std::vector<Node>& documents, Made& made);

// DeploymentPreference of a function: CodeDeploy's resources, which record it. Gives the alias's
// UpdatePolicy.
std::optional<Node> expand_deployment(SamTemplate& all, const SamResource& function, Made& made);

// A domain of its own for an API.
struct ApiDomain {
  bool http = false;
  Node domain;  // of the property Domain, parameters put in
};
void expand_domain(SamTemplate& all, const SamResource& api, const ApiDomain& domain, Made& made);

// Auth.UsagePlan of a REST API.
void expand_usage_plan(SamTemplate& all, const SamResource& api, const Node& plan,
                       const std::string& stage_id, Made& made);

// "Resource with id [Orders] is invalid. …"
void sam_problem(SamTemplate& all, const SamResource& resource, Place place,
                 const std::string& message);
// Reports properties that this type doesn't have.
void check_properties(SamTemplate& all, const SamResource& resource,
                      std::initializer_list<std::string_view> known);
// The same of other things with properties: `id` and `type` are those that the problem names.
void check_names(SamTemplate& all, const std::string& owner, const std::string& id,
                 const std::string& type, const Node& properties,
                 const std::vector<std::string>& known);
// A resource with Condition, DeletionPolicy and UpdateReplacePolicy of what it is made from.
Member make_resource(SamTemplate& all, const SamResource& from, std::string id, const char* type,
                     Node properties);
// The main one: with all attributes.
Member make_main(SamTemplate& all, const SamResource& from, const char* type, Node properties);
// Code or Content of CodeUri or ContentUri: a bucket and a key, or a local path as it is.
Node code_location(SamTemplate& all, const SamResource& resource, const Node& uri,
                   const char* property);
// {Bucket, Key, Version} of an S3 URI or such a map; a local path as it is.
Node s3_location(SamTemplate& all, const SamResource& resource, const Node& uri,
                 const char* property);
// Tags of the resource go to all that is made from it when PropagateTags says so.
void propagate_tags(SamTemplate& all, const SamResource& resource, Made& made, size_t from);
// "SAM" letters and digits: id with the hash of `suffix` where it has others.
std::string id_with(const std::string& prefix, const std::string& suffix);

// Counts what was made. Throws SamTooLarge when all together is more than a template may have.
struct SamTooLarge {};
void spend(SamTemplate& all, const Node& node);

}  // namespace kiln::cfn
