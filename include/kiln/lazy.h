// Lazy<T>: a value that is made at its first use and kept for the life of the environment.
//
//   kiln::Lazy<Database> database([] { return std::make_unique<Database>(connection_string()); });
//   ...
//   database->query("…");  // opened here, the first time
//
// When making it throws, the exception goes to the caller and the next use tries again: a database
// that was down during one invocation does not spoil the environment.
//
// Threading: any thread; T is made by one thread while others wait for it. Ownership: Lazy owns T;
// references stay good as long as Lazy lives. Cost: once made, one atomic load for each use.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace kiln {

template <class T>
class Lazy {
 public:
  using Open = std::function<std::unique_ptr<T>()>;

  explicit Lazy(Open open) : open_(std::move(open)) {}
  Lazy(const Lazy&) = delete;
  Lazy& operator=(const Lazy&) = delete;

  // Throws what `open` throws.
  T& get() {
    if (T* value = ready_.load(std::memory_order_acquire)) return *value;
    const std::lock_guard lock(mutex_);
    if (!value_) {
      value_ = open_();
      ready_.store(value_.get(), std::memory_order_release);
    }
    return *value_;
  }
  T& operator*() { return get(); }
  T* operator->() { return &get(); }

  bool opened() const { return ready_.load(std::memory_order_acquire) != nullptr; }

 private:
  Open open_;
  std::mutex mutex_;
  std::unique_ptr<T> value_;
  std::atomic<T*> ready_{nullptr};
};

}  // namespace kiln
