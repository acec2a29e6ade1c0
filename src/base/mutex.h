// A mutex that says which data it guards, so that clang finds an access without it when it reads
// the source:
//
//   Mutex mutex_;
//   std::map<Key, Value> entries_ KILN_GUARDED_BY(mutex_);
//   void drop_oldest() KILN_REQUIRES(mutex_);
//   …
//   const MutexLock lock(mutex_);
//
// tools/check_threads.py has clang look. Other compilers see nothing but the mutex.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#if defined(__clang__)
#define KILN_THREADS(x) __attribute__((x))
#else
#define KILN_THREADS(x)
#endif
#define KILN_GUARDED_BY(mutex) \
  KILN_THREADS(guarded_by(mutex))  // read and written with `mutex` alone
#define KILN_REQUIRES(mutex) KILN_THREADS(requires_capability(mutex))  // called with `mutex` held
// The analysis ends here: the comment beside it says why the code is right.
#define KILN_NO_THREAD_ANALYSIS KILN_THREADS(no_thread_safety_analysis)

namespace kiln {

// A MutexLock alone takes it.
class KILN_THREADS(capability("mutex")) Mutex {
  friend class MutexLock;
  std::mutex mutex_;
};

// Holds a mutex for its lifetime, but for the time between unlock() and lock().
class KILN_THREADS(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) KILN_THREADS(acquire_capability(mutex)) : lock_(mutex.mutex_) {}
  ~MutexLock() KILN_THREADS(release_capability()) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() KILN_THREADS(release_capability()) { lock_.unlock(); }
  void lock() KILN_THREADS(acquire_capability()) { lock_.lock(); }

 private:
  friend class Condition;
  std::unique_lock<std::mutex> lock_;
};

// What std::condition_variable is, for a MutexLock. A predicate that reads guarded data says so:
//   changed_.wait(lock, [&]() KILN_REQUIRES(mutex_) { return !tasks_.empty(); });
class Condition {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  // The predicates are called with the lock held, which the analysis can't see through a type.
  template <class Predicate>
  void wait(MutexLock& lock, Predicate predicate) KILN_NO_THREAD_ANALYSIS {
    condition_.wait(lock.lock_, std::move(predicate));
  }
  template <class Time, class Predicate>
  bool wait_for(MutexLock& lock, Time time, Predicate predicate) KILN_NO_THREAD_ANALYSIS {
    return condition_.wait_for(lock.lock_, time, std::move(predicate));
  }

 private:
  std::condition_variable condition_;
};

}  // namespace kiln
