#include "base/worker_pool.h"

#include <pthread.h>

#include <system_error>
#include <utility>

#include "base/fence.h"
#include "base/mutex.h"
#include "base/thread_start.h"

namespace kiln {

WorkerPool::WorkerPool(Options options) : options_(std::move(options)) {
  const MutexLock lock(mutex_);
  while (threads_.size() < options_.least)
    if (!add_thread()) return;
}

WorkerPool::~WorkerPool() { join(); }

bool WorkerPool::add_thread() {
  const auto self = threads_.emplace(threads_.end());
  try {
    *self = std::thread([this, self] {
      begin_thread();
      pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
      run(self);
    });
    return true;
  } catch (const std::system_error&) {
    threads_.erase(self);
    return false;
  }
}

void WorkerPool::run(Threads::iterator self) {
  MutexLock lock(mutex_);
  for (;;) {
    ++waiting_;
    const auto ready = [this]() KILN_REQUIRES(mutex_) { return closed_ || !work_.empty(); };
    bool came = true;
    while (!ready() && came) {
      if (threads_.size() > options_.least)
        came = wake_.wait_for(lock, options_.linger, ready);
      else
        wake_.wait(lock, ready);
    }
    --waiting_;
    if (work_.empty()) break;
    auto work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    fenced(options_.name, work);
    // What it holds goes before the next comes, and not with the lock held.
    fenced(options_.name, [&] { work = nullptr; });
    lock.lock();
  }
  ended_.splice(ended_.end(), threads_, self);
  left_.notify_all();
}

void WorkerPool::join_ended() {
  Threads ended;
  {
    const MutexLock lock(mutex_);
    ended.swap(ended_);
  }
  for (std::thread& thread : ended) thread.join();
}

Result<void> WorkerPool::ensure() {
  const MutexLock lock(mutex_);
  if (!threads_.empty() || add_thread()) return {};
  return Error{ErrorKind::kUnavailable, "ServiceUnavailable",
               "The machine gives Kiln no more threads. Let less run at a time, or raise the "
               "limits of processes and memory (ulimit -u, ulimit -v)."};
}

void WorkerPool::post(std::function<void()> work) {
  join_ended();
  {
    const MutexLock lock(mutex_);
    if (closed_) return;
    const bool needs_thread = work_.size() >= waiting_ && threads_.size() < options_.most;
    if ((needs_thread && add_thread()) || !threads_.empty()) {
      work_.push_back(std::move(work));
      wake_.notify_one();
      return;
    }
  }
  fenced(options_.name, work);
}

void WorkerPool::close() {
  std::deque<std::function<void()>> dropped;
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    dropped.swap(work_);
    wake_.notify_all();
  }
  // What these hold may have something to say when it goes.
  fenced(options_.name, [&] { dropped.clear(); });
}

void WorkerPool::join() {
  close();
  {
    MutexLock lock(mutex_);
    left_.wait(lock, [this]() KILN_REQUIRES(mutex_) { return threads_.empty(); });
  }
  join_ended();
}

size_t WorkerPool::threads() const {
  const MutexLock lock(mutex_);
  return threads_.size();
}

}  // namespace kiln
