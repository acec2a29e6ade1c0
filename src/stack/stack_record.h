// The one owner of a stack's state: every change goes through here, is on disk when it returns, and
// is seen by readers at once. Thread-safe.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/state_port.h"
#include "stack/stack.h"

namespace kiln::stack {

class StackRecord {
 public:
  static constexpr const char* kStackKind = "stack";
  static constexpr const char* kResourceKind = "stack-resource";
  static constexpr const char* kLeftoverKind = "stack-leftover";
  static constexpr const char* kEventKind = "stack-event";
  // Of the events of a stack, the newest stay.
  static constexpr size_t kMaxEvents = 2000;

  // `stack` is as it was read from disk, or new: then save() comes first.
  StackRecord(Stack stack, StatePort& port, const Clock& clock);

  Stack snapshot() const;
  template <class T>
  T read(const std::function<T(const Stack&)>& look) const {
    const MutexLock lock(mutex_);
    return look(stack_);
  }

  // Changes what belongs to the stack itself. What can't be kept doesn't change.
  Result<void> change(const std::function<void(Stack&)>& edit);
  // The same with an event of the stack's new status.
  Result<void> set_status(const std::string& status, const std::string& reason = "",
                          const std::function<void(Stack&)>& edit = {});
  // Changes it for an operation that its user asked for, which begins with that status.
  Result<void> begin(const std::string& status, const std::string& operation_type,
                     const std::function<void(Stack&)>& edit);
  // The id of the last operation that begin() began; "": none.
  std::string operation() const;
  // The status that an operation leaves which can't tell its end: on disk if that works, and if not
  // as a restart would find it. One that has ended, and the next one, stay as they are. `why` is
  // asked with the status that the operation stopped in.
  void cut_short(const std::string& operation,
                 const std::function<std::string(const std::string&)>& why);

  // Puts a resource as it is now, and an event of its status.
  Result<void> put(const StackResource& resource);
  // The same without an event: what changes is not the resource itself.
  Result<void> put_quietly(const StackResource& resource);
  Result<void> erase(const std::string& logical_id);
  Result<void> add_leftover(const StackResource& resource);
  // It is a leftover from now on, and no resource.
  Result<void> set_aside(const StackResource& resource);
  // A leftover that is gone, or one that goes back to being the resource.
  Result<void> erase_leftover(const StackResource& resource);
  // An event of something that is neither.
  void log(const StackResource& resource, const std::string& status, const std::string& reason);

  // Everything of it on disk goes, or nothing.
  Result<void> forget();

 private:
  Result<void> edit_and_save(const std::function<void(Stack&)>& edit) KILN_REQUIRES(mutex_);
  // An event of the stack's status.
  void add_own_event() KILN_REQUIRES(mutex_);
  void add_event(const StackResource& about) KILN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Stack stack_ KILN_GUARDED_BY(mutex_);
  StatePort& port_;
  const Clock& clock_;
  uint64_t next_event_ KILN_GUARDED_BY(mutex_) = 0;
};

}  // namespace kiln::stack
