#include "base/fence.h"

#include <atomic>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>

#include "base/mutex.h"

namespace kiln {
namespace {

std::atomic<uint64_t> errors{0};

Mutex listener_mutex;
// Held while it is called, so that one that is replaced outlives its last call.
std::shared_ptr<const FenceListener> current_listener KILN_GUARDED_BY(listener_mutex);

std::shared_ptr<const FenceListener> listener() {
  const MutexLock lock(listener_mutex);
  return current_listener;
}

void tell(std::string_view where, std::string_view what) {
  if (const auto tells = listener()) return (*tells)(where, what);
  std::fprintf(stderr, "kiln: internal error in %.*s: %.*s\n", static_cast<int>(where.size()),
               where.data(), static_cast<int>(what.size()), what.data());
}

}  // namespace

namespace internal {

void fence_caught(std::string_view where) noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    note_internal_error(where, kNoMemory);
  } catch (const std::exception& error) {
    note_internal_error(where, error.what());
  } catch (...) {
    note_internal_error(where, "an exception that says nothing");
  }
}

}  // namespace internal

uint64_t internal_errors() { return errors.load(std::memory_order_relaxed); }

void note_internal_error(std::string_view where, std::string_view what) noexcept {
  errors.fetch_add(1, std::memory_order_relaxed);
  try {
    tell(where, what);
  } catch (...) {
    // It is counted; there is nobody left to tell.
  }
}

FenceListener set_fence_listener(FenceListener listener) {
  auto next = listener ? std::make_shared<const FenceListener>(std::move(listener)) : nullptr;
  const MutexLock lock(listener_mutex);
  current_listener.swap(next);
  return next ? *next : FenceListener();
}

}  // namespace kiln
