#include "stack/stack_record.h"

#include <algorithm>

#include "base/ids.h"
#include "base/json_access.h"
#include "base/mutex.h"
#include "base/time_format.h"
#include "template/problem_text.h"

namespace kiln::stack {
namespace {

// Keys sort as the events happened.
std::string event_key(const std::string& stack_id, uint64_t number) {
  std::string digits = std::to_string(number);
  return stack_id + "#" + std::string(12 - std::min<size_t>(12, digits.size()), '0') + digits;
}

std::string leftover_key(const Stack& stack, const StackResource& resource) {
  return stack.id + "#" + resource.logical_id + "#" + resource.handle();
}

// The state that a kill leaves a stack in: one from which it can be deployed anew.
std::string after_interruption(const std::string& status) {
  if (status == "CREATE_IN_PROGRESS") return "CREATE_FAILED";
  if (status == "ROLLBACK_IN_PROGRESS") return "ROLLBACK_FAILED";
  if (status == "DELETE_IN_PROGRESS") return "DELETE_FAILED";
  if (status.starts_with("UPDATE_ROLLBACK_")) return "UPDATE_ROLLBACK_FAILED";
  if (status.starts_with("UPDATE_")) return "UPDATE_FAILED";
  return status;  // REVIEW_IN_PROGRESS
}

bool same_leftover(const StackResource& a, const StackResource& b) {
  return a.logical_id == b.logical_id && a.handle() == b.handle();
}

}  // namespace

StackRecord::StackRecord(Stack stack, StatePort& port, const Clock& clock)
    : stack_(std::move(stack)), port_(port), clock_(clock) {
  if (!stack_.events.empty()) next_event_ = stack_.events.back().number + 1;
}

Stack StackRecord::snapshot() const {
  const MutexLock lock(mutex_);
  return stack_;
}

Result<void> StackRecord::edit_and_save(const std::function<void(Stack&)>& edit) {
  const nlohmann::json before = to_document(stack_);
  edit(stack_);
  auto saved = port_.save(kStackKind, stack_.region, stack_.id, json_dump(to_document(stack_)));
  if (saved) return saved;
  auto old = stack_of(before);
  if (!old) return old.error();
  old->resources = std::move(stack_.resources);
  old->leftovers = std::move(stack_.leftovers);
  old->events = std::move(stack_.events);
  stack_ = *std::move(old);
  return saved;
}

Result<void> StackRecord::change(const std::function<void(Stack&)>& edit) {
  const MutexLock lock(mutex_);
  return edit_and_save(edit);
}

Result<void> StackRecord::begin(const std::string& status, const std::string& operation_type,
                                const std::function<void(Stack&)>& edit) {
  const MutexLock lock(mutex_);
  auto saved = edit_and_save([&](Stack& stack) {
    edit(stack);
    stack.last_operation = Operation{new_uuid(), operation_type};
    stack.status = status;
    stack.reason = "User Initiated";
  });
  if (saved) add_own_event();
  return saved;
}

Result<void> StackRecord::set_status(const std::string& status, const std::string& reason,
                                     const std::function<void(Stack&)>& edit) {
  const MutexLock lock(mutex_);
  auto saved = edit_and_save([&](Stack& stack) {
    if (edit) edit(stack);
    stack.status = status;
    stack.reason = cfn::place_last(reason);
  });
  if (saved) add_own_event();
  return saved;
}

std::string StackRecord::operation() const {
  const MutexLock lock(mutex_);
  return stack_.last_operation ? stack_.last_operation->id : std::string();
}

void StackRecord::cut_short(const std::string& operation,
                            const std::function<std::string(const std::string&)>& why) {
  const MutexLock lock(mutex_);
  const bool is_last = !stack_.last_operation || stack_.last_operation->id == operation;
  if (!is_last || !stack_.in_progress()) return;
  const auto edit = [&why](Stack& stack) {
    stack.reason = cfn::place_last(why(stack.status));
    stack.status = after_interruption(stack.status);
  };
  if (const auto saved = edit_and_save(edit); !saved) {
    edit(stack_);
    stack_.reason += ". " + saved.error().message;
  }
  add_own_event();
}

void StackRecord::add_own_event() {
  StackResource self;
  self.logical_id = stack_.name;
  self.physical_id = stack_.id;
  self.type = kStackType;
  self.status = stack_.status;
  self.reason = stack_.reason;
  self.properties = nullptr;
  add_event(self);
}

void StackRecord::add_event(const StackResource& about) {
  StackEvent event;
  event.number = next_event_;
  // Each event has a millisecond of its own: the ids of resources' events are made of it.
  event.time = WallTime(std::chrono::milliseconds(epoch_ms(clock_.wall_now())));
  if (!stack_.events.empty())
    event.time = std::max(event.time, stack_.events.back().time + std::chrono::milliseconds(1));
  event.logical_id = about.logical_id;
  event.physical_id = about.physical_id;
  event.type = about.type;
  event.status = about.status;
  event.reason = about.reason;
  // As AWS has it: what an update leaves behind goes without them, what a stack takes along has
  // them.
  const bool goes =
      about.status.starts_with("DELETE") && stack_.status.ends_with("CLEANUP_IN_PROGRESS");
  if (const nlohmann::json& properties = about.unsettled() ? about.attempted : about.properties;
      !properties.is_null() && !goes)
    event.properties = json_dump(properties);
  event.token = stack_.wish.token;
  event.id = about.type == kStackType
                 ? new_uuid()
                 : about.logical_id + "-" + about.status + "-" + format_iso_ms(event.time);
  // An event that can't be written is missing after a restart; the deployment goes on.
  (void)port_.save(kEventKind, stack_.region, event_key(stack_.id, next_event_),
                   json_dump(to_document(event)));
  ++next_event_;
  stack_.events.push_back(std::move(event));
  if (stack_.events.size() > kMaxEvents) {
    stack_.events.erase(stack_.events.begin());
    (void)port_.erase(kEventKind, stack_.region,
                      event_key(stack_.id, next_event_ - kMaxEvents - 1));
  }
}

Result<void> StackRecord::put_quietly(const StackResource& resource) {
  const MutexLock lock(mutex_);
  auto saved = port_.save(kResourceKind, stack_.region, stack_.id + "#" + resource.logical_id,
                          json_dump(to_document(resource)));
  if (!saved) return saved;
  stack_.resources[resource.logical_id] = resource;
  return {};
}

Result<void> StackRecord::put(const StackResource& resource) {
  StackResource stamped = resource;
  stamped.changed = clock_.wall_now();
  if (auto saved = put_quietly(stamped); !saved) return saved;
  const MutexLock lock(mutex_);
  add_event(stamped);
  return {};
}

Result<void> StackRecord::erase(const std::string& logical_id) {
  const MutexLock lock(mutex_);
  auto erased = port_.erase(kResourceKind, stack_.region, stack_.id + "#" + logical_id);
  if (erased) stack_.resources.erase(logical_id);
  return erased;
}

Result<void> StackRecord::add_leftover(const StackResource& resource) {
  const MutexLock lock(mutex_);
  auto saved = port_.save(kLeftoverKind, stack_.region, leftover_key(stack_, resource),
                          json_dump(to_document(resource)));
  if (!saved) return saved;
  const auto same = [&](const StackResource& other) { return same_leftover(other, resource); };
  std::erase_if(stack_.leftovers, same);
  stack_.leftovers.push_back(resource);
  return {};
}

Result<void> StackRecord::set_aside(const StackResource& resource) {
  if (auto added = add_leftover(resource); !added) return added;
  auto erased = erase(resource.logical_id);
  if (!erased) (void)erase_leftover(resource);
  return erased;
}

Result<void> StackRecord::erase_leftover(const StackResource& resource) {
  const MutexLock lock(mutex_);
  auto erased = port_.erase(kLeftoverKind, stack_.region, leftover_key(stack_, resource));
  if (!erased) return erased;
  const auto same = [&](const StackResource& other) { return same_leftover(other, resource); };
  std::erase_if(stack_.leftovers, same);
  return {};
}

void StackRecord::log(const StackResource& resource, const std::string& status,
                      const std::string& reason) {
  StackResource about = resource;
  about.status = status;
  about.reason = cfn::place_last(reason);
  const MutexLock lock(mutex_);
  add_event(about);
}

Result<void> StackRecord::forget() {
  const MutexLock lock(mutex_);
  std::vector<StatePort::Place> places{{kStackKind, stack_.region, stack_.id}};
  for (const auto& [id, resource] : stack_.resources)
    places.push_back({kResourceKind, stack_.region, stack_.id + "#" + id});
  for (const StackResource& leftover : stack_.leftovers)
    places.push_back({kLeftoverKind, stack_.region, leftover_key(stack_, leftover)});
  for (uint64_t number = next_event_ - stack_.events.size(); number < next_event_; ++number)
    places.push_back({kEventKind, stack_.region, event_key(stack_.id, number)});
  return port_.erase_all(places);
}

}  // namespace kiln::stack
