#include "model/async_policy.h"

#include <gtest/gtest.h>

namespace kiln::model {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const WallTime kAccepted{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

AsyncDecision after(const AsyncSettings& settings, int invocations, int throttles,
                    AsyncOutcome outcome, seconds since_start = seconds(0)) {
  return next_async_step(settings, {kAccepted, invocations, throttles}, outcome,
                         kAccepted + since_start);
}

TEST(AsyncPolicy, FunctionErrorsAreRetriedTwice) {
  const AsyncSettings settings;
  const auto first = after(settings, 1, 0, AsyncOutcome::kFunctionError);
  EXPECT_EQ(first.next, AsyncNext::kRetry);
  EXPECT_EQ(first.retry_at, kAccepted + seconds(60));
  const auto second = after(settings, 2, 0, AsyncOutcome::kFunctionError, seconds(60));
  EXPECT_EQ(second.next, AsyncNext::kRetry);
  EXPECT_EQ(second.retry_at, kAccepted + seconds(180));
  const auto third = after(settings, 3, 0, AsyncOutcome::kFunctionError, seconds(180));
  EXPECT_EQ(third.next, AsyncNext::kGiveUp);
  EXPECT_EQ(third.condition, "RetriesExhausted");
}

TEST(AsyncPolicy, NoRetryWhenNoneIsAllowed) {
  AsyncSettings settings;
  settings.maximum_retry_attempts = 0;
  EXPECT_EQ(after(settings, 1, 0, AsyncOutcome::kFunctionError).condition, "RetriesExhausted");
  settings.maximum_retry_attempts = 1;
  EXPECT_EQ(after(settings, 1, 0, AsyncOutcome::kFunctionError).next, AsyncNext::kRetry);
  EXPECT_EQ(after(settings, 2, 0, AsyncOutcome::kFunctionError).condition, "RetriesExhausted");
}

TEST(AsyncPolicy, WhoIsThrottledTogetherComesBackAtDifferentTimes) {
  const auto back = [](int throttles, double luck) {
    const AsyncProgress progress{kAccepted, 0, throttles, luck};
    return next_async_step({}, progress, AsyncOutcome::kThrottled, kAccepted).retry_at - kAccepted;
  };
  for (const auto& [throttles, longest] : {std::pair{1, 1}, {2, 2}, {6, 32}, {9, 256}, {20, 300}}) {
    EXPECT_EQ(back(throttles, 0), seconds(longest));
    EXPECT_EQ(back(throttles, 0.5), std::chrono::milliseconds(750 * longest));
    EXPECT_EQ(back(throttles, 1), std::chrono::milliseconds(500 * longest));
    EXPECT_EQ(back(throttles, 7), std::chrono::milliseconds(500 * longest));
    EXPECT_EQ(back(throttles, -1), seconds(longest));
  }
}

// As recorded: with a greatest age of 60 s there is no retry, with 90 s there is one.
TEST(AsyncPolicy, AgeIsLookedAtBeforeWaiting) {
  AsyncSettings settings;
  settings.maximum_event_age = seconds(60);
  EXPECT_EQ(after(settings, 1, 0, AsyncOutcome::kFunctionError, seconds(1)).condition,
            "EventAgeExceeded");
  settings.maximum_event_age = seconds(90);
  EXPECT_EQ(after(settings, 1, 0, AsyncOutcome::kFunctionError, seconds(1)).next,
            AsyncNext::kRetry);
  EXPECT_EQ(after(settings, 2, 0, AsyncOutcome::kFunctionError, seconds(62)).condition,
            "EventAgeExceeded");
}

TEST(AsyncPolicy, ThrottlesBackOffForHours) {
  const AsyncSettings settings;
  const int64_t delays[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
  for (int i = 0; i < 11; ++i) {
    const auto decision = after(settings, 0, i + 1, AsyncOutcome::kThrottled);
    EXPECT_EQ(decision.next, AsyncNext::kRetry);
    EXPECT_EQ(decision.retry_at, kAccepted + seconds(delays[i])) << i;
  }
  EXPECT_EQ(after(settings, 0, 500, AsyncOutcome::kThrottled, hours(6) - seconds(300)).next,
            AsyncNext::kRetry);
  EXPECT_EQ(after(settings, 0, 500, AsyncOutcome::kThrottled, hours(6) - seconds(299)).condition,
            "EventAgeExceeded");
}

TEST(AsyncPolicy, ReserveOfZeroEndsAtOnce) {
  AsyncSettings settings;
  settings.zero_reserved = true;
  const auto decision = after(settings, 0, 1, AsyncOutcome::kThrottled);
  EXPECT_EQ(decision.next, AsyncNext::kGiveUp);
  EXPECT_EQ(decision.condition, "ZeroReservedConcurrency");
}

TEST(AsyncPolicy, SettingsComeFromTheQualifierThatWasInvoked) {
  Function function;
  auto config = std::make_shared<FunctionConfig>();
  config->dead_letter_target_arn = "arn:aws:sns:us-east-1:000000000000:dead";
  function.latest = config;
  function.versions[1] = config;
  function.event_invoke["$LATEST"].maximum_retry_attempts = 0;
  function.event_invoke["1"].maximum_event_age_s = 70;
  EXPECT_EQ(async_settings(function, "").maximum_retry_attempts, 0);
  EXPECT_EQ(async_settings(function, "1").maximum_retry_attempts, 2);
  EXPECT_EQ(async_settings(function, "1").maximum_event_age, seconds(70));
  EXPECT_EQ(async_settings(function, "").dead_letter_arn, config->dead_letter_target_arn);
  function.reserved_concurrency = 0;
  EXPECT_TRUE(async_settings(function, "").zero_reserved);
}

}  // namespace
}  // namespace kiln::model
