#include "services/cloudformation/operations.h"

#include <map>

#include "stack/validation_error.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// The stack's name, which must be given.
Result<std::string> stack_name(wire::Fields& in) {
  std::string name = in.text("StackName");
  if (!in.status()) return in.status().error();
  if (name.empty())
    return stack::validation_error(
        "1 validation error detected: Value null at 'stackName' failed to satisfy "
        "constraint: Member must not be null");
  return name;
}

}  // namespace

CloudFormationOperations::Operation CloudFormationOperations::operation_of(
    const std::string& name) {
  using Ops = CloudFormationOperations;
  static const std::map<std::string, Operation> all = {
      {"CancelUpdateStack", &Ops::cancel_update_stack},
      {"ContinueUpdateRollback", &Ops::continue_update_rollback},
      {"CreateChangeSet", &Ops::create_change_set},
      {"CreateStack", &Ops::create_stack},
      {"DeleteChangeSet", &Ops::delete_change_set},
      {"DeleteStack", &Ops::delete_stack},
      {"DescribeChangeSet", &Ops::describe_change_set},
      {"DescribeStackEvents", &Ops::describe_stack_events},
      {"DescribeStackResource", &Ops::describe_stack_resource},
      {"DescribeStackResources", &Ops::describe_stack_resources},
      {"DescribeStacks", &Ops::describe_stacks},
      {"ExecuteChangeSet", &Ops::execute_change_set},
      {"GetTemplate", &Ops::get_template},
      {"GetTemplateSummary", &Ops::get_template_summary},
      {"ListChangeSets", &Ops::list_change_sets},
      {"ListExports", &Ops::list_exports},
      {"ListImports", &Ops::list_imports},
      {"ListStackResources", &Ops::list_stack_resources},
      {"ListStacks", &Ops::list_stacks},
      {"UpdateStack", &Ops::update_stack},
      {"UpdateTerminationProtection", &Ops::update_termination_protection},
      {"ValidateTemplate", &Ops::validate_template},
  };
  const auto found = all.find(name);
  return found == all.end() ? nullptr : found->second;
}

Result<json> CloudFormationOperations::run(const std::string& operation, const json& input,
                                           const std::string& region) {
  const Operation work = operation_of(operation);
  if (!work)
    return Error{ErrorKind::kInvalid, "InvalidAction",
                 "Kiln's CloudFormation has no operation " + operation +
                     "; docs/compatibility.md lists what there is."};
  return (this->*work)({input, region});
}

Result<json> CloudFormationOperations::create_stack(const Call& call) {
  wire::Fields in(call.input);
  const auto name = stack_name(in);
  if (!name) return name.error();
  stack::StackBook::Terms terms;
  terms.termination_protection = in.boolean("EnableTerminationProtection").value_or(false);
  terms.parent_id = in.text("KilnParentStackId");
  if (!in.status()) return in.status().error();
  const auto wish = read_wish(call.input, nullptr, fetch_);
  if (!wish) return wish.error();
  const auto id = book_.create(call.region, *name, *wish, terms);
  if (!id) return id.error();
  return json{{"StackId", *id}};
}

Result<json> CloudFormationOperations::update_stack(const Call& call) {
  wire::Fields in(call.input);
  const auto name = stack_name(in);
  if (!name) return name.error();
  const auto now = book_.find(call.region, *name);
  if (!now) return stack::validation_error("Stack [" + *name + "] does not exist");
  const auto wish = read_wish(call.input, &now->wish, fetch_);
  if (!wish) return wish.error();
  const auto id = book_.update(call.region, now->id, *wish);
  if (!id) return id.error();
  return json{{"StackId", *id}};
}

Result<json> CloudFormationOperations::delete_stack(const Call& call) {
  wire::Fields in(call.input);
  const auto name = stack_name(in);
  if (!name) return name.error();
  const auto retained = in.texts("RetainResources");
  const std::string token = in.text("ClientRequestToken");
  const std::string mode = in.text("DeletionMode", "STANDARD");
  if (!in.status()) return in.status().error();
  using Deletion = stack::Deployment::Deletion;
  const Deletion deletion = mode == "STANDARD" ? Deletion::kStandard : Deletion::kForce;
  if (auto done = book_.remove(call.region, *name, retained, token, deletion); !done)
    return done.error();
  return json::object();
}

Result<json> CloudFormationOperations::cancel_update_stack(const Call& call) {
  wire::Fields in(call.input);
  const auto name = stack_name(in);
  if (!name) return name.error();
  if (auto done = book_.cancel_update(call.region, *name); !done) return done.error();
  return json::object();
}

Result<json> CloudFormationOperations::continue_update_rollback(const Call& call) {
  wire::Fields in(call.input);
  const auto name = stack_name(in);
  if (!name) return name.error();
  if (auto done = book_.continue_rollback(call.region, *name); !done) return done.error();
  return json::object();
}

Result<json> CloudFormationOperations::update_termination_protection(const Call& call) {
  wire::Fields in(call.input);
  const auto name = stack_name(in);
  if (!name) return name.error();
  const auto on = in.boolean("EnableTerminationProtection");
  if (!in.status()) return in.status().error();
  if (!on) return stack::validation_error("EnableTerminationProtection must be given");
  const auto id = book_.protect(call.region, *name, *on);
  if (!id) return id.error();
  return json{{"StackId", *id}};
}

}  // namespace kiln::services
