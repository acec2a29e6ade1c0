// CloudFormation's operations on change sets.
#include "services/cloudformation/documents.h"
#include "services/cloudformation/operations.h"
#include "stack/validation_error.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

}  // namespace

Result<json> CloudFormationOperations::create_change_set(const Call& call) {
  wire::Fields in(call.input);
  const std::string name = in.text("StackName"), type = in.text("ChangeSetType", "UPDATE");
  stack::ChangeSet set;
  set.name = in.text("ChangeSetName");
  set.description = in.text("Description");
  if (!in.status()) return in.status().error();
  if (type == "IMPORT")
    return stack::validation_error(
        "ChangeSetType IMPORT is not supported: Kiln's stacks make what they hold");
  set.type = type == "CREATE" ? stack::ChangeSet::Type::kCreate : stack::ChangeSet::Type::kUpdate;
  const auto now = book_.find(call.region, name);
  const auto wish = read_wish(call.input, now ? &now->wish : nullptr, fetch_);
  if (!wish) return wish.error();
  set.wish = *wish;
  const auto made = book_.create_change_set(call.region, name, std::move(set));
  if (!made) return made.error();
  const auto of = book_.stack_for(*made);
  if (!of) return of.error();
  return json{{"Id", made->id}, {"StackId", of->id}};
}

Result<json> CloudFormationOperations::describe_change_set(const Call& call) {
  wire::Fields in(call.input);
  const auto set =
      book_.find_change_set(call.region, in.text("StackName"), in.text("ChangeSetName"));
  if (!set) return set.error();
  const auto of = book_.stack_for(*set);
  if (!of) return of.error();
  const bool values = in.boolean("IncludePropertyValues").value_or(false);
  return change_set_document(*of, *set, values ? Values::kIncluded : Values::kLeftOut);
}

Result<json> CloudFormationOperations::execute_change_set(const Call& call) {
  wire::Fields in(call.input);
  std::optional<stack::Wish::OnFailure> on_failure;
  if (in.boolean("DisableRollback").value_or(false))
    on_failure = stack::Wish::OnFailure::kDoNothing;
  const std::string token = in.text("ClientRequestToken");
  const std::string name = in.text("StackName"), set_name = in.text("ChangeSetName");
  if (!in.status()) return in.status().error();
  if (auto done = book_.execute_change_set(call.region, name, set_name, token, on_failure); !done)
    return done.error();
  return json::object();
}

Result<json> CloudFormationOperations::delete_change_set(const Call& call) {
  wire::Fields in(call.input);
  const auto done =
      book_.delete_change_set(call.region, in.text("StackName"), in.text("ChangeSetName"));
  if (!done) return done.error();
  return json::object();
}

Result<json> CloudFormationOperations::list_change_sets(const Call& call) {
  wire::Fields in(call.input);
  const std::string name = in.text("StackName");
  const auto sets = book_.change_sets(call.region, name);
  if (!sets) return sets.error();
  json summaries = json::array();
  const auto of = book_.find(call.region, name);
  if (!of) return of.error();
  for (const stack::ChangeSet& set : *sets) summaries.push_back(change_set_summary(*of, set));
  return json{{"Summaries", std::move(summaries)}};
}

}  // namespace kiln::services
