#include "simulate/threads.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "tests/support/no_more_threads.h"

namespace kiln::simulate {
namespace {

TEST(StudyThreads, EachRunIsDoneOnce) {
  std::vector<std::atomic<int>> done(100);
  in_threads(4)(done.size(), [&](size_t i) { ++done[i]; });
  EXPECT_TRUE(std::all_of(done.begin(), done.end(), [](const auto& times) { return times == 1; }));
}

TEST(StudyThreads, AnExceptionComesBackToTheCaller) {
  EXPECT_THROW(in_threads(4)(100,
                             [](size_t i) {
                               if (i == 50) throw std::runtime_error("no memory");
                             }),
               std::runtime_error);
}

TEST(StudyThreads, WhereNoThreadCanBeStartedTheCallerDoesAll) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        tests::allow_no_more_threads();
        size_t done = 0;
        in_threads(4)(100, [&](size_t) { ++done; });
        ::_exit(done == 100 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace kiln::simulate
