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

struct Stack {
  std::string name;
  std::string id;  // its ARN
  std::string region;
  std::string status;  // "UPDATE_COMPLETE"
  std::string reason;
  std::string description;
  Wish wish;  // the last that was carried out, or is being; with the parameters' defaults
  std::vector<std::string> hidden_parameters;  // NoEcho
  std::vector<StackOutput> outputs;
  std::vector<std::string> imports;  // names of exports of other stacks that it uses
  std::map<std::string, StackResource> resources;
  std::vector<StackResource> leftovers;  // replaced or dropped, and not removed yet
  std::vector<StackEvent> events;        // oldest first
  bool termination_protection = false;
  WallTime created{};
  std::optional<WallTime> updated, deleted;

  bool in_progress() const { return status.ends_with("_IN_PROGRESS"); }
  bool is_deleted() const { return status == "DELETE_COMPLETE"; }
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
  nlohmann::json before;                // null: there is none
  nlohmann::json after;                 // unknown values are cfn::kUnknown
};

struct ChangeSet {
  std::string name;
  std::string id;
  std::string description;
  enum class Type { kCreate, kUpdate };
  Type type = Type::kUpdate;
  Wish wish;
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
