// The state of published versions with SnapStart, for those who ask: written by the loops, read by
// the API. Safe from any thread.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "base/mutex.h"
#include "model/function.h"
#include "model/snapshot_state.h"

namespace kiln::engine {

struct SnapshotStatus {
  model::SnapshotPhase phase = model::SnapshotPhase::kPending;
  bool made_before = false;         // pending, and it was active before
  std::string reason_code, reason;  // of kFailed
};

class SnapshotBoard {
 public:
  void set(const model::FunctionConfig& config, SnapshotStatus status) {
    const MutexLock lock(mutex_);
    entries_[{config.region, config.name, config.version}] = std::move(status);
  }
  void erase(const model::FunctionConfig& config) {
    const MutexLock lock(mutex_);
    entries_.erase({config.region, config.name, config.version});
  }
  // What the version's loop has not reported yet is pending.
  SnapshotStatus get(const model::FunctionConfig& config) const {
    const MutexLock lock(mutex_);
    const auto found = entries_.find({config.region, config.name, config.version});
    return found == entries_.end() ? SnapshotStatus{} : found->second;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::string>, SnapshotStatus> entries_
      KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::engine
