#include "base/thread_start.h"

#include <atomic>

namespace kiln {
namespace {

std::atomic<void (*)()> thread_start{nullptr};

}  // namespace

void set_thread_start(void (*first)()) { thread_start = first; }

void begin_thread() {
  if (const auto first = thread_start.load()) first();
}

}  // namespace kiln
