// Times at which objects want to be called: a heap of the objects themselves. An object knows its
// own place, so that asking for a later time than the one that is pending costs a comparison.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"

namespace kiln::net {

// Something that wants to be called at a time. See IoLoop::schedule.
class Scheduled {
 public:
  Scheduled() = default;
  Scheduled(const Scheduled&) = delete;
  Scheduled& operator=(const Scheduled&) = delete;
  // `now` is at or past the time asked for. Returns the next time, or SteadyTime::max() for none.
  virtual SteadyTime on_time(SteadyTime now) = 0;

 protected:
  ~Scheduled() = default;

 private:
  friend class Timers;
  static constexpr size_t kNowhere = static_cast<size_t>(-1);
  SteadyTime pending_ = SteadyTime::max();
  size_t place_ = kNowhere;
};

class Timers {
 public:
  void schedule(Scheduled* what, SteadyTime when);
  void cancel(Scheduled* what);
  SteadyTime next() const { return heap_.empty() ? SteadyTime::max() : heap_.front()->pending_; }
  // Calls all that are due. Whether there were any.
  bool fire(SteadyTime now);

 private:
  void put(size_t place, Scheduled* what);
  void up(size_t place);
  void down(size_t place);

  std::vector<Scheduled*> heap_;
};

}  // namespace kiln::net
