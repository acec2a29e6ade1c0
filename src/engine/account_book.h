// The account's concurrency in each Region. Entries are made on first use and stay; safe from any
// thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "model/admission.h"

namespace kiln::engine {

class AccountBook {
 public:
  explicit AccountBook(const model::AccountQuota& quota) : quota_(quota) {}

  model::AccountCapacity& of(const std::string& region) {
    const MutexLock lock(mutex_);
    auto& entry = regions_[region];
    if (!entry) entry = std::make_unique<model::AccountCapacity>(quota_);
    return *entry;
  }
  const model::AccountQuota& quota() const { return quota_; }

 private:
  model::AccountQuota quota_;
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<model::AccountCapacity>> regions_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::engine
