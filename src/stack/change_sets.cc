// Change sets: a plan that is kept, looked at, and carried out or thrown away.
#include <algorithm>

#include "base/ids.h"
#include "stack/stack_book.h"

namespace kiln::stack {
namespace {

Error validation(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

Error no_such_set(const std::string& name) {
  return {ErrorKind::kNotFound, "ChangeSetNotFound", "ChangeSet [" + name + "] does not exist"};
}

bool is_set_name(const std::string& name) {
  return !name.empty() && name.size() <= 128 && std::isalpha(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '-'; });
}

}  // namespace

Result<void> StackBook::keep(const Stack& stack, const ChangeSet& set) {
  auto saved = options_.state.save(kChangeSetKind, stack.region, stack.id + "#" + set.id,
                                   to_document(set).dump());
  if (!saved) return saved;
  const std::lock_guard lock(mutex_);
  sets_[stack.id][set.id] = set;
  return {};
}

void StackBook::drop(const Stack& stack, const ChangeSet& set) {
  options_.state.erase(kChangeSetKind, stack.region, stack.id + "#" + set.id);
  const std::lock_guard lock(mutex_);
  sets_[stack.id].erase(set.id);
}

void StackBook::drop_change_sets(const Stack& stack) {
  std::map<std::string, ChangeSet> all;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = sets_.find(stack.id); found != sets_.end()) all.swap(found->second);
    sets_.erase(stack.id);
  }
  for (const auto& [id, set] : all)
    options_.state.erase(kChangeSetKind, stack.region, stack.id + "#" + id);
}

Result<ChangeSet> StackBook::create_change_set(const std::string& region, const std::string& name,
                                               ChangeSet set) {
  if (!is_set_name(set.name))
    return validation("1 validation error detected: Value '" + set.name +
                      "' at 'changeSetName' failed to satisfy constraint: Member must satisfy "
                      "regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*");
  const std::lock_guard one_at_a_time(begin_mutex_);
  RecordPtr record = record_of(region, name);
  const bool creates = set.type == ChangeSet::Type::kCreate;
  if (!record && !creates) return validation("Stack [" + name + "] does not exist");
  Stack now = record ? record->snapshot() : new_stack(region, name);
  if (record && creates && now.status != "REVIEW_IN_PROGRESS")
    return validation("Stack [" + name +
                      "] already exists and cannot be created again with the changeSet [" +
                      set.name + "].");
  if (record && !creates && now.in_progress())
    return validation("Stack:" + now.id + " is in " + now.status +
                      " state and can not be updated.");
  if (record) {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, other] : sets_[now.id])
      if (other.name == set.name)
        return Error{ErrorKind::kInvalid, "AlreadyExistsException",
                     "ChangeSet " + set.name +
                         " cannot be created due to a mismatch with existing "
                         "attribute Template"};
    if (sets_[now.id].size() >= kMaxChangeSets)
      return Error{ErrorKind::kInvalid, "LimitExceededException",
                   "Limit for ChangeSet has been exceeded: " + std::to_string(kMaxChangeSets)};
  }
  auto prepared = prepare(now, set.wish, Macros::kExpand);
  if (!prepared) return prepared.error();
  set.id = "arn:aws:cloudformation:" + region + ":" + options_.account + ":changeSet/" + set.name +
           "/" + new_uuid();
  set.created = options_.clock.wall_now();
  const bool nothing = !creates && changes_nothing(now, set.wish, prepared->plan);
  set.status = nothing ? "FAILED" : "CREATE_COMPLETE";
  set.execution_status = nothing ? "UNAVAILABLE" : "AVAILABLE";
  if (nothing)
    set.reason =
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set.";
  set.changes = std::move(prepared->plan.changes);
  if (!record) {
    record = add(now);
    if (auto kept = record->set_status("REVIEW_IN_PROGRESS", "User Initiated"); !kept) {
      forget(record);
      return kept.error();
    }
  }
  if (auto kept = keep(now, set); !kept) return kept.error();
  return set;
}

Result<ChangeSet> StackBook::find_change_set(const std::string& region, const std::string& stack,
                                             const std::string& name_or_id) const {
  std::string stack_id;
  if (!name_or_id.starts_with("arn:")) {
    const auto record = require(region, stack);
    if (!record) return record.error();
    stack_id = (*record)->read<std::string>([](const Stack& s) { return s.id; });
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [id, sets] : sets_) {
    if (!stack_id.empty() && id != stack_id) continue;
    for (const auto& [set_id, set] : sets)
      if (set_id == name_or_id || set.name == name_or_id) return set;
  }
  return no_such_set(name_or_id);
}

Result<Stack> StackBook::stack_for(const ChangeSet& set) const {
  RecordPtr record;
  {
    const std::lock_guard lock(mutex_);
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
  const std::lock_guard lock(mutex_);
  if (const auto sets = sets_.find(found->id); sets != sets_.end())
    for (const auto& [id, set] : sets->second) out.push_back(set);
  return out;
}

Result<void> StackBook::execute_change_set(const std::string& region, const std::string& stack,
                                           const std::string& name_or_id, const std::string& token,
                                           std::optional<Wish::OnFailure> on_failure) {
  const std::lock_guard one_at_a_time(begin_mutex_);
  auto set = find_change_set(region, stack, name_or_id);
  if (!set) return set.error();
  const auto now = stack_for(*set);
  if (!now) return now.error();
  if (set->execution_status != "AVAILABLE" ||
      (now->in_progress() && now->status != "REVIEW_IN_PROGRESS"))
    return Error{ErrorKind::kInvalid, "InvalidChangeSetStatus",
                 "ChangeSet [" + set->id +
                     "] cannot be executed in its current execution status [" +
                     set->execution_status + "]; the stack is in " + now->status};
  Wish wish = set->wish;
  if (!token.empty()) wish.token = token;
  if (on_failure) wish.on_failure = *on_failure;
  // The stack may have changed since: what is done is worked out anew.
  auto prepared = prepare(*now, wish, Macros::kExpand);
  if (!prepared) return prepared.error();
  const auto record = require(region, now->id);
  if (!record) return record.error();
  if (auto begun = begin(*record, wish, std::move(*prepared)); !begun) return begun.error();
  // The stack's other sets are about a state that is gone.
  set->execution_status = "EXECUTE_COMPLETE";
  const auto all = change_sets(region, now->id);
  if (!all) return all.error();
  for (const ChangeSet& other : *all)
    if (other.id != set->id) drop(*now, other);
  return keep(*now, *set);
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
  drop(*now, *set);
  return {};
}

}  // namespace kiln::stack
