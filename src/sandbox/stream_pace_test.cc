#include "sandbox/stream_pace.h"

#include <gtest/gtest.h>

namespace kiln::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t kMiB = 1024 * 1024;

TEST(StreamPace, TheFirstSixMegabytesAreFree) {
  StreamPace pace;
  const SteadyTime t{};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(pace.next(kMiB, t), t);
  EXPECT_EQ(pace.next(2, t), t + Duration(953));
}

TEST(StreamPace, ThenTwoAreSentInASecond) {
  StreamPace pace;
  SteadyTime t{};
  EXPECT_EQ(pace.next(7 * kMiB, t), t + milliseconds(500));
  EXPECT_EQ(pace.next(4 * kMiB, t + milliseconds(500)), t + milliseconds(2500));
  // The one before was sent too early: what follows waits for both.
  EXPECT_EQ(pace.next(kMiB, t + seconds(1)), t + seconds(3));
}

TEST(StreamPace, ASlowFunctionGainsNothingForLater) {
  StreamPace pace;
  SteadyTime t{};
  pace.next(6 * kMiB, t);
  t += seconds(100);
  EXPECT_EQ(pace.next(2 * kMiB, t), t + seconds(1));
}

}  // namespace
}  // namespace kiln::sandbox
