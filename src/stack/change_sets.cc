// Change sets: a plan that is kept, looked at, and carried out or thrown away.
#include <algorithm>

#include "base/arn.h"
#include "base/ascii.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "base/mutex.h"
#include "stack/change_reasons.h"
#include "stack/stack_book.h"
#include "stack/validation_error.h"

namespace kiln::stack {
namespace {

constexpr const char* kHiddenValue = "****";

Error no_such_set(const std::string& name) {
  return {ErrorKind::kNotFound, "ChangeSetNotFound", "ChangeSet [" + name + "] does not exist"};
}

bool is_executed(const ChangeSet& set) { return set.execution_status == "EXECUTE_COMPLETE"; }

bool is_set_name(const std::string& name) {
  return !name.empty() && name.size() <= 128 && ascii::is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return ascii::is_alnum(c) || c == '-'; });
}

// The parameters that the template has: as given, or their defaults.
void take_parameters(const cfn::Template& parsed, ChangeSet& set) {
  for (const cfn::Parameter& parameter : parsed.parameters) {
    const auto given = set.wish.parameters.find(parameter.name);
    if (given != set.wish.parameters.end())
      set.parameters[parameter.name] = given->second;
    else if (parameter.default_value)
      set.parameters[parameter.name] = *parameter.default_value;
    if (parameter.no_echo) set.hidden_parameters.push_back(parameter.name);
  }
}

}  // namespace

Result<void> StackBook::keep(const Stack& stack, const ChangeSet& set) {
  auto saved = options_.state.save(kChangeSetKind, stack.region, stack.id + "#" + set.id,
                                   json_dump(to_document(set)));
  if (!saved) return saved;
  const MutexLock lock(mutex_);
  sets_[stack.id][set.id] = set;
  return {};
}

Result<void> StackBook::drop(const Stack& stack, const ChangeSet& set) {
  auto erased = options_.state.erase(kChangeSetKind, stack.region, stack.id + "#" + set.id);
  if (!erased) return erased;
  const MutexLock lock(mutex_);
  sets_[stack.id].erase(set.id);
  return {};
}

void StackBook::drop_change_sets(const Stack& stack) {
  std::map<std::string, ChangeSet> all;
  {
    const MutexLock lock(mutex_);
    if (const auto found = sets_.find(stack.id); found != sets_.end()) all.swap(found->second);
    sets_.erase(stack.id);
  }
  std::vector<StatePort::Place> places;
  for (const auto& [id, set] : all)
    places.push_back({kChangeSetKind, stack.region, stack.id + "#" + id});
  (void)options_.state.erase_all(places);  // sets without a stack aren't read again
}

// The id of what was executed stays good for a while: tools look at it afterwards.
void StackBook::drop_old_executed_sets(const Stack& stack) {
  std::vector<ChangeSet> executed;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, set] : sets_[stack.id])
      if (is_executed(set)) executed.push_back(set);
  }
  if (executed.size() <= kMaxExecutedSets) return;
  std::sort(executed.begin(), executed.end(),
            [](const ChangeSet& a, const ChangeSet& b) { return a.created < b.created; });
  for (size_t i = 0; i + kMaxExecutedSets < executed.size(); ++i) (void)drop(stack, executed[i]);
}

Result<void> StackBook::plan_change_set(const Stack& now, ChangeSet& set) const {
  auto prepared = prepare(now, set.wish, Macros::kExpand);
  if (!prepared) {
    set.reason = processing_failure(now, set.wish);
    if (set.reason.empty()) return prepared.error();
    set.status = "FAILED";
    // Which of them are to stay hidden says the template as it is written. It is never carried out.
    if (const auto written = cfn::read_as_written(set.wish.template_text, include()))
      take_parameters(*written, set);
    for (const std::string& hidden : set.hidden_parameters) set.parameters[hidden] = kHiddenValue;
    set.wish.parameters.clear();
    return {};
  }
  // CreateStack finds this out at its end, as AWS does; a plan says so.
  if (auto fine = check_exports(now, prepared->plan.outputs); !fine) return fine.error();
  const bool nothing =
      set.type == ChangeSet::Type::kUpdate && changes_nothing(now, set.wish, *prepared);
  set.status = nothing ? "FAILED" : "CREATE_COMPLETE";
  if (nothing)
    set.reason =
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set.";
  set.changes = std::move(prepared->plan.changes);
  take_parameters(*prepared->parsed, set);
  set.resolved_parameters = prepared->resolved_parameters();
  tell_reasons(set.changes,
               {*prepared->parsed, now.wish.parameters, set.parameters, now.resources});
  const bool removes = std::any_of(set.changes.begin(), set.changes.end(), [](const Change& each) {
    return each.action == Change::Action::kRemove;
  });
  if (removes) {
    const auto before =
        cfn::read_template(now.wish.template_text, known_values(now.region, now.wish), include());
    if (before.parsed) hide_references(set.changes, *before.parsed);
  }
  return {};
}

Result<ChangeSet> StackBook::create_change_set(const std::string& region, const std::string& name,
                                               ChangeSet set) {
  if (!is_set_name(set.name))
    return validation_error(
        "1 validation error detected: Value '" + set.name +
        "' at 'changeSetName' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*");
  const MutexLock one_at_a_time(begin_mutex_);
  RecordPtr record = record_of(region, name);
  const bool creates = set.type == ChangeSet::Type::kCreate;
  if (!record && !creates) return validation_error("Stack [" + name + "] does not exist");
  Stack now = record ? record->snapshot() : new_stack(region, name);
  if (record && creates && now.status != "REVIEW_IN_PROGRESS")
    return validation_error("Stack [" + name +
                            "] already exists and cannot be created again with the changeSet [" +
                            set.name + "].");
  if (record && !creates && (now.in_progress() || now.is_deleted()))
    return validation_error("Stack:" + now.id + " is in " + now.status +
                            " state and can not be updated.");
  if (record) {
    const MutexLock lock(mutex_);
    for (const auto& [id, other] : sets_[now.id])
      if (other.name == set.name && !is_executed(other))
        return Error{ErrorKind::kInvalid, "AlreadyExistsException",
                     "ChangeSet " + set.name +
                         " cannot be created due to a mismatch with existing "
                         "attribute Template"};
    if (sets_[now.id].size() >= kMaxChangeSets)
      return Error{ErrorKind::kInvalid, "LimitExceededException",
                   "Limit for ChangeSet has been exceeded: " + std::to_string(kMaxChangeSets)};
  }
  set.wish = completed(std::move(set.wish));
  if (auto planned = plan_change_set(now, set); !planned) return planned.error();
  set.id = arn_start("cloudformation", region) + options_.account + ":changeSet/" + set.name + "/" +
           new_uuid();
  set.created = options_.clock.wall_now();
  set.execution_status = set.status == "FAILED" ? "UNAVAILABLE" : "AVAILABLE";
  const bool is_first = !record;
  Result<void> kept;
  if (is_first) {
    record = add(now);
    kept = record->set_status("REVIEW_IN_PROGRESS", "User Initiated");
  }
  if (kept) kept = keep(now, set);
  if (kept) return set;
  if (is_first) forget(record);
  return kept.error();
}

Result<ChangeSet> StackBook::find_change_set(const std::string& region, const std::string& stack,
                                             const std::string& name_or_id) const {
  std::string stack_id;
  if (!name_or_id.starts_with("arn:")) {
    if (stack.empty())
      return validation_error(
          "StackName must be specified if ChangeSetName is not specified as an ARN.");
    const RecordPtr record = record_of(region, stack);
    if (!record) return validation_error("Stack [" + stack + "] does not exist");
    stack_id = record->read<std::string>([](const Stack& s) { return s.id; });
  }
  // Once a set was executed, its name may be another's: then that is meant.
  const ChangeSet* found = nullptr;
  const MutexLock lock(mutex_);
  for (const auto& [id, sets] : sets_) {
    if (!stack_id.empty() && id != stack_id) continue;
    for (const auto& [set_id, set] : sets) {
      if (set_id != name_or_id && set.name != name_or_id) continue;
      const bool better = !found || (is_executed(*found) && !is_executed(set)) ||
                          (is_executed(*found) && found->created < set.created);
      if (better) found = &set;
    }
  }
  if (!found) return no_such_set(name_or_id);
  return *found;
}

Result<Stack> StackBook::stack_for(const ChangeSet& set) const {
  RecordPtr record;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, sets] : sets_)
      if (sets.contains(set.id))
        if (const auto found = records_.find(id); found != records_.end()) record = found->second;
  }
  if (!record) return no_such_set(set.name);
  return record->snapshot();
}

Result<std::vector<ChangeSet>> StackBook::change_sets(const std::string& region,
                                                      const std::string& stack) const {
  const auto found = find(region, stack);
  if (!found) return found.error();
  std::vector<ChangeSet> out;
  const MutexLock lock(mutex_);
  if (const auto sets = sets_.find(found->id); sets != sets_.end())
    for (const auto& [id, set] : sets->second)
      if (!is_executed(set)) out.push_back(set);
  std::sort(out.begin(), out.end(), [](const ChangeSet& a, const ChangeSet& b) {
    return std::pair(a.created, a.id) < std::pair(b.created, b.id);
  });
  return out;
}

Result<void> StackBook::execute_change_set(const std::string& region, const std::string& stack,
                                           const std::string& name_or_id, const std::string& token,
                                           std::optional<Wish::OnFailure> on_failure) {
  const MutexLock one_at_a_time(begin_mutex_);
  auto set = find_change_set(region, stack, name_or_id);
  if (!set) return set.error();
  const auto now = stack_for(*set);
  if (!now) return now.error();
  if (now->in_progress() && now->status != "REVIEW_IN_PROGRESS")
    return validation_error("Stack:" + now->id + " is in " + now->status +
                            " state and can not be updated.");
  if (set->execution_status != "AVAILABLE")
    return Error{ErrorKind::kInvalid, "InvalidChangeSetStatus",
                 "ChangeSet [" + set->id + "] cannot be executed in its current status of [" +
                     (set->status == "FAILED" ? set->status : set->execution_status) + "]"};
  Wish wish = set->wish;
  if (!token.empty()) wish.token = token;
  if (on_failure) wish.on_failure = *on_failure;
  // The stack may have changed since: what is done is worked out anew.
  auto prepared = prepare(*now, wish, Macros::kExpand);
  if (!prepared) return prepared.error();
  const auto record = require(region, now->id);
  if (!record) return record.error();
  if (auto begun = begin(*record, wish, std::move(*prepared), set->id); !begun)
    return begun.error();
  // It has begun, whatever can be kept of its sets: a restart goes by the stack's change_set_id.
  set->execution_status = "EXECUTE_COMPLETE";
  if (!keep(*now, *set)) {
    const MutexLock lock(mutex_);
    sets_[now->id][set->id] = *set;
  }
  // The stack's other sets are about a state that is gone.
  if (const auto all = change_sets(region, now->id))
    for (const ChangeSet& other : *all) (void)drop(*now, other);
  drop_old_executed_sets(*now);
  return {};
}

Result<void> StackBook::delete_change_set(const std::string& region, const std::string& stack,
                                          const std::string& name_or_id) {
  const auto set = find_change_set(region, stack, name_or_id);
  if (!set) {
    if (set.error().type == "ChangeSetNotFound") return {};
    return set.error();
  }
  const auto now = stack_for(*set);
  if (!now) return now.error();
  return drop(*now, *set);
}

}  // namespace kiln::stack
