// What callers ask of stacks: create, update, delete and what goes with them.
#include <algorithm>

#include "base/ascii.h"
#include "base/json_access.h"
#include "base/mutex.h"
#include "stack/stack_book.h"
#include "stack/validation_error.h"
#include "template/parameter_type.h"
#include "template/parameters.h"
#include "template/problem_text.h"

namespace kiln::stack {
namespace {

bool is_stack_name(const std::string& name) {
  return !name.empty() && name.size() <= 128 && ascii::is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return ascii::is_alnum(c) || c == '-'; });
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
  return validation_error("Stack:" + stack.id + " is in " + stack.status +
                          " state and can not be " + verb + ".");
}

Result<std::shared_ptr<const cfn::Template>> read(const Wish& wish,
                                                  const std::map<std::string, std::string>& known,
                                                  const cfn::Include& include) {
  auto reading = cfn::read_template(wish.template_text, known, include);
  if (reading.ok()) return std::make_shared<const cfn::Template>(std::move(*reading.parsed));
  if (!reading.valueless.empty())
    return validation_error("Parameters: [" + cfn::joined(reading.valueless) +
                            "] must have values");
  std::string message;
  for (const cfn::Problem& problem : reading.problems)
    message += (message.empty() ? "" : "\n") + cfn::text_of(problem);
  return validation_error(message);
}

bool same_outputs(const std::vector<StackOutput>& a, const std::vector<StackOutput>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const StackOutput& x, const StackOutput& y) {
                      return x.key == y.key && x.value == y.value &&
                             x.description == y.description && x.export_name == y.export_name;
                    });
}

using Reserves = std::map<std::string, int64_t>;  // by logical id, those that are known

void note_reserve(Reserves& reserves, const std::string& id, const std::string& type,
                  const nlohmann::json& properties) {
  reserves.erase(id);
  if (type != "AWS::Lambda::Function") return;
  const int64_t reserved = json_whole(properties, "ReservedConcurrentExecutions", 0);
  if (reserved > 0) reserves[id] = reserved;
}

int64_t sum_of(const Reserves& reserves) {
  int64_t sum = 0;
  for (const auto& [id, reserved] : reserves) sum += reserved;
  return sum;
}

// Whether the account has room for all reserves together, as the API says, where the plan asks for
// more than there is. A function that goes has its own until the others are there.
Result<void> check_reserves(const AwsApi& trial, const Stack& now, const Plan& plan) {
  Reserves before;
  for (const auto& [id, resource] : now.resources)
    note_reserve(before, id, resource.type, resource.properties);
  Reserves reserves = before;
  for (const Change& change : plan.changes)
    if (change.action != Change::Action::kRemove)
      note_reserve(reserves, change.logical_id, change.type, change.after);
  const int64_t sum = sum_of(reserves);
  if (reserves.size() < 2 || sum <= sum_of(before)) return {};
  std::string names;
  for (const auto& [id, reserved] : reserves) names += (names.empty() ? "" : ", ") + id;
  if (auto fine = check_reserve(trial, sum); !fine)
    return validation_error("Properties validation failed for resources [" + names +
                            "], which reserve " + std::to_string(sum) +
                            " together, with message: " + fine.error().message);
  return {};
}

}  // namespace

Wish StackBook::completed(Wish wish) const {
  if (skips_) wish.unsupported = Wish::Unsupported::kSkip;
  return wish;
}

std::map<std::string, std::string> StackBook::known_values(const std::string& region,
                                                           const Wish& wish) const {
  std::map<std::string, std::string> known = wish.parameters;
  known["AWS::Region"] = region;
  known["AWS::AccountId"] = options_.account;
  return known;
}

cfn::Include StackBook::include() const {
  return [this](const std::string& location) -> std::optional<Result<std::string>> {
    if (!location.starts_with("s3://") || !options_.fetch)
      return Result<std::string>(validation_error("The location parameter is not a valid S3 uri."));
    return options_.fetch(location);
  };
}

Result<void> StackBook::check_nested(const Stack& now, const Wish& wish, const Plan& plan,
                                     size_t depth) const {
  for (const Change& change : plan.changes) {
    const std::string url = json_text(change.after, "TemplateURL");
    if (change.type != kStackType || url.empty() || cfn::is_unknown(url) || !options_.fetch)
      continue;
    const auto within = [&](const Error& error) {
      return Error{error.kind, error.type,
                   "Embedded stack " + change.logical_id + ": " + cfn::place_last(error.message)};
    };
    if (depth >= kMaxNesting)
      return validation_error("Stacks are nested more than " + std::to_string(kMaxNesting) +
                              " deep: " + change.logical_id + " in " + now.name);
    Wish wanted;
    auto text = options_.fetch(url);
    if (!text) return within(text.error());
    wanted.template_text = std::move(*text);
    wanted.capabilities = wish.capabilities;
    wanted.unsupported = wish.unsupported;
    const nlohmann::json& parameters = json_member(change.after, "Parameters");
    for (const auto& [name, value] : parameters.items())
      wanted.parameters[name] = text_of_value(value);
    const auto there = find(now.region, change.physical_id);
    const Stack child = there ? *there : new_stack(now.region, now.name + "-" + change.logical_id);
    if (cfn::is_unknown(parameters)) {
      // What depends on them is seen when they are known.
      if (auto readable = read(wanted, known_values(now.region, wanted), include()); !readable)
        return within(readable.error());
      continue;
    }
    if (auto fine = prepare(child, wanted, Macros::kNeedCapability, depth + 1); !fine)
      return within(fine.error());
  }
  return {};
}

Result<void> StackBook::check_values(const Stack& now, const cfn::Template& parsed,
                                     const Plan& plan, const PlannedResources& planned) const {
  const AwsApi trial = options_.api(now.region).on_trial();
  for (const Change& change : plan.changes) {
    const cfn::Resource* resource = parsed.resource(change.logical_id);
    const ResourceType* type = find_resource_type(change.type);
    if (change.action == Change::Action::kRemove || !resource || !type ||
        planned.is_left_out(change.logical_id))
      continue;
    std::string name = text_of(change.after, std::string(type->name_property()).c_str());
    if (name.empty() || cfn::is_unknown(name))
      name = type->name_for(now.name, change.logical_id, change.after);
    if (auto fine = type->check(trial, name, change.after); !fine)
      return validation_error(cfn::text_of(
          cfn::Problem{"Properties validation failed for resource " + change.logical_id +
                           " with message: " + fine.error().message,
                       resource->place}));
  }
  return check_reserves(trial, now, plan);
}

std::string StackBook::processing_failure(const Stack& now, const Wish& wish) const {
  return cfn::read_template(wish.template_text, known_values(now.region, wish), include())
      .processing_failure;
}

Result<cfn::ParameterValues> StackBook::values_of_parameters(const Stack& now,
                                                             const cfn::Template& parsed,
                                                             const Wish& wish) const {
  return cfn::resolve_parameters(parsed, wish.parameters, ssm_lookup(now.region, wish.unsupported));
}

cfn::Surroundings StackBook::surroundings_of(const Stack& now, const Wish& wish,
                                             const cfn::ParameterValues& parameters) const {
  cfn::Surroundings surroundings;
  surroundings.parameters = parameters;
  surroundings.account = options_.account;
  surroundings.region = now.region;
  surroundings.stack_name = now.name;
  surroundings.stack_id = now.id;
  surroundings.notification_arns = wish.notification_arns;
  surroundings.import_value = [&](const std::string& name) {
    return environment_.import_value(now.region, name);
  };
  surroundings.dynamic = [&](const std::string& service, const std::string& reference) {
    return environment_.dynamic(now.region, service, reference, wish.unsupported);
  };
  return surroundings;
}

std::string StackBook::metadata(const Stack& stack, const std::string& logical_id) const {
  const std::string none = "{}";
  const auto parsed = read(stack.wish, known_values(stack.region, stack.wish), include());
  const cfn::Resource* resource = parsed ? (*parsed)->resource(logical_id) : nullptr;
  if (!resource || resource->metadata.map.empty()) return none;
  const auto parameters = values_of_parameters(stack, **parsed, stack.wish);
  if (!parameters) return none;
  cfn::Surroundings surroundings = surroundings_of(stack, stack.wish, *parameters);
  surroundings.resource = [&](const std::string& id,
                              const std::string& attribute) -> Result<nlohmann::json> {
    const auto there = stack.resources.find(id);
    if (there == stack.resources.end()) return nlohmann::json(id);
    return value_of(there->second, attribute);
  };
  const auto value = cfn::Evaluator(**parsed, std::move(surroundings)).value(resource->metadata);
  return json_dump(value ? *value : cfn::to_json(resource->metadata));
}

Result<StackBook::Prepared> StackBook::prepare(const Stack& now, const Wish& wish, Macros macros,
                                               size_t depth) const {
  auto parsed = read(wish, known_values(now.region, wish), include());
  if (!parsed) return parsed.error();
  auto parameters = values_of_parameters(now, **parsed, wish);
  if (!parameters) return parameters.error();
  PlannedResources planned(now.resources, **parsed, wish);
  cfn::Surroundings surroundings = surroundings_of(now, wish, *parameters);
  surroundings.resource = [&](const std::string& id, const std::string& attribute) {
    return planned.reference(id, attribute);
  };
  Resolver resolver(**parsed, std::move(surroundings), wish, options_.fetch);
  if (auto fine = resolver.check(macros == Macros::kNeedCapability); !fine) return fine.error();
  auto plan = make_plan(now.resources, resolver, planned);
  if (!plan) return plan.error();
  if (auto fine = check_values(now, **parsed, *plan, planned); !fine) return fine.error();
  if (auto fine = check_nested(now, wish, *plan, depth); !fine) return fine.error();
  return Prepared{std::move(*parsed), std::move(*parameters), std::move(*plan)};
}

std::map<std::string, std::string> StackBook::Prepared::resolved_parameters() const {
  std::map<std::string, std::string> out;
  for (const cfn::Parameter& parameter : parsed->parameters) {
    if (!cfn::names_ssm_parameter(parameter.type)) continue;
    const auto value = parameters.find(parameter.name);
    if (value == parameters.end()) continue;
    std::string& text = out[parameter.name];
    if (value->second.is_string()) {
      text = json_text(value->second);
      continue;
    }
    for (const nlohmann::json& item : value->second)
      text += (text.empty() ? "" : ",") + json_text(item);
  }
  return out;
}

Result<std::string> StackBook::begin(const RecordPtr& record, const Wish& wish, Prepared prepared,
                                     const std::string& change_set_id) {
  const Stack now = record->snapshot();
  const bool creates = now.status.empty() || now.status == "REVIEW_IN_PROGRESS";
  const auto shared = std::make_shared<const Prepared>(std::move(prepared));
  const auto announce = [&] {
    const auto edit = [&](Stack& stack) {
      const std::vector<std::string> capabilities = std::move(stack.wish.capabilities);
      stack.wish = wish;
      // They need not be said again to be shown.
      if (wish.capabilities.empty()) stack.wish.capabilities = capabilities;
      stack.hidden_parameters.clear();
      for (const cfn::Parameter& parameter : shared->parsed->parameters) {
        if (parameter.default_value)
          stack.wish.parameters.emplace(parameter.name, *parameter.default_value);
        if (parameter.no_echo) stack.hidden_parameters.push_back(parameter.name);
      }
      stack.description = shared->parsed->description;
      stack.resolved_parameters = shared->resolved_parameters();
      stack.change_set_id = change_set_id;
      if (!creates || !change_set_id.empty()) stack.updated = options_.clock.wall_now();
    };
    return creates ? record->begin("CREATE_IN_PROGRESS", "CREATE_STACK", edit)
                   : record->begin("UPDATE_IN_PROGRESS", "UPDATE_STACK", edit);
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
                                      const Wish& given, Terms terms) {
  const Wish wish = completed(given);
  if (!is_stack_name(name))
    return validation_error(
        "1 validation error detected: Value '" + name +
        "' at 'stackName' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: [a-zA-Z][-a-zA-Z0-9]*");
  const MutexLock one_at_a_time(begin_mutex_);
  if (record_of(region, name))
    return Error{ErrorKind::kInvalid, "AlreadyExistsException",
                 "Stack [" + name + "] already exists"};
  Stack stack = new_stack(region, name);
  stack.termination_protection = terms.termination_protection;
  if (!terms.parent_id.empty()) {
    const auto parent = find(region, terms.parent_id);
    if (!parent) return parent.error();
    stack.parent_id = parent->id;
    stack.root_id = parent->root_id.empty() ? parent->id : parent->root_id;
    stack.depth = parent->depth + 1;
    if (stack.depth > kMaxNesting)
      return validation_error("Stacks are nested more than " + std::to_string(kMaxNesting) +
                              " deep: " + name + " in " + parent->name);
  }
  auto prepared = prepare(stack, wish, Macros::kNeedCapability);
  if (!prepared) return prepared.error();
  const RecordPtr record = add(std::move(stack));
  auto begun = begin(record, wish, std::move(*prepared), "");
  if (!begun) forget(record);
  return begun;
}

bool StackBook::changes_nothing(const Stack& now, const Wish& wish, const Prepared& prepared) {
  const Plan& plan = prepared.plan;
  // A resource's policies may change alone.
  const bool same_policies =
      std::all_of(now.resources.begin(), now.resources.end(), [&](const auto& each) {
        const cfn::Resource* resource = prepared.parsed->resource(each.first);
        return !resource || (resource->deletion_policy == each.second.deletion_policy &&
                             resource->update_replace_policy == each.second.replace_policy);
      });
  return plan.changes.empty() && same_policies && now.status.ends_with("COMPLETE") &&
         now.leftovers.empty() && now.wish.tags == wish.tags &&
         same_outputs(now.outputs, plan.outputs);
}

Result<std::string> StackBook::update(const std::string& region, const std::string& name_or_id,
                                      const Wish& given) {
  const Wish wish = completed(given);
  const MutexLock one_at_a_time(begin_mutex_);
  const auto record = require(region, name_or_id);
  if (!record) return record.error();
  const Stack now = (*record)->snapshot();
  if (!can_be_updated(now.status)) return wrong_state(now, "updated");
  auto prepared = prepare(now, wish, Macros::kNeedCapability);
  if (!prepared) return prepared.error();
  // Where macros make the template, AWS doesn't look whether they have made another one.
  if (prepared->parsed->transforms.empty() && changes_nothing(now, wish, *prepared))
    return validation_error("No updates are to be performed.");
  return begin(*record, wish, std::move(*prepared), "");
}

Result<void> StackBook::remove(const std::string& region, const std::string& name_or_id,
                               const std::vector<std::string>& retained, const std::string& token,
                               Deployment::Deletion deletion) {
  const MutexLock one_at_a_time(begin_mutex_);
  const RecordPtr record = record_of(region, name_or_id);
  if (!record) return {};
  const Stack now = record->snapshot();
  if (now.is_deleted() || now.status == "DELETE_IN_PROGRESS") return {};
  if (now.status == "CREATE_IN_PROGRESS") {
    const MutexLock lock(mutex_);
    if (const auto running = running_.find(now.id); running != running_.end()) {
      running->second->cancel_and_delete();
      return {};
    }
  }
  if (now.in_progress() && now.status != "REVIEW_IN_PROGRESS") return wrong_state(now, "deleted");
  if (now.termination_protection)
    return validation_error("Stack [" + now.name +
                            "] cannot be deleted while TerminationProtection is enabled");
  if (!retained.empty() && now.status != "DELETE_FAILED")
    return validation_error("Invalid operation on stack [" + now.id +
                            "]. Resources can be retained only when its deletion has failed.");
  if (deletion == Deployment::Deletion::kForce && now.status != "DELETE_FAILED")
    return validation_error(
        "Invalid operation on stack [" + now.id +
        "]. A stack can be deleted by force only when its deletion has failed.");
  for (const StackOutput& output : now.outputs) {
    if (output.export_name.empty()) continue;
    if (const auto users = importers(region, output.export_name); !users.empty())
      return validation_error("Export " + output.export_name +
                              " cannot be deleted as it is in use by " + users.front());
  }
  const auto announce = [&] {
    return record->begin("DELETE_IN_PROGRESS", "DELETE_STACK", [&](Stack& stack) {
      stack.wish.token = token;
      stack.deleted = options_.clock.wall_now();
      stack.change_set_id.clear();
    });
  };
  return start(record, announce, [retained, deletion](Deployment& deployment) {
    deployment.remove(retained, deletion);
  });
}

Result<void> StackBook::cancel_update(const std::string& region, const std::string& name_or_id) {
  const auto record = require(region, name_or_id);
  if (!record) return record.error();
  const Stack now = (*record)->snapshot();
  const MutexLock lock(mutex_);
  const auto running = running_.find(now.id);
  if (now.status != "UPDATE_IN_PROGRESS" || running == running_.end())
    return validation_error("CancelUpdateStack cannot be called from current stack status");
  running->second->cancel();
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
