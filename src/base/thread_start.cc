#include "base/thread_start.h"

#include <sched.h>
#include <unistd.h>

#include <atomic>

namespace kiln {
namespace {

std::atomic<void (*)()> thread_start{nullptr};

}  // namespace

void set_thread_start(void (*first)()) { thread_start = first; }

void begin_thread() {
  // The loop that makes it may be SCHED_BATCH for the moment (net/batch_rule.h).
  if (::sched_getscheduler(0) == SCHED_BATCH && ::sched_getscheduler(::getpid()) == SCHED_OTHER) {
    const sched_param none = {};
    ::sched_setscheduler(0, SCHED_OTHER, &none);
  }
  if (const auto first = thread_start.load()) first();
}

}  // namespace kiln
