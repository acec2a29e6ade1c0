// A stack and what belongs to it, as the API describes them and as they are kept. Values only.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "template/template.h"

namespace kiln::stack {

inline constexpr const char* kStackType = "AWS::CloudFormation::Stack";

// A resource of a stack.
struct StackResource {
  std::string logical_id;
  std::string type;
  // Given or chosen before the resource is made; "" when making it has failed, which leaves
  // nothing.
  std::string name;
  std::string physical_id;                               // "" until it is made
  nlohmann::json properties = nlohmann::json::object();  // evaluated, as they are in force
  // Of a change that did not end: what it was about to set. Null otherwise.
  nlohmann::json attempted;
  // What deployments before that one were about to set, when theirs did not end either.
  std::vector<nlohmann::json> earlier;
  nlohmann::json attributes = nlohmann::json::object();
  std::string status;  // "CREATE_COMPLETE"
  std::string reason;
  WallTime changed{};
  cfn::Policy deletion_policy = cfn::Policy::kDelete;
  cfn::Policy replace_policy = cfn::Policy::kDelete;
  std::vector<std::string> needs;  // logical ids: removed after this one

  // Whether a kill or a failed rollback left it in a state that nobody knows.
  bool unsettled() const { return !attempted.is_null(); }
  // Whether it was made to the end, and its removal was not begun.
  bool is_whole() const { return !physical_id.empty() && status != "DELETE_IN_PROGRESS"; }
  bool is_nothing() const { return handle().empty(); }
  // What removes it: the physical id, or the name when its making was cut short.
  const std::string& handle() const { return physical_id.empty() ? name : physical_id; }
};

struct StackOutput {
  std::string key;
  std::string value;
  std::string description;
  std::string export_name;  // "": not exported
};

struct StackEvent {
  uint64_t number = 0;  // of the stack's events, from 0
  std::string id;
  WallTime time{};
  std::string logical_id;
  std::string physical_id;
  std::string type;
  std::string status;
  std::string reason;
  std::string properties;  // JSON, "" for none
  std::string token;       // ClientRequestToken
};

// What a caller wants a stack to be.
struct Wish {
  std::string template_text;
  std::map<std::string, std::string> parameters;  // with those that keep their previous value
  std::map<std::string, std::string> tags;
  std::vector<std::string> capabilities;
  std::vector<std::string> notification_arns;
  std::string token;
  enum class Unsupported { kRefuse, kSkip };
  Unsupported unsupported = Unsupported::kRefuse;
  enum class OnFailure { kRollback, kDoNothing, kDelete };
  OnFailure on_failure = OnFailure::kRollback;
};

// One operation on a stack, as LastOperations names it.
struct Operation {
  std::string id;
  std::string type;  // "UPDATE_STACK"
};

struct Stack {
  std::string name;
  std::string id;  // its ARN
  std::string region;
  // Of a nested stack: whose resource it is, the first of them all, and how many stacks are around.
  std::string parent_id, root_id;
  size_t depth = 0;
  std::string status;  // "UPDATE_COMPLETE"
  std::string reason;
  std::string description;
  Wish wish;  // the last that was carried out, or is being; with the parameters' defaults
  std::vector<std::string> hidden_parameters;  // NoEcho
  // What the parameters that name an SSM parameter came to.
  std::map<std::string, std::string> resolved_parameters;
  std::string change_set_id;  // of the set that made it what it is; "": none did
  std::optional<Operation> last_operation;
  std::vector<StackOutput> outputs;
  std::vector<std::string> imports;  // names of exports of other stacks that it uses
  std::map<std::string, StackResource> resources;
  std::vector<StackResource> leftovers;  // replaced or dropped, and not removed yet
  std::vector<StackEvent> events;        // oldest first
  bool termination_protection = false;
  WallTime created{};
  std::optional<WallTime> updated;
  std::optional<WallTime> deleted;  // when its removal began, after a creation that failed too

  bool in_progress() const { return status.ends_with("_IN_PROGRESS"); }
  bool is_deleted() const { return status == "DELETE_COMPLETE"; }
};

// Why a property changes.
struct ChangeReason {
  enum class Source {
    kDirectModification,
    kParameterReference,
    kResourceReference,
    kResourceAttribute,
  };
  Source source = Source::kDirectModification;
  std::string property;        // "": the resource's Metadata
  std::string causing_entity;  // "Stage", "Topic", "Topic.TopicArn"; "" of a direct modification
  // Whether the new value is known to differ, whatever the deployment does.
  enum class Evaluation { kStatic, kDynamic };
  Evaluation evaluation = Evaluation::kStatic;
  // AWS tells a reason of some changes only with the properties' values, or only without them.
  enum class Told { kAlways, kWithValues, kWithoutValues };
  Told told = Told::kAlways;
};

// One line of a plan.
struct Change {
  enum class Action { kAdd, kModify, kRemove };
  enum class Replacement { kNo, kYes, kConditional };
  Action action = Action::kAdd;
  Replacement replacement = Replacement::kNo;
  std::string logical_id;
  std::string type;
  std::string physical_id;
  std::vector<std::string> properties;  // names of those that change
  std::vector<ChangeReason> reasons;    // of a modification, by property
  // What becomes of the old resource: of a removal and of a replacement.
  cfn::Policy policy = cfn::Policy::kDelete;
  // The resource is only recorded: nothing is made of it, or, of a removal, nothing was.
  bool is_left_out = false;
  std::string note;  // why it is left out, or what of it; "" for nothing
  // Nothing changes but by an attribute that it refers to and that may be another then. Told only
  // without the properties' values.
  bool is_potential = false;
  nlohmann::json before;  // null: there is none
  nlohmann::json after;   // unknown values are cfn::kUnknown
};

struct ChangeSet {
  std::string name;
  std::string id;
  std::string description;
  enum class Type { kCreate, kUpdate };
  Type type = Type::kUpdate;
  Wish wish;
  // As the template has them: with its defaults, what came from SSM, and those with NoEcho.
  std::map<std::string, std::string> parameters, resolved_parameters;
  std::vector<std::string> hidden_parameters;
  std::vector<Change> changes;
  std::string status;            // "CREATE_COMPLETE", "FAILED"
  std::string execution_status;  // "AVAILABLE", "UNAVAILABLE", "EXECUTE_COMPLETE", "OBSOLETE"
  std::string reason;
  WallTime created{};
};

// How they are kept. Reading checks nothing but shapes: a damaged document is an error.
nlohmann::json to_document(const Stack& stack);  // without resources, leftovers and events
nlohmann::json to_document(const StackResource& resource);
nlohmann::json to_document(const StackEvent& event);
nlohmann::json to_document(const ChangeSet& change_set);
Result<Stack> stack_of(const nlohmann::json& document);
Result<StackResource> resource_of(const nlohmann::json& document);
Result<StackEvent> event_of(const nlohmann::json& document);
Result<ChangeSet> change_set_of(const nlohmann::json& document);

}  // namespace kiln::stack
