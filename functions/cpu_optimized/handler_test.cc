#include "handler.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

#include "calculation.h"

namespace cpu_optimized {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

class HandlerTest : public ::testing::Test {
 protected:
  HandlerTest() : handler_(Config{.memory_mb = 1769}) { left(milliseconds(300'000)); }

  void left(milliseconds time) { context_.deadline = std::chrono::system_clock::now() + time; }
  std::pair<int, json> handle(const json& event) {
    const json answer = handler_.handle(event, context_);
    EXPECT_EQ(answer.size(), 2u);
    return {answer.at("statusCode").get<int>(), json::parse(answer.at("body").get<std::string>())};
  }
  json body(const json& event) {
    auto [status, answer] = handle(event);
    EXPECT_EQ(status, 200) << answer;
    return answer;
  }
  static json batch(const json& numbers) {
    return {{"action", "cpu_intensive_batch"}, {"numbers", numbers}};
  }
  // What is known of a number without the time it takes.
  static void expect_result(const json& result, uint64_t number) {
    EXPECT_EQ(result["input"], number);
    EXPECT_EQ(result["fibonacci"], fibonacci(std::min<uint64_t>(number, 35)));
    EXPECT_EQ(result["is_prime"], is_prime(number));
    EXPECT_EQ(result["sum_of_squares"], sum_of_squares_below(number));
    EXPECT_GE(result["processing_time"], 0.0);
    EXPECT_EQ(result.size(), 5u);
  }

  kiln::Context context_;
  Handler handler_;
};

TEST_F(HandlerTest, ABatchIsInOrder) {
  const json answer = body(batch({7, 0, 1, 12}));
  ASSERT_EQ(answer["results"].size(), 4u);
  const uint64_t numbers[] = {7, 0, 1, 12};
  for (size_t i = 0; i < 4; ++i) expect_result(answer["results"][i], numbers[i]);
  EXPECT_EQ(answer["data_size"], 4);
  EXPECT_EQ(answer["workers_used"], 1);
  EXPECT_EQ(answer["processing_mode"], "sequential");
  EXPECT_EQ(answer["cpu_count"], kiln::parallel::cpu_count());
  EXPECT_GT(answer["processing_time"], 0.0);
  EXPECT_EQ(body(batch(json::array()))["results"], json::array());
}

TEST_F(HandlerTest, TheModeFollowsTheSizeAndTheOrderStays) {
  const bool cores = kiln::parallel::cpu_count() > 1;
  for (const size_t size : {100, 101, 1000, 1001}) {
    std::vector<uint64_t> numbers(size);
    for (size_t i = 0; i < size; ++i) numbers[i] = i % 13;
    for (const bool allowed : {true, false}) {
      json event = batch(numbers);
      event["use_multiprocessing"] = allowed;
      const json answer = body(event);
      EXPECT_EQ(answer["processing_mode"], size > 1000 && cores && allowed ? "multiprocessing"
                                           : size > 100                    ? "threading"
                                                                           : "sequential");
      for (size_t i = 0; i < size; ++i) {
        ASSERT_EQ(answer["results"][i]["input"], numbers[i]);
        ASSERT_EQ(answer["results"][i]["fibonacci"], fibonacci(numbers[i]));
      }
    }
  }
}

TEST_F(HandlerTest, WhatIsNoNumberIsNullInItsPlace) {
  const json hostile = {1,
                        "2",
                        nullptr,
                        -1,
                        2.5,
                        json::array(),
                        1e18,
                        true,
                        kMaxNumber,
                        kMaxNumber + 1,
                        1e300,
                        json::object(),
                        INT64_MIN,
                        UINT64_MAX,
                        1'000'000'000'000'000'000,
                        3};
  const json results = body(batch(hostile))["results"];
  ASSERT_EQ(results.size(), hostile.size());
  for (size_t i = 0; i < hostile.size(); ++i) {
    if (i == 0 || i == 8 || i == 15) {
      expect_result(results[i], hostile[i].get<uint64_t>());
    } else {
      EXPECT_TRUE(results[i].is_null()) << hostile[i];
    }
  }
  // In threads and processes as well.
  for (const size_t size : {200, 1200}) {
    json many = json::array();
    for (size_t i = 0; i < size; ++i) many.push_back(i % 3 == 0 ? json("no") : json(i % 10));
    const json answers = body(batch(many))["results"];
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(answers[i].is_null(), i % 3 == 0) << i;
  }
}

TEST_F(HandlerTest, SoManyNumbersHaveResultsThatFit) {
  const std::vector<int> most(40'000, 0);
  EXPECT_EQ(body(batch(most))["data_size"], 40'000);
  EXPECT_EQ(handle(batch(std::vector<int>(40'001, 0))).first, 400);
}

TEST_F(HandlerTest, ShortlyBeforeTheEndTheRestIsLeftUndone) {
  left(milliseconds(0));
  EXPECT_EQ(body(batch({1, 2}))["results"], (json{nullptr, nullptr}));
  // Minutes of work in a tenth of a second.
  for (const size_t size : {100, 1000, 2000}) {
    left(milliseconds(100));
    const json results = body(batch(std::vector<int>(size, 35)))["results"];
    EXPECT_EQ(results.size(), size);
    EXPECT_TRUE(results.back().is_null());
  }
}

TEST_F(HandlerTest, OneToAHundredAreTheDefault) {
  left(milliseconds(100));
  EXPECT_EQ(body({{"action", "cpu_intensive_batch"}})["data_size"], 100);
}

TEST_F(HandlerTest, BenchmarkMeasuresEachMode) {
  const json answer = body({{"action", "performance_benchmark"}, {"test_size", 200}});
  EXPECT_EQ(answer["test_size"], 200);
  EXPECT_EQ(answer["cpu_info"],
            (json{{"cpu_count", kiln::parallel::cpu_count()}, {"estimated_vcpus", 1.0}}));
  ASSERT_EQ(answer["benchmark_results"].size(), 3u);
  for (const char* mode : {"sequential", "threading", "multiprocessing"}) {
    const json& result = answer["benchmark_results"][mode];
    EXPECT_EQ(result["processing_mode"], mode);
    EXPECT_EQ(result["items_done"], 200);
    EXPECT_NEAR(result["items_per_second"].get<double>(), 200 / result["total_time"].get<double>(),
                1);
  }
  EXPECT_EQ(body({{"action", "performance_benchmark"}})["test_size"], 1000);
  left(milliseconds(0));
  const json late = body({{"action", "performance_benchmark"}, {"test_size", 100'000}});
  EXPECT_EQ(late["benchmark_results"]["threading"]["items_done"], 0);
}

TEST_F(HandlerTest, WhatMakesNoSenseIsFourHundred) {
  const json events[] = {
      nullptr,
      json::array(),
      json::object(),
      {{"action", 7}},
      {{"action", "cpu_test"}},
      {{"action", "cpu_intensive_batch"}, {"numbers", 7}},
      {{"action", "cpu_intensive_batch"}, {"numbers", {1}}, {"use_multiprocessing", "yes"}},
      {{"action", "async_tasks"}},
      {{"action", "async_tasks"}, {"tasks", json::object()}},
      {{"action", "async_tasks"}, {"tasks", std::vector<int>(1001)}},
      {{"action", "performance_benchmark"}, {"test_size", 0}},
      {{"action", "performance_benchmark"}, {"test_size", 100'001}},
      {{"action", "performance_benchmark"}, {"test_size", 1.5}},
      {{"action", "performance_benchmark"}, {"test_size", "10"}}};
  for (const json& event : events) {
    const auto [status, answer] = handle(event);
    EXPECT_EQ(status, 400) << event;
    EXPECT_EQ(answer["success"], false);
    EXPECT_TRUE(answer["error"].is_string());
  }
  EXPECT_EQ(handle({{"action", "nope"}}).second["error"], "Unknown action: nope");
  EXPECT_EQ(handle({{"action", "async_tasks"}, {"tasks", std::vector<int>(1000)}}).first, 200);
}

TEST_F(HandlerTest, DeepNestingDoesNoHarm) {
  constexpr size_t kDepth = 500'000;
  const std::string deep = std::string(kDepth, '[') + std::string(kDepth, ']');
  for (const std::string& event :
       {deep, R"({"action":)" + deep + "}",
        R"({"action":"cpu_intensive_batch","numbers":)" + deep + "}",
        R"({"action":"async_tasks","tasks":)" + deep + "}",
        R"({"action":"async_tasks","tasks":[{"type":)" + deep + "}]}",
        R"({"action":"async_tasks","tasks":[{"type":"http_request","url":"x","timeout":)" + deep +
            "}]}",
        R"({"action":"performance_benchmark","test_size":)" + deep + "}"}) {
    const auto status = handle(json::parse(event)).first;
    EXPECT_TRUE(status == 200 || status == 400);
  }
}

TEST(Config, Environment) {
  const auto with = [](const char* name, const char* value) {
    ::setenv(name, value, 1);
    struct Unset {
      const char* name;
      ~Unset() { ::unsetenv(name); }
    } const unset{name};
    return Config::from_environment();
  };
  EXPECT_EQ(with("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128").memory_mb, 128);
  EXPECT_EQ(with("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "").memory_mb, 512);
  EXPECT_EQ(with("TIMEOUT_SECONDS", "1").timeout_seconds, 1);
  EXPECT_EQ(with("TIMEOUT_SECONDS", "900").timeout_seconds, 900);
  for (const char* bad : {"0", "901", "x", "-1", "5s"}) {
    EXPECT_THROW(with("TIMEOUT_SECONDS", bad), std::invalid_argument) << bad;
  }
  EXPECT_FALSE(Config().has_database());
  EXPECT_TRUE(with("DB_HOST", "db.local").has_database());
  EXPECT_TRUE(with("DATABASE_URL", "postgresql://db.local/x").has_database());
}

}  // namespace
}  // namespace cpu_optimized
