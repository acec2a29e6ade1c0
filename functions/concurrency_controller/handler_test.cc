#include "handler.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace concurrency_controller {
namespace {

using nlohmann::json;

struct Fake {
  Metrics metrics;
  Capacity capacity{10, 0};
  int opened = 0;
  bool down = false;
  std::vector<std::pair<std::string, int>> asked;     // function, minutes
  std::chrono::system_clock::time_point end;          // of the last one asked for
  std::vector<std::pair<std::string, int>> reserved;  // function, concurrency
};

class FakeBackend final : public Backend {
 public:
  explicit FakeBackend(Fake& fake) : fake_(fake) {}
  Metrics metrics(const std::string& function, const Window& window) override {
    if (fake_.down) throw std::runtime_error("CloudWatch is down");
    fake_.asked.emplace_back(function, window.minutes);
    fake_.end = window.end;
    return fake_.metrics;
  }
  Capacity capacity(const std::string&) override { return fake_.capacity; }
  void reserve(const std::string& function, int concurrency) override {
    fake_.reserved.emplace_back(function, concurrency);
  }

 private:
  Fake& fake_;
};

class HandlerTest : public ::testing::Test {
 protected:
  HandlerTest()
      : handler_(
            {"own", 30, "BATCH"},
            [this](std::chrono::milliseconds) {
              ++fake_.opened;
              return std::make_unique<FakeBackend>(fake_);
            },
            [this](std::chrono::duration<double> time) { slept_.push_back(time.count()); }) {
    context_.function_name = "own";
    context_.memory_limit_mb = 256;
    context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  }
  std::pair<int, json> handle(const json& event) {
    const json answer = handler_.handle(event, context_);
    return {answer.at("statusCode").get<int>(), json::parse(answer.at("body").get<std::string>())};
  }
  json body(const json& event) {
    const auto [status, answer] = handle(event);
    EXPECT_EQ(status, 200) << answer;
    EXPECT_TRUE(answer.contains("timestamp"));
    return answer;
  }

  Fake fake_;
  std::vector<double> slept_;
  kiln::Context context_;
  Handler handler_;
};

TEST_F(HandlerTest, ThePeriodEndsNowOrWhenTheEventSays) {
  const auto before = std::chrono::system_clock::now();
  body({{"action", "analyze_performance"}});
  EXPECT_GE(fake_.end, before);
  body({{"action", "analyze_performance"}, {"end_time", 4'000'000'000}});
  EXPECT_EQ(fake_.end.time_since_epoch(), std::chrono::seconds(4'000'000'000));
}

TEST_F(HandlerTest, AnalysisIsTheDefault) {
  fake_.metrics = {9, 12.5, 6, 100, 0};
  for (const json& event : {json::object(), json{{"action", "analyze_performance"}}}) {
    const json answer = body(event);
    EXPECT_EQ(answer["action"], "performance_analysis");
    const json& analysis = answer["analysis"];
    EXPECT_EQ(analysis["current_metrics"], (json{{"concurrent_executions", 9},
                                                 {"invocations_per_minute", 12.5},
                                                 {"error_rate", 6.0},
                                                 {"average_duration", 100.0},
                                                 {"throttles", 0}}));
    EXPECT_EQ(analysis["performance_status"], "warning");
    EXPECT_EQ(analysis["recommendations"].size(), 2u);
    EXPECT_EQ(analysis["alerts"], json::array());
    EXPECT_EQ(analysis["capacity"]["reserved_concurrency"], 10);
  }
  EXPECT_EQ(fake_.asked.at(0), (std::pair<std::string, int>("own", 5)));
  EXPECT_EQ(fake_.opened, 1);
}

TEST_F(HandlerTest, OptimizeSuggestsAndChangesNothing) {
  fake_.metrics.throttles = 3;
  const json optimization =
      body({{"action", "optimize_concurrency"}, {"period_minutes", 10}})["optimization"];
  EXPECT_EQ(optimization["optimization_available"], true);
  EXPECT_EQ(optimization["recommendations"], (json::array({{{"action", "increase_concurrency"},
                                                            {"current", 10},
                                                            {"suggested", 15},
                                                            {"reason", "Throttling detected"}}})));
  EXPECT_EQ(optimization["current_settings"]["function_name"], "own");
  EXPECT_EQ(optimization["current_settings"]["reserved_concurrency"], 10);
  EXPECT_EQ(optimization["applied"], false);
  EXPECT_TRUE(fake_.reserved.empty());
  EXPECT_EQ(fake_.asked.at(0).second, 10);
}

TEST_F(HandlerTest, ApplySetsTheReserve) {
  fake_.metrics.throttles = 3;
  const json event = {
      {"action", "optimize_concurrency"}, {"apply", true}, {"function_name", "other"}};
  EXPECT_EQ(body(event)["optimization"]["applied"], true);
  EXPECT_EQ(fake_.reserved.at(0), (std::pair<std::string, int>("other", 15)));
  fake_.reserved.clear();
  fake_.metrics = {5, 1, 0, 0, 0};
  const json nothing = body(event)["optimization"];
  EXPECT_EQ(nothing["optimization_available"], false);
  EXPECT_EQ(nothing["applied"], false);
  EXPECT_EQ(nothing["recommendations"], json::array());
  EXPECT_TRUE(fake_.reserved.empty());
}

TEST_F(HandlerTest, HealthCheckOpensNoBackend) {
  const json answer = body({{"action", "health_check"}});
  EXPECT_EQ(answer["status"], "healthy");
  EXPECT_EQ(answer["function_name"], "own");
  EXPECT_GT(answer["memory_used_mb"], 0);
  EXPECT_EQ(answer["memory_limit_mb"], 256);
  EXPECT_GT(answer["remaining_time_ms"], 0);
  EXPECT_EQ(fake_.opened, 0);
}

TEST_F(HandlerTest, AnyOtherActionIsSimulatedWork) {
  EXPECT_EQ(body({{"action", "order"}})["simulated_delay"], 0.1);
  EXPECT_EQ(body({{"action", "order"}, {"processing_delay", 2}})["action"], "order");
  body({{"action", "order"}, {"processing_delay", 0}});
  body({{"action", "order"}, {"processing_delay", 900}});
  EXPECT_EQ(slept_, (std::vector<double>{0.1, 2, 0, 900}));
}

TEST_F(HandlerTest, WhatMakesNoSenseIsFourHundred) {
  const json events[] = {nullptr,
                         json::array(),
                         "text",
                         {{"action", 7}},
                         {{"period_minutes", 0}},
                         {{"period_minutes", 1441}},
                         {{"period_minutes", 1.5}},
                         {{"period_minutes", "5"}},
                         {{"end_time", "now"}},
                         {{"end_time", -1}},
                         {{"end_time", 4e9 + 1}},
                         {{"function_name", ""}},
                         {{"function_name", 7}},
                         {{"action", "optimize_concurrency"}, {"apply", "yes"}},
                         {{"action", "x"}, {"processing_delay", -0.1}},
                         {{"action", "x"}, {"processing_delay", 900.1}},
                         {{"action", "x"}, {"processing_delay", "1"}}};
  for (const json& event : events) {
    const auto [status, answer] = handle(event);
    EXPECT_EQ(status, 400) << event;
    EXPECT_EQ(answer["success"], false);
    EXPECT_TRUE(answer["error"].is_string());
  }
  EXPECT_TRUE(slept_.empty());
  for (const int minutes : {1, 1440}) EXPECT_EQ(handle({{"period_minutes", minutes}}).first, 200);
}

TEST_F(HandlerTest, MetricsThatCantBeHadAreAFailure) {
  fake_.down = true;
  for (const char* action : {"analyze_performance", "optimize_concurrency"}) {
    const auto [status, answer] = handle({{"action", action}});
    EXPECT_EQ(status, 500);
    EXPECT_EQ(answer["success"], false);
    EXPECT_EQ(answer["error"], "CloudWatch is down");
  }
  fake_.down = false;
  EXPECT_EQ(handle(json::object()).first, 200);
}

TEST(Config, MaxProcessingTime) {
  const auto with = [](const char* value) {
    ::setenv("MAX_PROCESSING_TIME", value, 1);
    return Config::from_environment().max_processing_time;
  };
  EXPECT_EQ(with("1"), 1);
  EXPECT_EQ(with("900"), 900);
  EXPECT_EQ(with(""), 30);
  for (const char* bad : {"0", "901", "-1", "x", "5s", " 5"})
    EXPECT_THROW(with(bad), std::invalid_argument) << bad;
  ::unsetenv("MAX_PROCESSING_TIME");
}

}  // namespace
}  // namespace concurrency_controller
