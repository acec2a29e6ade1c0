// Threads for work that may block. They are made as work comes and end when there is none, so that
// many things at once never cost more than `most` threads, and none at all while nothing goes on.
//
//   WorkerPool pool({"download", 1, 16});
//   if (auto able = pool.ensure(); !able) return able.error();   // before anything is promised
//   pool.post([=] { unpack(archive); });
//
// Work begins in the order in which it is posted; what is thrown ends at a fence. Thread-safe.
// Where the machine gives no more threads, those that are there do the work.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace kiln {

class WorkerPool {
 public:
  struct Options {
    std::string name;  // of the threads, at most 15 bytes
    size_t least = 0;  // threads that stay
    size_t most = 1;
    Duration linger = std::chrono::seconds(5);  // how long the others wait for more work
  };
  explicit WorkerPool(Options options);
  // As join().
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;

  // Makes sure that there is a thread. Error: kUnavailable, the machine gives none.
  Result<void> ensure();
  // Without a thread, and where the machine gives none, the caller does the work.
  void post(std::function<void()> work);
  // Drops what was posted and has not begun, and what is posted from now on. Safe to call twice.
  void close();
  // Closes, and waits for what has begun. Safe to call twice.
  void join();

  size_t threads() const;

 private:
  using Threads = std::list<std::thread>;

  bool add_thread() KILN_REQUIRES(mutex_);  // with the lock held
  void run(Threads::iterator self);
  void join_ended();

  const Options options_;
  mutable Mutex mutex_;
  Condition wake_;  // there is work, or the end
  Condition left_;  // a thread has ended
  std::deque<std::function<void()>> work_ KILN_GUARDED_BY(mutex_);
  Threads threads_ KILN_GUARDED_BY(mutex_);  // at work or waiting for it
  Threads ended_ KILN_GUARDED_BY(mutex_);    // to be joined
  size_t waiting_ KILN_GUARDED_BY(mutex_) = 0;
  bool closed_ KILN_GUARDED_BY(mutex_) = false;
};

}  // namespace kiln
