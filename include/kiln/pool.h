// Pool<T>: a bounded set of things that are costly to open (connections), handed out one user at a
// time.
//
//   kiln::Pool<Connection> pool({.min = 1, .max = 20, .checkout_timeout = std::chrono::seconds(5)},
//                               [] { return Connection::open(); },
//                               [](Connection& c) { return c.usable(); });
//   auto connection = pool.checkout();  // given back at the end of the scope, also by an exception
//   connection->execute("…");
//
// Nothing is opened before the first checkout; that one opens `min` items. More are opened when all
// are in use, up to `max`; past that a checkout waits, and throws PoolTimeout after
// `checkout_timeout`. Items that come back are kept, the last returned is the next handed out.
// `usable`, asked when an item comes back, or Lease::discard() drops a broken one, and the next
// checkout opens another.
//
// Threading: any thread; `open` and `usable` are called without the lock. Ownership: the pool owns
// the items and must outlive its leases. Cost: one short lock per checkout and return.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kiln {

struct PoolOptions {
  size_t min = 1;
  size_t max = 1;
  std::chrono::milliseconds checkout_timeout{5000};
};

class PoolTimeout : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class T>
class Pool {
 public:
  using Open = std::function<std::unique_ptr<T>()>;
  using Usable = std::function<bool(T&)>;

  class Lease {
   public:
    Lease(Lease&& other) noexcept : pool_(other.pool_), item_(std::move(other.item_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (item_) pool_->give_back(std::move(item_));
    }
    T& operator*() const { return *item_; }  // REQUIRES: not discarded
    T* operator->() const { return item_.get(); }

    // The item is broken: close it now instead of giving it back. The lease is empty afterwards.
    void discard() {
      if (item_) pool_->drop(std::move(item_));
    }

   private:
    friend Pool;
    Lease(Pool* pool, std::unique_ptr<T> item) : pool_(pool), item_(std::move(item)) {}
    Pool* pool_;
    std::unique_ptr<T> item_;
  };

  // Throws std::invalid_argument unless 0 <= min <= max and max >= 1.
  Pool(PoolOptions options, Open open, Usable usable = {})
      : options_(options), open_(std::move(open)), usable_(std::move(usable)) {
    if (options.max == 0 || options.min > options.max) {
      throw std::invalid_argument("Pool: min " + std::to_string(options.min) + " and max " +
                                  std::to_string(options.max) + " need 0 <= min <= max, max >= 1");
    }
    idle_.reserve(options.max);
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Throws PoolTimeout when all items stay in use for the checkout time, else what `open` throws.
  Lease checkout() {
    std::unique_lock lock(mutex_);
    const bool waited_enough = !returned_.wait_for(lock, options_.checkout_timeout, [this] {
      return !idle_.empty() || open_count_ < options_.max;
    });
    if (waited_enough) {
      throw PoolTimeout("all " + std::to_string(options_.max) +
                        " items of the pool stayed in use for " +
                        std::to_string(options_.checkout_timeout.count()) + " ms");
    }
    if (!idle_.empty()) {
      auto item = std::move(idle_.back());
      idle_.pop_back();
      return Lease(this, std::move(item));
    }
    const bool first = open_count_ == 0;
    ++open_count_;  // the place is taken before the lock is released
    lock.unlock();
    Lease lease(this, open_one());
    if (first) fill();
    return lease;
  }

  size_t open_count() const {
    const std::lock_guard lock(mutex_);
    return open_count_;
  }
  size_t idle_count() const {
    const std::lock_guard lock(mutex_);
    return idle_.size();
  }

 private:
  // REQUIRES: the caller has counted the item in open_count_.
  std::unique_ptr<T> open_one() {
    try {
      if (auto item = open_()) return item;
      throw std::runtime_error("Pool: open returned no item");
    } catch (...) {
      release_place();
      throw;
    }
  }

  // Opens up to `min` items. What fails here is not the caller's problem: it has an item.
  void fill() {
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (open_count_ >= options_.min) return;
        ++open_count_;
      }
      try {
        Lease(this, open_one());
      } catch (...) {
        return;
      }
    }
  }

  void give_back(std::unique_ptr<T> item) noexcept {
    bool keep = true;
    try {
      keep = !usable_ || usable_(*item);
    } catch (...) {
      keep = false;
    }
    if (!keep) return drop(std::move(item));
    {
      const std::lock_guard lock(mutex_);
      idle_.push_back(std::move(item));  // never allocates: max places are reserved
    }
    returned_.notify_one();
  }

  void drop(std::unique_ptr<T> item) noexcept {
    item.reset();
    release_place();
  }

  void release_place() noexcept {
    {
      const std::lock_guard lock(mutex_);
      --open_count_;
    }
    returned_.notify_one();
  }

  const PoolOptions options_;
  const Open open_;
  const Usable usable_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<T>> idle_;
  size_t open_count_ = 0;  // idle, in use, or being opened
};

}  // namespace kiln
