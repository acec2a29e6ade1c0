#include "handler.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "kiln/memory_profiler.h"

namespace memory_optimized {
namespace {

using nlohmann::json;

class HandlerTest : public ::testing::Test {
 protected:
  HandlerTest() {
    context_.memory_limit_mb = 512;
    context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(5);
  }
  std::pair<int, json> handle_text(std::string_view event, Config config = {}) {
    const json answer = json::parse(Handler(config).handle(event, context_));
    EXPECT_EQ(answer.size(), 2u);
    return {answer.at("statusCode").get<int>(), json::parse(answer.at("body").get<std::string>())};
  }
  std::pair<int, json> handle(const json& event, Config config = {}) {
    return handle_text(event.dump(), config);
  }
  json body(const json& event, Config config = {}) {
    const auto [status, answer] = handle(event, config);
    EXPECT_EQ(status, 200) << answer;
    return answer;
  }
  static std::vector<std::string> labels(const json& answer) {
    std::vector<std::string> result;
    for (const json& snapshot : answer["memory_report"]["snapshots"]) {
      result.push_back(snapshot["label"]);
    }
    return result;
  }

  kiln::Context context_;
};

json dataset(size_t records) {
  json data = json::array();
  for (size_t i = 0; i < records; ++i) {
    data.push_back({{"id", i}, {"name", "ada"}, {"email", "a@b.org"}, {"age", 36}, {"score", 1.5}});
  }
  return {{"action", "process_large_dataset"}, {"data", data}};
}

TEST_F(HandlerTest, RecordsAreCounted) {
  json event = dataset(5);
  event["data"][1] = 7;                      // no record
  event["data"][2]["name"] = "";             // invalid, but a record
  event["data"][3]["age"] = "not a number";  // can't be processed
  const json answer = body(event);
  EXPECT_EQ(answer["processed_records"], 5);
  EXPECT_EQ(answer["total_records"], 5);
  EXPECT_EQ(answer["results_count"], 3);
}

TEST_F(HandlerTest, NoDataIsAnEmptySet) {
  for (const json& event : {json{{"action", "process_large_dataset"}}, dataset(0)}) {
    const json answer = body(event);
    EXPECT_EQ(answer["total_records"], 0);
    EXPECT_EQ(answer["results_count"], 0);
  }
}

TEST_F(HandlerTest, MembersComeInAnyOrder) {
  for (const char* event :
       {R"({"action":"process_large_dataset","batch_size":2,"data":[{"id":1},{"id":2}]})",
        R"( { "data" : [ {"id":1} , {"id":2} ] , "batch_size" : 2 , "x":[{}],
             "\u0061ction" : "process_large_dataset" } )"}) {
    const auto [status, answer] = handle_text(event);
    EXPECT_EQ(status, 200) << answer;
    EXPECT_EQ(answer["results_count"], 2);
  }
}

TEST_F(HandlerTest, TheReportHasTheBatches) {
  json event = dataset(43);
  event["batch_size"] = 2;
  const json answer = body(event);
  EXPECT_EQ(labels(answer), (std::vector<std::string>{"processing_start", "batch_0", "batch_10",
                                                      "batch_20", "processing_complete"}));
  const json& report = answer["memory_report"];
  EXPECT_GT(report["start_memory_mb"], 1);
  EXPECT_GE(report["peak_memory_mb"], report["start_memory_mb"]);
  EXPECT_TRUE(report["top_memory_consumers"].is_array());
}

TEST_F(HandlerTest, BeyondFourFifthsOfTheLimitMemoryIsReleased) {
  json event = dataset(4);
  event["batch_size"] = 2;
  EXPECT_EQ(labels(body(event, {.memory_limit_mb = 1})),
            (std::vector<std::string>{"processing_start", "after_release_batch_0", "batch_0",
                                      "after_release_batch_1", "processing_complete"}));
}

TEST_F(HandlerTest, AReportHasAtMostAThousandSnapshots) {
  json event = dataset(997);  // a beginning, a first batch's, one each, an end
  event["batch_size"] = 1;
  const Config tight{.memory_limit_mb = 1};
  const size_t all = 2 + 997 + 100;
  const json report = body(event, tight)["memory_report"];
  EXPECT_EQ(report["snapshots"].size(), 1000u);
  EXPECT_EQ(report["snapshots_left_out"], all - 1000);
  EXPECT_EQ(report["snapshots"][0]["label"], "processing_start");
  EXPECT_EQ(report["snapshots"][999]["label"], "processing_complete");
  event["data"].erase(event["data"].begin() + 907, event["data"].end());
  EXPECT_FALSE(body(event, tight)["memory_report"].contains("snapshots_left_out"));
}

TEST_F(HandlerTest, MemoryIsTakenAndGivenBack) {
  const json answer = body({{"action", "memory_test"}, {"test_size_mb", 64}});
  EXPECT_EQ(answer["test_size_mb"], 64);
  EXPECT_EQ(labels(answer),
            (std::vector<std::string>{"after_allocation", "after_operations", "after_cleanup"}));
  const json& report = answer["memory_report"];
  const auto increase = [&](size_t i) {
    return report["snapshots"][i]["memory_increase_mb"].get<double>();
  };
  EXPECT_LT(increase(0), 4);
  EXPECT_NEAR(increase(1), 64, 4);
  EXPECT_LT(increase(2), 40);  // the symbols of this program are read, too
  EXPECT_GE(report["peak_memory_mb"], report["start_memory_mb"].get<double>() + 60);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_NEAR(report["top_memory_consumers"][0]["size_mb"].get<double>(), 64, 8);
#endif
}

TEST_F(HandlerTest, AHundredMebibytesAreTheDefault) {
  EXPECT_EQ(body({{"action", "memory_test"}})["test_size_mb"], 100);
  EXPECT_EQ(body({{"action", "memory_test"}, {"test_size_mb", 0}})["test_size_mb"], 0);
}

TEST_F(HandlerTest, BeyondTheLimitItIsOutOfMemory) {
  const double now_mb = kiln::resident_memory_mb();
  const Config config{.memory_limit_mb = now_mb + 60};
  EXPECT_EQ(handle({{"action", "memory_test"}, {"test_size_mb", 40}}, config).first, 200);
  for (const json& size : {json(60), json(61), json(1e6), json(1e300)}) {
    const auto [status, answer] =
        handle({{"action", "memory_test"}, {"test_size_mb", size}}, config);
    EXPECT_EQ(status, 507);
    EXPECT_EQ(answer["success"], false);
    EXPECT_EQ(answer["error"], "Out of memory");
    EXPECT_EQ(answer["test_size_mb"], size);
    EXPECT_GT(answer["memory_report"]["current_memory_mb"], 1);
  }
}

TEST_F(HandlerTest, WhatTheSystemRefusesIsOutOfMemoryToo) {
  for (const double size : {1e9, 1e14}) {  // beyond the address space; beyond 64 bits
    const auto [status, answer] =
        handle({{"action", "memory_test"}, {"test_size_mb", size}}, {.memory_limit_mb = 1e300});
    EXPECT_EQ(status, 507) << answer;
  }
  EXPECT_EQ(handle({{"action", "memory_test"}, {"test_size_mb", 1}}).first, 200);
}

TEST_F(HandlerTest, WhatMakesNoSenseIsFourHundred) {
  for (const char* event : {"",
                            "null",
                            "[]",
                            "\"text\"",
                            "{",
                            "{}",
                            R"({"action":7})",
                            R"({"action":["memory_test"]})",
                            R"({"action":"process_data"})",
                            R"({"action":nothing})",
                            R"({"action":"process_large_dataset","data":{}})",
                            R"({"action":"process_large_dataset","data":null})",
                            R"({"action":"process_large_dataset","data":[{"id":1},{"id"}]})",
                            R"({"action":"process_large_dataset","data":[nothing]})",
                            R"({"action":"process_large_dataset","batch_size":0})",
                            R"({"action":"process_large_dataset","batch_size":-1})",
                            R"({"action":"process_large_dataset","batch_size":1.5})",
                            R"({"action":"process_large_dataset","batch_size":"10"})",
                            R"({"action":"process_large_dataset","batch_size":[1]})",
                            R"({"action":"memory_test","test_size_mb":-1})",
                            R"({"action":"memory_test","test_size_mb":"10"})",
                            R"({"action":"memory_test","test_size_mb":null})"}) {
    const auto [status, answer] = handle_text(event);
    EXPECT_EQ(status, 400) << event;
    EXPECT_EQ(answer["success"], false);
    EXPECT_TRUE(answer["error"].is_string());
  }
  EXPECT_EQ(handle({{"action", "nope"}}).second["error"], "Unknown action: nope");
}

TEST_F(HandlerTest, DeepNestingIsFourHundred) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_EQ(handle_text(R"({"action":"process_large_dataset","data":[)" + deep + "]}").first, 400);
  EXPECT_EQ(handle_text(R"({"action":)" + deep + "}").first, 400);
  EXPECT_EQ(handle_text(deep).first, 400);
}

TEST_F(HandlerTest, HalfAMillionRecordsTakeLessThanTwiceTheEvent) {
  std::string event = R"({"action":"process_large_dataset","data":[)";
  for (int i = 0; i < 500'000; ++i) {
    if (i > 0) event += ',';
    event += R"({"id":)" + std::to_string(i) + R"(,"name":" ada lovelace","email":"Ada)" +
             std::to_string(i) + R"(@example.org","age":36,"score":"9.5"})";
  }
  event += "]}";
  const double event_mb = static_cast<double>(event.size()) / (1024 * 1024);
  const auto peak_mb = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
  };
  // The peak of earlier tests of this process must not hide this one's.
  std::ofstream("/proc/self/clear_refs") << "5";
  const double before_mb = peak_mb();
  ASSERT_LT(before_mb, kiln::resident_memory_mb() + event_mb);
  const auto [status, answer] = handle_text(event);
  EXPECT_EQ(status, 200);
  EXPECT_EQ(answer["results_count"], 500'000);
  EXPECT_LT(peak_mb() - before_mb, 2 * event_mb);
  RecordProperty("extra_mb", std::to_string(peak_mb() - before_mb));
}

TEST(Config, TheLimitComesFromTheEnvironment) {
  const auto with = [](const char* value) {
    ::setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", value, 1);
    return Config::from_environment().memory_limit_mb;
  };
  EXPECT_EQ(with("128"), 128);
  EXPECT_EQ(with("1"), 1);
  EXPECT_EQ(with(""), 512);
  for (const char* bad : {"0", "-1", "x", "128MB", " 5"}) {
    EXPECT_THROW(with(bad), std::invalid_argument) << bad;
  }
  ::unsetenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
}

}  // namespace
}  // namespace memory_optimized
