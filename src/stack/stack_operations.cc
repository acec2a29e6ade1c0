// What callers ask of stacks: create, update, delete and what goes with them.
#include <algorithm>

#include "stack/stack_book.h"
#include "template/parameters.h"

namespace kiln::stack {
namespace {

Error validation(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

bool is_stack_name(const std::string& name) {
  return !name.empty() && name.size() <= 128 && std::isalpha(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '-'; });
}

// Those that a deployment can start from. AWS refuses some of the failed ones; here they are what a
// kill leaves behind, and a deployment repairs them.
bool can_be_updated(const std::string& status) {
  return status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE" ||
         status == "UPDATE_ROLLBACK_COMPLETE" || status == "CREATE_FAILED" ||
         status == "UPDATE_FAILED" || status == "UPDATE_ROLLBACK_FAILED" ||
         status == "ROLLBACK_FAILED" || status == "DELETE_FAILED";
}

Error wrong_state(const Stack& stack, const char* verb) {
  return validation("Stack:" + stack.id + " is in " + stack.status + " state and can not be " +
                    verb + ".");
}

Result<std::shared_ptr<const cfn::Template>> read(const std::string& text) {
  auto reading = cfn::read_template(text);
  if (reading.ok()) return std::make_shared<const cfn::Template>(std::move(*reading.parsed));
  std::string message;
  for (const cfn::Problem& problem : reading.problems)
    message += (message.empty() ? "" : "\n") + cfn::text_of(problem);
  return validation(message);
}

bool same_outputs(const std::vector<StackOutput>& a, const std::vector<StackOutput>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const StackOutput& x, const StackOutput& y) {
                      return x.key == y.key && x.value == y.value &&
                             x.description == y.description && x.export_name == y.export_name;
                    });
}

}  // namespace

Result<StackBook::Prepared> StackBook::prepare(const Stack& now, const Wish& wish,
                                               Macros macros) const {
  auto parsed = read(wish.template_text);
  if (!parsed) return parsed.error();
  auto parameters = cfn::resolve_parameters(
      **parsed, wish.parameters, [&](const std::string& name) -> std::optional<std::string> {
        return options_.ssm ? options_.ssm(now.region, name) : std::nullopt;
      });
  if (!parameters) return parameters.error();
  PlannedResources planned(now.resources, **parsed, wish);
  cfn::Surroundings surroundings;
  surroundings.parameters = *parameters;
  surroundings.account = options_.account;
  surroundings.region = now.region;
  surroundings.stack_name = now.name;
  surroundings.stack_id = now.id;
  surroundings.notification_arns = wish.notification_arns;
  surroundings.import_value = [&](const std::string& name) {
    return environment_.import_value(now.region, name);
  };
  surroundings.resource = [&](const std::string& id, const std::string& attribute) {
    return planned.value(id, attribute);
  };
  Resolver resolver(**parsed, std::move(surroundings), wish);
  if (auto fine = resolver.check(macros == Macros::kNeedCapability); !fine) return fine.error();
  auto plan = make_plan(now.resources, resolver, planned);
  if (!plan) return plan.error();
  return Prepared{std::move(*parsed), std::move(*parameters), std::move(*plan)};
}

Result<std::string> StackBook::begin(const RecordPtr& record, const Wish& wish, Prepared prepared) {
  const Stack now = record->snapshot();
  const bool creates = now.status.empty() || now.status == "REVIEW_IN_PROGRESS";
  const auto shared = std::make_shared<const Prepared>(std::move(prepared));
  const auto announce = [&] {
    const auto kept = record->change([&](Stack& stack) {
      stack.wish = wish;
      stack.hidden_parameters.clear();
      for (const cfn::Parameter& parameter : shared->parsed->parameters) {
        if (parameter.default_value)
          stack.wish.parameters.emplace(parameter.name, *parameter.default_value);
        if (parameter.no_echo) stack.hidden_parameters.push_back(parameter.name);
      }
      stack.description = shared->parsed->description;
      if (!creates) stack.updated = options_.clock.wall_now();
    });
    if (!kept) return kept;
    return record->set_status(creates ? "CREATE_IN_PROGRESS" : "UPDATE_IN_PROGRESS",
                              "User Initiated");
  };
  const auto started = start(record, announce, [shared, wish, creates](Deployment& deployment) {
    if (creates)
      deployment.create(*shared->parsed, shared->parameters, wish);
    else
      deployment.update(*shared->parsed, shared->parameters, wish);
  });
  if (!started) return started.error();
  return now.id;
}

Result<std::string> StackBook::create(const std::string& region, const std::string& name,
                                      const Wish& wish, Terms terms) {
  if (!is_stack_name(name))
    return validation("1 validation error detected: Value '" + name +
                      "' at 'stackName' failed to satisfy constraint: Member must satisfy regular "
                      "expression pattern: [a-zA-Z][-a-zA-Z0-9]*");
  const std::lock_guard one_at_a_time(begin_mutex_);
  if (record_of(region, name))
    return Error{ErrorKind::kInvalid, "AlreadyExistsException",
                 "Stack [" + name + "] already exists"};
  Stack stack = new_stack(region, name);
  stack.termination_protection = terms.termination_protection;
  auto prepared = prepare(stack, wish, Macros::kNeedCapability);
  if (!prepared) return prepared.error();
  const RecordPtr record = add(std::move(stack));
  auto begun = begin(record, wish, std::move(*prepared));
  if (!begun) forget(record);
  return begun;
}

bool StackBook::changes_nothing(const Stack& now, const Wish& wish, const Plan& plan) {
  return plan.changes.empty() && now.status.ends_with("COMPLETE") && now.leftovers.empty() &&
         now.wish.tags == wish.tags && same_outputs(now.outputs, plan.outputs);
}

Result<std::string> StackBook::update(const std::string& region, const std::string& name_or_id,
                                      const Wish& wish) {
  const std::lock_guard one_at_a_time(begin_mutex_);
  const auto record = require(region, name_or_id);
  if (!record) return record.error();
  const Stack now = (*record)->snapshot();
  if (!can_be_updated(now.status)) return wrong_state(now, "updated");
  auto prepared = prepare(now, wish, Macros::kNeedCapability);
  if (!prepared) return prepared.error();
  if (changes_nothing(now, wish, prepared->plan))
    return validation("No updates are to be performed.");
  return begin(*record, wish, std::move(*prepared));
}

Result<void> StackBook::remove(const std::string& region, const std::string& name_or_id,
                               const std::vector<std::string>& retained, const std::string& token) {
  const std::lock_guard one_at_a_time(begin_mutex_);
  const RecordPtr record = record_of(region, name_or_id);
  if (!record) return {};
  const Stack now = record->snapshot();
  if (now.is_deleted() || now.status == "DELETE_IN_PROGRESS") return {};
  if (now.in_progress() && now.status != "REVIEW_IN_PROGRESS") return wrong_state(now, "deleted");
  if (now.termination_protection)
    return validation("Stack [" + now.name +
                      "] cannot be deleted while TerminationProtection is enabled");
  if (!retained.empty() && now.status != "DELETE_FAILED")
    return validation("Invalid operation on stack [" + now.id +
                      "]. Resources can be retained only when its deletion has failed.");
  for (const StackOutput& output : now.outputs) {
    if (output.export_name.empty()) continue;
    if (const auto users = importers(region, output.export_name); !users.empty())
      return validation("Export " + output.export_name + " cannot be deleted as it is in use by " +
                        users.front());
  }
  const auto announce = [&] {
    const auto kept = record->change([&](Stack& stack) { stack.wish.token = token; });
    return kept ? record->set_status("DELETE_IN_PROGRESS", "User Initiated") : kept;
  };
  return start(record, announce,
               [retained](Deployment& deployment) { deployment.remove(retained); });
}

Result<void> StackBook::cancel_update(const std::string& region, const std::string& name_or_id) {
  const auto record = require(region, name_or_id);
  if (!record) return record.error();
  const Stack now = (*record)->snapshot();
  const std::lock_guard lock(mutex_);
  const auto running = running_.find(now.id);
  if (now.status != "UPDATE_IN_PROGRESS" || running == running_.end())
    return validation("CancelUpdateStack cannot be called from current stack status");
  running->second.stop->cancel();
  return {};
}

Result<void> StackBook::continue_rollback(const std::string& region,
                                          const std::string& name_or_id) {
  const auto found = find(region, name_or_id);
  if (!found) return found.error();
  if (found->status != "UPDATE_ROLLBACK_FAILED") return wrong_state(*found, "rolled back");
  // What the stack has kept is what it was before: deploying that once more brings it back.
  const auto begun = update(region, found->id, found->wish);
  if (!begun) return begun.error();
  return {};
}

Result<std::string> StackBook::protect(const std::string& region, const std::string& name_or_id,
                                       bool on) {
  const auto record = require(region, name_or_id);
  if (!record) return record.error();
  const auto kept = (*record)->change([&](Stack& stack) { stack.termination_protection = on; });
  if (!kept) return kept.error();
  return (*record)->read<std::string>([](const Stack& stack) { return stack.id; });
}

}  // namespace kiln::stack
