// How the kernel schedules the thread of a loop: as BatchRule says, by what
// /proc/thread-self/schedstat tells of the thread's waits. A thread that was given another policy
// than the usual one keeps it.
//
// Threading: the loop's thread.
#pragma once

#include "base/unique_fd.h"
#include "net/batch_rule.h"

namespace kiln::net {

class LoopScheduling {
 public:
  // Of the calling thread, from now on. Does nothing where the kernel doesn't tell the waits.
  void begin();
  // The end of the period, max() while nothing is looked at. The loop wakes for it only while the
  // thread is SCHED_BATCH, so that it isn't any more when nothing happens.
  SteadyTime due() const { return due_; }
  SteadyTime wake_at() const { return rule_.batch() ? due_ : SteadyTime::max(); }
  // REQUIRES: due. `answers` of functions, ever.
  void look(SteadyTime now, size_t answers, size_t at_work);

 private:
  struct Stat {
    uint64_t turns = 0;
    Duration waited = Duration::zero();
  };
  bool read(Stat& stat) const;

  BatchRule rule_;
  UniqueFd schedstat_;
  SteadyTime due_ = SteadyTime::max();
  Stat last_;
  size_t answers_ = 0;
};

}  // namespace kiln::net
