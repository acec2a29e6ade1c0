#include "advice.h"

#include <gtest/gtest.h>

namespace concurrency_controller {
namespace {

Metrics in_use(int concurrent) { return {.concurrent_executions = concurrent}; }
Capacity reserved(int n) { return {n, 0}; }
Capacity shared(int n) { return {std::nullopt, n}; }

TEST(Analyze, EveryThresholdOnBothSides) {
  const struct {
    const char* what;
    Metrics metrics;
    Capacity capacity;
    Status expected;
    size_t alerts, recommendations;
  } cases[] = {
      {"idle", {}, reserved(10), Status::kGood, 0, 0},
      {"70 %", in_use(70), reserved(100), Status::kGood, 0, 0},
      {"71 %", in_use(71), reserved(100), Status::kWarning, 0, 1},
      {"90 %", in_use(90), reserved(100), Status::kWarning, 0, 1},
      {"91 %", in_use(91), reserved(100), Status::kCritical, 1, 1},
      {"91 % of the account's", in_use(910), shared(1000), Status::kCritical, 1, 1},
      {"90 % of the account's", in_use(900), shared(1000), Status::kWarning, 0, 1},
      {"5 % errors", {.error_rate = 5}, reserved(10), Status::kGood, 0, 0},
      {"5.01 % errors", {.error_rate = 5.01}, reserved(10), Status::kWarning, 0, 1},
      {"10 % errors", {.error_rate = 10}, reserved(10), Status::kWarning, 0, 1},
      {"10.01 % errors", {.error_rate = 10.01}, reserved(10), Status::kCritical, 1, 1},
      {"24 s of 30", {.average_duration = 24'000}, reserved(10), Status::kGood, 0, 0},
      {"above 24 s of 30", {.average_duration = 24'000.1}, reserved(10), Status::kWarning, 0, 1},
      {"one throttle", {.throttles = 1}, reserved(10), Status::kCritical, 1, 1},
      {"off", {}, reserved(0), Status::kGood, 0, 0},
      {"off, yet running", in_use(1), reserved(0), Status::kCritical, 1, 1},
  };
  for (const auto& c : cases) {
    const Analysis got = analyze(c.metrics, c.capacity, 30);
    EXPECT_EQ(got.status, c.expected) << c.what;
    EXPECT_EQ(got.alerts.size(), c.alerts) << c.what;
    EXPECT_EQ(got.recommendations.size(), c.recommendations) << c.what;
  }
}

TEST(Analyze, TheWorstCounts) {
  // A later warning does not hide what is critical.
  const Analysis got =
      analyze({.concurrent_executions = 95, .error_rate = 6, .average_duration = 25'000},
              reserved(100), 30);
  EXPECT_EQ(got.status, Status::kCritical);
  EXPECT_EQ(got.recommendations.size(), 3u);
  EXPECT_EQ(got.alerts, std::vector<std::string>{"High concurrency utilization (>90%)"});
}

TEST(Suggest, EveryRuleOnBothSides) {
  const struct {
    const char* what;
    Metrics metrics;
    Capacity capacity;
    int expected;  // 0: none; negative: a decrease
  } cases[] = {
      {"throttled", {.throttles = 1}, reserved(10), 15},
      {"throttled, odd", {.throttles = 1}, reserved(5), 7},
      {"throttled at 1", {.throttles = 1}, reserved(1), 2},
      {"throttled, off", {.throttles = 1}, reserved(0), 1},
      {"throttled at 66", {.throttles = 1}, reserved(66), 99},
      {"throttled at 67", {.throttles = 1}, reserved(67), 100},
      {"throttled at 99", {.throttles = 1}, reserved(99), 100},
      {"throttled at the most", {.throttles = 1}, reserved(100), 0},
      {"throttled above the most", {.throttles = 1}, reserved(200), 0},
      {"throttled, shared", {.throttles = 1}, shared(1000), 100},
      {"throttled, shared, 99 in use",
       {.concurrent_executions = 99, .throttles = 1},
       shared(1000),
       100},
      {"throttled, shared, 100 in use",
       {.concurrent_executions = 100, .throttles = 1},
       shared(1000),
       0},
      {"throttles go before errors", {.error_rate = 50, .throttles = 1}, reserved(10), 15},
      {"errors", {.error_rate = 10.1}, reserved(10), -7},
      {"10 % errors at half load", {.concurrent_executions = 5, .error_rate = 10}, reserved(10), 0},
      {"errors at 2", {.error_rate = 11}, reserved(2), -1},
      {"errors at 1", {.error_rate = 11}, reserved(1), 0},
      {"errors, shared", {.error_rate = 11}, shared(1000), -700},
      {"errors go before load", {.concurrent_executions = 9, .error_rate = 11}, reserved(10), -7},
      {"80 %", in_use(8), reserved(10), 0},
      {"81 %", in_use(81), reserved(100), 0},  // is at the most
      {"90 %", in_use(9), reserved(10), 12},
      {"above 80 % of 20", in_use(17), reserved(20), 22},
      {"full at 80", in_use(80), reserved(80), 100},
      {"full at 96", in_use(96), reserved(96), 100},
      {"shared at 81 %", in_use(65), shared(80), 82},
      {"shared, more than the most", in_use(900), shared(1000), 0},
      {"30 %", in_use(3), reserved(10), 0},
      {"29 %", in_use(29), reserved(100), -44},
      {"20 %", in_use(2), reserved(10), -3},
      {"idle at 3", in_use(0), reserved(3), -1},
      {"idle at 2", in_use(0), reserved(2), 0},
      {"idle, shared", in_use(0), shared(1000), 0},
  };
  for (const auto& c : cases) {
    const auto got = suggest(c.metrics, c.capacity);
    ASSERT_EQ(got.has_value(), c.expected != 0) << c.what;
    if (!got) continue;
    EXPECT_EQ(got->suggested, std::abs(c.expected)) << c.what;
    EXPECT_EQ(got->action, c.expected > 0 ? "increase_concurrency" : "decrease_concurrency")
        << c.what;
    EXPECT_FALSE(got->reason.empty());
  }
  EXPECT_EQ(suggest(in_use(9), reserved(10))->reason, "High utilization: 90.00%");
}

TEST(Advice, AMissingReserveIsSaid) {
  EXPECT_EQ(to_json(shared(900))["reserved_concurrency"], nullptr);
  EXPECT_EQ(to_json(shared(900))["concurrency_limit"], 900);
  EXPECT_EQ(to_json(shared(900))["limit_source"], "account_unreserved");
  EXPECT_TRUE(to_json(shared(900)).contains("note"));
  EXPECT_EQ(to_json(reserved(9))["reserved_concurrency"], 9);
  EXPECT_EQ(to_json(reserved(9))["limit_source"], "reserved");
  EXPECT_EQ(to_json(Suggestion{"a", 1, "r"}, shared(9))["current"], nullptr);
  EXPECT_EQ(to_json(Suggestion{"a", 1, "r"}, reserved(9))["current"], 9);
}

}  // namespace
}  // namespace concurrency_controller
