// The ids of roles by ARN, for services on other threads than IAM's. Thread-safe.
#pragma once

#include <map>
#include <string>

#include "base/mutex.h"

namespace kiln::services {

class RoleIds {
 public:
  void set(const std::string& arn, const std::string& id) {
    const MutexLock lock(mutex_);
    ids_[arn] = id;
  }
  void erase(const std::string& arn) {
    const MutexLock lock(mutex_);
    ids_.erase(arn);
  }
  // "" where there is no such role.
  std::string find(const std::string& arn) const {
    const MutexLock lock(mutex_);
    const auto found = ids_.find(arn);
    return found == ids_.end() ? std::string() : found->second;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::string> ids_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::services
