#include <gtest/gtest.h>

#include <sstream>

#include "cli/load_output.h"
#include "cli/load_run.h"

namespace kiln::cli {
namespace {

using load::Answer;
using load::Kind;

TEST(LoadKinds, OfInvocations) {
  const logs::Report warm, cold{.init_ms = 10};
  EXPECT_EQ(kind_of(LoadKind::kInvoke, {.status = 200}, warm), Kind::kWarm);
  EXPECT_EQ(kind_of(LoadKind::kInvoke, {.status = 200}, cold), Kind::kCold);
  EXPECT_EQ(kind_of(LoadKind::kInvoke, {.status = 200}, std::nullopt), Kind::kAnswered);
  EXPECT_EQ(kind_of(LoadKind::kInvoke, {.status = 200, .function_error = "Unhandled"}, warm),
            Kind::kError);
  EXPECT_EQ(kind_of(LoadKind::kInvoke, {.status = 429}, std::nullopt), Kind::kThrottled);
  EXPECT_EQ(kind_of(LoadKind::kInvoke, {.status = 500}, std::nullopt), Kind::kFailed);
  EXPECT_EQ(kind_of(LoadKind::kInvoke, {.failure = "no answer in time"}, std::nullopt),
            Kind::kFailed);
}

TEST(LoadKinds, OfEventsAndUrls) {
  EXPECT_EQ(kind_of(LoadKind::kEvent, {.status = 202}, std::nullopt), Kind::kAccepted);
  EXPECT_EQ(kind_of(LoadKind::kEvent, {.status = 200}, std::nullopt), Kind::kFailed);
  EXPECT_EQ(kind_of(LoadKind::kEvent, {.status = 429}, std::nullopt), Kind::kThrottled);
  EXPECT_EQ(kind_of(LoadKind::kUrl, {.status = 404}, std::nullopt), Kind::kAnswered);
  EXPECT_EQ(kind_of(LoadKind::kUrl, {.status = 502}, std::nullopt), Kind::kError);
  EXPECT_EQ(kind_of(LoadKind::kUrl, {.status = 503}, std::nullopt), Kind::kFailed);
}

TEST(LoadKinds, Reasons) {
  EXPECT_EQ(
      reason_of({.status = 429, .body = R"({"Reason": "ConcurrentInvocationLimitExceeded"})"}),
      "ConcurrentInvocationLimitExceeded");
  EXPECT_EQ(reason_of({.status = 200, .body = R"({"errorType": "KeyError"})"}), "KeyError");
  EXPECT_EQ(reason_of({.status = 404, .error_type = "ResourceNotFoundException"}),
            "ResourceNotFoundException");
  EXPECT_EQ(reason_of({.status = 503, .body = "<html>"}), "status 503");
  EXPECT_EQ(reason_of({.failure = "no answer in time"}), "no answer in time");
}

TEST(LoadFile, IsSortedAndLeavesOutWhatIsNotKnown) {
  LoadOutcome outcome;
  outcome.requests.push_back(
      {.due_ns = 1'500'000'000, .latency_ms = 1.25, .kind = Kind::kThrottled});
  outcome.requests.push_back({.due_ns = 500'000'000,
                              .latency_ms = 20,
                              .kind = Kind::kCold,
                              .report = logs::Report{.duration_ms = 3.01,
                                                     .billed_ms = 84,
                                                     .memory_mb = 128,
                                                     .max_memory_mb = 36,
                                                     .init_ms = 80.5}});
  std::ostringstream out;
  write_requests(out, "a,b", outcome);
  EXPECT_EQ(out.str(),
            "time,function,duration_ms,kind,latency_ms,init_ms,billed_ms,memory_mb,max_memory_mb\n"
            "0.500000,\"a,b\",3.01,cold,20.000,80.500,84,128,36\n"
            "1.500000,\"a,b\",,throttled,1.250,,,,\n");
}

}  // namespace
}  // namespace kiln::cli
