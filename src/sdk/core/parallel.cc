#include "kiln/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

#include "sdk/core/error_document.h"

namespace kiln::parallel {

size_t cpu_count() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<size_t>(std::max(1, CPU_COUNT(&set)));
}

namespace detail {
namespace {

void run_one(size_t index, const Run& run, const Fail& fail) {
  try {
    run(index);
  } catch (...) {
    std::string message = sdk::current_exception_info().message;
    if (message.empty()) message = "an exception without a message";
    fail(index, std::move(message));
  }
}

}  // namespace

void sequentially(size_t count, const Run& run, const Fail& fail) {
  for (size_t i = 0; i < count; ++i) run_one(i, run, fail);
}

void on_threads(size_t count, size_t workers, const Run& run, const Fail& fail) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) run_one(i, run, fail);
  };
  // The calling thread is one of the workers: when the system has no more threads, it does the work
  // alone.
  std::vector<std::jthread> threads;
  try {
    for (size_t i = 1; i < std::min(workers, count); ++i) threads.emplace_back(work);
  } catch (const std::system_error&) {
  }
  work();
}

}  // namespace detail
}  // namespace kiln::parallel
