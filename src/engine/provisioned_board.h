// How far provisioned concurrency has come, and the snapshots of versions, for those who ask:
// written by the loops, read by the API. Safe from any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "base/mutex.h"
#include "engine/snapshot_board.h"
#include "model/allocation.h"

namespace kiln::engine {

using model::ProvisionedState;

struct ProvisionedStatus {
  ProvisionedState state = ProvisionedState::kInProgress;
  int allocated = 0;
  int available = 0;
  std::string reason;  // of kFailed
};

class ProvisionedBoard {
 public:
  SnapshotBoard& snapshots() { return snapshots_; }
  void set(const std::string& region, const std::string& name, const std::string& version,
           const ProvisionedStatus& status) {
    const MutexLock lock(mutex_);
    entries_[{region, name, version}] = status;
  }
  void erase(const std::string& region, const std::string& name, const std::string& version) {
    const MutexLock lock(mutex_);
    entries_.erase({region, name, version});
  }
  // What the version's loop has not reported yet is in progress.
  ProvisionedStatus get(const std::string& region, const std::string& name,
                        const std::string& version) const {
    const MutexLock lock(mutex_);
    const auto found = entries_.find({region, name, version});
    return found == entries_.end() ? ProvisionedStatus{} : found->second;
  }

 private:
  SnapshotBoard snapshots_;
  mutable Mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::string>, ProvisionedStatus> entries_
      KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::engine
