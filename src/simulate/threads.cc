#include "simulate/threads.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/processors.h"

namespace kiln::simulate {

ForEach in_threads(size_t most) {
  if (most == 0) most = usable_processors();
  return [most](size_t count, const std::function<void(size_t)>& call) {
    std::atomic<size_t> next{0};
    Mutex mutex;
    std::exception_ptr failure;
    const auto work = [&] {
      for (size_t i = next++; i < count; i = next++) {
        try {
          call(i);
        } catch (...) {
          const MutexLock lock(mutex);
          failure = std::current_exception();
          next = count;
        }
      }
    };
    std::vector<std::jthread> threads;
    try {
      for (size_t i = 1; i < std::min(most, count); ++i) threads.emplace_back(work);
    } catch (const std::system_error&) {  // those that there are do all of it
    }
    work();
    threads.clear();
    if (failure) std::rethrow_exception(failure);
  };
}

}  // namespace kiln::simulate
