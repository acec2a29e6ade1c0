#include "kiln/parallel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <thread>

namespace kiln::parallel {
namespace {

std::vector<int> numbers(int count) {
  std::vector<int> result(static_cast<size_t>(count));
  std::iota(result.begin(), result.end(), 0);
  return result;
}

size_t open_descriptors() {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                                           std::filesystem::directory_iterator()));
}

class Parallel : public ::testing::TestWithParam<Mode> {
 protected:
  Options options(size_t workers) const { return {GetParam(), workers}; }
};

INSTANTIATE_TEST_SUITE_P(Modes, Parallel,
                         ::testing::Values(Mode::kSequential, Mode::kThreads, Mode::kProcesses));

TEST_P(Parallel, OutcomesAreInTheOrderOfTheItems) {
  for (const int count : {0, 1, 2, 3, 100, 5000}) {
    for (const size_t workers : {0u, 1u, 3u, 16u}) {
      const auto outcomes = map(
          numbers(count), [](int n) { return int64_t{n} * n; }, options(workers));
      ASSERT_EQ(outcomes.size(), static_cast<size_t>(count));
      for (int i = 0; i < count; ++i) {
        ASSERT_EQ(outcomes[static_cast<size_t>(i)].value, int64_t{i} * i)
            << count << ' ' << workers;
        ASSERT_TRUE(outcomes[static_cast<size_t>(i)].error.empty());
      }
    }
  }
}

TEST_P(Parallel, AFailingItemIsAnErrorAtItsPlace) {
  const auto outcomes = map(
      numbers(300),
      [](int n) {
        if (n % 100 == 7) throw std::runtime_error("bad " + std::to_string(n));
        if (n == 8) throw 8;
        if (n == 9) throw std::runtime_error("");
        return n;
      },
      options(2));
  for (size_t i = 0; i < 300; ++i) {
    if (i % 100 == 7 || i == 8 || i == 9) {
      EXPECT_FALSE(outcomes[i].value) << i;
      EXPECT_FALSE(outcomes[i].error.empty()) << i;
    } else {
      EXPECT_EQ(outcomes[i].value, static_cast<int>(i));
    }
  }
  EXPECT_EQ(outcomes[207].error, "bad 207");
}

TEST_P(Parallel, ResultsMayBeTextsAndDocuments) {
  const auto texts = map(
      numbers(3), [](int n) { return std::string(static_cast<size_t>(n), 'x'); }, options(2));
  EXPECT_EQ(texts[0].value, "");
  EXPECT_EQ(texts[2].value, "xx");
  const auto documents = map(
      numbers(3),
      [](int n) -> nlohmann::json {
        return {{"n", n}, {"half", n / 2.0}};
      },
      options(2));
  EXPECT_EQ(*documents[1].value, (nlohmann::json{{"n", 1}, {"half", 0.5}}));
}

TEST_P(Parallel, ResultsMayBeLarge) {
  const auto texts = map(
      numbers(5),
      [](int n) {
        return std::string(static_cast<size_t>(n) * 3'000'000, static_cast<char>('a' + n));
      },
      options(2));
  for (size_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(texts[i].value);
    EXPECT_EQ(*texts[i].value, std::string(i * 3'000'000, static_cast<char>('a' + i)));
  }
}

TEST(ParallelThreads, SeveralThreadsWork) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::atomic<int> inside = 0;
  map(numbers(2),
      [&](int) {
        ++inside;
        while (inside < 2) std::this_thread::yield();  // both items are in work at once
        const std::lock_guard lock(mutex);
        return seen.insert(std::this_thread::get_id()).second;
      },
      {Mode::kThreads, 2});
  EXPECT_EQ(seen.size(), 2u);
}

TEST(ParallelThreads, ResultsWithoutACodecAreForThreads) {
  const auto outcomes =
      map(numbers(2), [](int n) { return std::vector<int>{n}; }, {Mode::kThreads, 2});
  EXPECT_EQ(outcomes[1].value, std::vector<int>{1});
  EXPECT_THROW(map(numbers(2), [](int n) { return std::vector<int>{n}; }, {Mode::kProcesses, 2}),
               std::logic_error);
}

TEST(ParallelProcesses, ItemsRunInOtherProcesses) {
  const auto outcomes = map(numbers(100), [](int) { return ::getpid(); }, {Mode::kProcesses, 3});
  std::set<pid_t> pids;
  for (const auto& outcome : outcomes) pids.insert(*outcome.value);
  EXPECT_FALSE(pids.contains(::getpid()));
  EXPECT_LE(pids.size(), 3u);
}

TEST(ParallelProcesses, ACrashFailsItsItemAlone) {
  const auto outcomes = map(numbers(1000),
                            [](int n) {
                              if (n == 0 || n == 499 || n == 500 || n == 999) {
                                ::signal(SIGSEGV, SIG_DFL);
                                ::raise(SIGSEGV);
                              }
                              if (n == 700) ::_exit(3);
                              return n;
                            },
                            {Mode::kProcesses, 2});
  const std::set<size_t> bad = {0, 499, 500, 700, 999};
  for (size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(outcomes[i].value.has_value(), !bad.contains(i)) << i;
  }
  EXPECT_NE(outcomes[499].error.find("signal 11"), std::string::npos) << outcomes[499].error;
  EXPECT_NE(outcomes[700].error.find("code 3"), std::string::npos) << outcomes[700].error;
}

TEST(ParallelProcesses, WhenEveryItemCrashesEveryItemFails) {
  const auto outcomes = map(numbers(50),
                            [](int n) {
                              ::_exit(1);
                              return n;
                            },
                            {Mode::kProcesses, 4});
  for (const auto& outcome : outcomes) EXPECT_FALSE(outcome.value);
}

TEST(ParallelProcesses, NothingIsLeftBehind) {
  const auto four = numbers(4);
  map(four, [](int n) { return n; }, {Mode::kProcesses, 2});
  const size_t before = open_descriptors();
  for (int i = 0; i < 1000; ++i) {
    const auto outcomes = map(four,
                              [i](int n) {
                                if (n == 2 && i % 10 == 0) ::_exit(1);
                                return n;
                              },
                              {Mode::kProcesses, 2});
    ASSERT_EQ(outcomes[3].value, 3);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ParallelProcesses, WithoutDescriptorsEveryItemSaysSo) {
  const auto outcomes = [] {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit none = before;
    none.rlim_cur = 3;
    ::setrlimit(RLIMIT_NOFILE, &none);
    auto result = map(numbers(3), [](int n) { return n; }, {Mode::kProcesses, 2});
    ::setrlimit(RLIMIT_NOFILE, &before);
    return result;
  }();
  for (const auto& outcome : outcomes) {
    EXPECT_NE(outcome.error.find("no worker process"), std::string::npos) << outcome.error;
  }
}

TEST(ParallelProcesses, TwoBatchesAtOnceDoNotHoldEachOtherUp) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 50; ++round) {
        const auto outcomes = map(numbers(4), [](int n) { return n; }, {Mode::kProcesses, 2});
        EXPECT_EQ(outcomes[3].value, 3);
      }
    });
  }
}

TEST(ParallelThreads, ThereIsACpu) { EXPECT_GE(cpu_count(), 1u); }

}  // namespace
}  // namespace kiln::parallel
