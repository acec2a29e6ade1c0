// The operations of CloudFormation's API: documents in, documents out, over a StackBook. Documents
// came as forms: all values are texts.
//
// Thread-safe, as the book is; calls block. Errors have the codes of the query protocol:
// ValidationError, AlreadyExistsException, ChangeSetNotFound, InsufficientCapabilitiesException, …
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "services/cloudformation/input.h"
#include "stack/stack_book.h"

namespace kiln::services {

class CloudFormationOperations {
 public:
  CloudFormationOperations(stack::StackBook& book, FetchTemplate fetch)
      : book_(book), fetch_(std::move(fetch)) {}

  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input,
                             const std::string& region);

 private:
  struct Call {
    const nlohmann::json& input;
    const std::string& region;
  };
  using Operation = Result<nlohmann::json> (CloudFormationOperations::*)(const Call&);
  static Operation operation_of(const std::string& name);

  Result<nlohmann::json> create_stack(const Call& call);
  Result<nlohmann::json> update_stack(const Call& call);
  Result<nlohmann::json> delete_stack(const Call& call);
  Result<nlohmann::json> cancel_update_stack(const Call& call);
  Result<nlohmann::json> continue_update_rollback(const Call& call);
  Result<nlohmann::json> update_termination_protection(const Call& call);

  Result<nlohmann::json> describe_stacks(const Call& call);
  Result<nlohmann::json> list_stacks(const Call& call);
  Result<nlohmann::json> describe_stack_events(const Call& call);
  Result<nlohmann::json> describe_stack_resource(const Call& call);
  Result<nlohmann::json> describe_stack_resources(const Call& call);
  Result<nlohmann::json> list_stack_resources(const Call& call);
  Result<nlohmann::json> list_exports(const Call& call);
  Result<nlohmann::json> list_imports(const Call& call);
  Result<nlohmann::json> get_template(const Call& call);
  Result<nlohmann::json> get_template_summary(const Call& call);
  Result<nlohmann::json> validate_template(const Call& call);

  Result<nlohmann::json> create_change_set(const Call& call);
  Result<nlohmann::json> describe_change_set(const Call& call);
  Result<nlohmann::json> execute_change_set(const Call& call);
  Result<nlohmann::json> delete_change_set(const Call& call);
  Result<nlohmann::json> list_change_sets(const Call& call);

  // The template of the call, or that of a stack or a change set it names.
  Result<std::string> template_text(const Call& call);
  Result<stack::Wish> kept_wish(const Call& call);

  stack::StackBook& book_;
  const FetchTemplate fetch_;
};

}  // namespace kiln::services
