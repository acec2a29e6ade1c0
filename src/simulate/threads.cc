#include "simulate/threads.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace kiln::simulate {

ForEach in_threads(size_t most) {
  if (most == 0) most = std::max(1U, std::thread::hardware_concurrency());
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
    std::vector<std::thread> threads;
    for (size_t i = 1; i < std::min(most, count); ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);
  };
}

}  // namespace kiln::simulate
