#include "base/memory_reserve.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <vector>

namespace kiln {
namespace {

// The exit status of a process that does `work` with so little more address space.
template <class Work>
int with_little_space(Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    hold_memory_reserve();
    size_t pages = 0;
    FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr || std::fscanf(file, "%zu", &pages) != 1) ::_exit(90);
    std::fclose(file);
    const rlim_t bytes = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (16 << 20);
    const struct rlimit limit = {bytes, bytes};
    ::setrlimit(RLIMIT_AS, &limit);
    ::_exit(work());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

// Everything that there is, in large pieces and then in smaller ones: no more is to be had but by
// the reserve.
std::vector<std::unique_ptr<char[]>> take_all() {
  std::vector<std::unique_ptr<char[]>> all;
  all.reserve(10'000);
  for (const size_t size : {size_t{1} << 20, size_t{65} << 10}) {
    try {
      for (;;) all.push_back(std::make_unique_for_overwrite<char[]>(size));
    } catch (const std::bad_alloc&) {
    }
  }
  return all;
}

TEST(MemoryReserve, SmallPiecesAreLeftWhereLargeOnesFail) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers bring their own operator new";
#endif
  EXPECT_EQ(with_little_space([] {
              // Its destructor needs as much as it has items.
              nlohmann::json document = nlohmann::json::array();
              for (int i = 0; i < 2000; ++i) document.push_back({{"a", i}});
              const auto all = take_all();
              document = nullptr;
              for (int i = 0; i < 100'000 && !is_memory_reserve_short(); ++i)
                document[std::to_string(i)] = "small pieces go on";
              return is_memory_reserve_short() ? 7 : 1;
            }),
            7);
}

TEST(MemoryReserve, ItIsTakenAgain) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers bring their own operator new";
#endif
  EXPECT_EQ(with_little_space([] {
              {
                const auto all = take_all();
                std::vector<std::unique_ptr<int>> small;
                for (int i = 0; i < 10'000 && !is_memory_reserve_short(); ++i)
                  small.push_back(std::make_unique<int>(i));
                if (!is_memory_reserve_short()) return 1;
              }
              hold_memory_reserve();
              return is_memory_reserve_short() ? 2 : 7;
            }),
            7);
}

}  // namespace
}  // namespace kiln
