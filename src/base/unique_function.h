// A function object that is moved, never copied: work that is posted holds what can't be copied.
//
//   UniqueFunction<void()> work = [fd = std::move(fd)] { … };
//   work();
//
// Up to 48 bytes of captures stay inside, without an allocation. Calling an empty one is a failed
// precondition. Not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "base/check.h"

namespace kiln {

template <class Signature>
class UniqueFunction;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  UniqueFunction(std::nullptr_t) {}
  template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, UniqueFunction>>>
  UniqueFunction(F&& f) {
    using T = std::decay_t<F>;
    if constexpr (fits<T>) {
      new (storage_) T(std::forward<F>(f));
      operations_ = &kInside<T>;
    } else {
      new (storage_) T*(new T(std::forward<F>(f)));
      operations_ = &kOutside<T>;
    }
  }
  UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  ~UniqueFunction() { clear(); }

  explicit operator bool() const { return operations_ != nullptr; }
  R operator()(Args... args) {
    KILN_REQUIRE(operations_ != nullptr);
    return operations_->call(storage_, std::forward<Args>(args)...);
  }

 private:
  static constexpr size_t kBytes = 48;
  struct Operations {
    R (*call)(void* storage, Args&&... args);
    void (*move)(void* from, void* to);  // and destroys what is left in `from`
    void (*destroy)(void* storage);
  };
  template <class T>
  static constexpr bool fits =
      sizeof(T) <= kBytes &&
      alignof(T) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<T>;
  template <class T>
  static T& inside(void* storage) {
    return *std::launder(static_cast<T*>(storage));
  }
  template <class T>
  static constexpr Operations kInside = {
      [](void* s, Args&&... args) -> R { return inside<T>(s)(std::forward<Args>(args)...); },
      [](void* from, void* to) {
        new (to) T(std::move(inside<T>(from)));
        inside<T>(from).~T();
      },
      [](void* s) { inside<T>(s).~T(); }};
  template <class T>
  static constexpr Operations kOutside = {
      [](void* s, Args&&... args) -> R { return (*inside<T*>(s))(std::forward<Args>(args)...); },
      [](void* from, void* to) { new (to) T*(inside<T*>(from)); },
      [](void* s) { delete inside<T*>(s); }};

  void take(UniqueFunction& other) noexcept {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_ != nullptr) operations_->move(other.storage_, storage_);
  }
  void clear() noexcept {
    if (const Operations* operations = std::exchange(operations_, nullptr))
      operations->destroy(storage_);
  }

  alignas(std::max_align_t) std::byte storage_[kBytes];
  const Operations* operations_ = nullptr;
};

}  // namespace kiln
