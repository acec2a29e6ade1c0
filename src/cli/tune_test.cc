#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "cli/tune_measure.h"
#include "cli/tune_settings.h"

namespace kiln::cli {
namespace {

using ::testing::HasSubstr;
// tests/support/cli_program.h has an Outcome of its own.
using Ended = tune::Outcome;

constexpr std::string_view kTuneReport =
    "START RequestId: a\nREPORT RequestId: a\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory "
    "Size: 256 MB\tMax Memory Used: 41 MB\t";

ApiResponse answer(const std::string& rest, const std::string& error = "",
                   const std::string& body = "{}") {
  ApiResponse response{.status = 200, .headers = {}, .body = body};
  response.headers["x-amz-log-result"] = base64_encode(std::string(kTuneReport) + rest + "\n");
  if (!error.empty()) response.headers["x-amz-function-error"] = error;
  return response;
}

TEST(TuneSamples, WarmAndCold) {
  const Result<tune::Sample> warm = sample_of(answer(""));
  ASSERT_TRUE(warm);
  EXPECT_EQ(warm->outcome, Ended::kOk);
  EXPECT_DOUBLE_EQ(warm->duration_ms, 12.5);
  EXPECT_EQ(warm->max_memory_mb, 41);
  EXPECT_FALSE(warm->init_ms);
  EXPECT_EQ(sample_of(answer("Init Duration: 80.10 ms\t"))->init_ms, 80.1);
}

TEST(TuneSamples, Failures) {
  const Result<tune::Sample> raised =
      sample_of(answer("", "Unhandled", R"({"errorType": "KeyError", "errorMessage": "'id'"})"));
  EXPECT_EQ(raised->outcome, Ended::kError);
  EXPECT_EQ(raised->error, "KeyError: 'id'");
  EXPECT_EQ(sample_of(answer("Status: timeout", "Unhandled"))->outcome, Ended::kTimeout);
  EXPECT_EQ(
      sample_of(answer("Status: error\tError Type: Runtime.OutOfMemory", "Unhandled"))->outcome,
      Ended::kOutOfMemory);
  EXPECT_EQ(sample_of(answer("Status: error\tError Type: Runtime.ExitError", "Unhandled"))->outcome,
            Ended::kError);
}

TEST(TuneSamples, AThrottleIsNoFailure) {
  const Result<tune::Sample> throttled =
      sample_of({.status = 429, .headers = {}, .body = R"({"Reason": "x"})"});
  ASSERT_TRUE(throttled);
  EXPECT_EQ(throttled->outcome, Ended::kThrottled);
}

TEST(TuneSamples, AnythingElseEndsTheTuning) {
  EXPECT_FALSE(sample_of({.status = 500, .headers = {}, .body = "{}"}));
  const Result<tune::Sample> none = sample_of({.status = 200, .headers = {}, .body = "{}"});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("no REPORT line"));
}

TEST(TuneSettings, Sizes) {
  EXPECT_EQ(*parse_sizes("512,128,512"), (std::vector<int64_t>{128, 512}));
  EXPECT_EQ(*parse_sizes("128,10240"), (std::vector<int64_t>{128, 10240}));
  EXPECT_EQ(*parse_sizes("256MB,1GB"), (std::vector<int64_t>{256, 1024}));
  EXPECT_EQ(parse_sizes("128,big").error().message,
            "a size in --sizes is 'big'; it must be whole megabytes from 128 to 10240, as in 512 "
            "or 1GB");
  for (const char* wrong : {"", "127", "10241", "128,", "128 256", "-128", "1e3"})
    EXPECT_FALSE(parse_sizes(wrong)) << wrong;
}

TEST(TuneSettings, Payloads) {
  const auto lines = parse_payloads("{\"a\": 1}\n\n[2]\n");
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 2U);
  EXPECT_EQ(lines->at(1).text, "[2]");
  const auto weighted = parse_payloads(R"([{"payload": {"a": 1}, "weight": 2.5}])");
  ASSERT_TRUE(weighted);
  EXPECT_EQ(weighted->front().text, R"({"a":1})");
  EXPECT_DOUBLE_EQ(weighted->front().weight, 2.5);
  for (const char* wrong : {"", "\n", "{", "{}\n{", R"([{"payload": 1, "weight": 0}])",
                            R"([{"payload": 1, "weight": -1}])"})
    EXPECT_FALSE(parse_payloads(wrong)) << wrong;
}

}  // namespace
}  // namespace kiln::cli
