// Memo<Key, Value>: results of a costly function, kept for the life of the environment and bounded
// in number.
//
//   kiln::Memo<int, double> memo(128);  // at most 128 results; the least recently used goes first
//   const auto [value, cached] = memo.get(n, [&] { return expensive_calculation(n); });
//
// `cached` says that `make` was not called by this get(): the value was there, or another thread
// made it meanwhile. An exception out of `make` goes to the caller and caches nothing.
//
// Threading: any thread. `make` runs without the lock and for one thread at a time per key: the
// others that ask for the key wait for its value, and when it threw, one of them tries next. A
// `make` that asks the memo for its own key throws std::logic_error. Ownership: the memo owns keys
// and values; get() returns a copy, so make Value cheap to copy (a std::shared_ptr, if need be).
// Cost: one short lock and one hash per hit. It does not bound memory, only the number of results,
// and nothing expires.
#pragma once

#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>

namespace kiln {

template <class Key, class Value, class Hash = std::hash<Key>, class Equal = std::equal_to<Key>>
class Memo {
 public:
  struct Answer {
    Value value;
    bool cached;
  };

  // Throws std::invalid_argument for a capacity of 0.
  explicit Memo(size_t capacity) : capacity_(capacity) {
    if (capacity == 0) throw std::invalid_argument("Memo: the capacity must be at least 1");
  }
  Memo(const Memo&) = delete;
  Memo& operator=(const Memo&) = delete;

  template <std::invocable Make>
  Answer get(const Key& key, Make&& make) {
    std::unique_lock lock(mutex_);
    while (true) {
      if (const auto found = places_.find(key); found != places_.end()) {
        entries_.splice(entries_.begin(), entries_, found->second);
        ++hits_;
        return {found->second->second, true};
      }
      const auto maker = makers_.find(key);
      if (maker == makers_.end()) break;
      if (maker->second == std::this_thread::get_id()) {
        throw std::logic_error("Memo: a value asks for its own key while it is made");
      }
      made_.wait(lock);
    }
    // The map's own key: the caller's may change in `make`.
    const Key& made_key = makers_.emplace(key, std::this_thread::get_id()).first->first;
    ++misses_;
    lock.unlock();
    const Turn turn(*this, made_key);
    Value value = std::invoke(std::forward<Make>(make));
    keep(made_key, value);
    return {std::move(value), false};
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    places_.clear();
    entries_.clear();
  }
  size_t size() const {
    return read([this] { return entries_.size(); });
  }
  uint64_t hits() const {
    return read([this] { return hits_; });
  }
  uint64_t misses() const {
    return read([this] { return misses_; });
  }  // calls of `make`

 private:
  using Entries = std::list<std::pair<Key, Value>>;

  // Ends a maker's turn, also by an exception.
  class Turn {
   public:
    Turn(Memo& memo, const Key& key) : memo_(memo), key_(key) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      {
        const std::lock_guard lock(memo_.mutex_);
        memo_.makers_.erase(key_);
      }
      memo_.made_.notify_all();
    }

   private:
    Memo& memo_;
    const Key& key_;
  };

  void keep(const Key& key, const Value& value) {
    Entries entry;  // made without the lock: copying may take long
    entry.emplace_front(key, value);
    Entries evicted;  // destroyed after the lock, for the same reason
    const std::lock_guard lock(mutex_);
    places_.emplace(key, entry.begin());
    entries_.splice(entries_.begin(), entry);
    if (entries_.size() <= capacity_) return;
    places_.erase(entries_.back().first);
    evicted.splice(evicted.begin(), entries_, std::prev(entries_.end()));
  }

  template <class Read>
  auto read(Read get) const {
    const std::lock_guard lock(mutex_);
    return get();
  }

  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable made_;
  Entries entries_;  // most recently used first
  std::unordered_map<Key, typename Entries::iterator, Hash, Equal> places_;
  std::unordered_map<Key, std::thread::id, Hash, Equal> makers_;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

}  // namespace kiln
