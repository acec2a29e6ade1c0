#include "kiln/middleware.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "kiln/json_handler.h"
#include "kiln/run.h"

namespace kiln {
namespace {

using nlohmann::json;

std::string echo(std::string_view payload, const Context&) { return std::string(payload); }
json json_echo(const json& event, const Context&) { return event; }
std::string failing(std::string_view, const Context&) { throw std::runtime_error("a \"b\"\n\xFF"); }
json json_failing(const json&, const Context&) { throw std::out_of_range("far"); }
json odd_failing(const json&, const Context&) { throw 7; }

auto mark(char name, std::string& trail) {
  return [name, &trail](auto& next, const auto& event, const Context& context) {
    trail += name;
    auto answer = next(event, context);
    trail += static_cast<char>(name - 'a' + 'A');
    return answer;
  };
}

TEST(Middleware, LayersKeepTheKindOfHandler) {
  auto plain = with(echo, log_requests(), catch_errors(), measure("N"));
  auto with_json = with(json_echo, log_requests(), catch_errors(), measure("N"));
  static_assert(EventHandler<decltype(plain)> && !JsonHandler<decltype(plain)>);
  static_assert(JsonHandler<decltype(with_json)> && !EventHandler<decltype(with_json)>);
  EXPECT_EQ(plain("{}", {}), "{}");
  EXPECT_EQ(with_json({{"a", 1}}, {}), (json{{"a", 1}}));
  static_assert(std::same_as<decltype(with(echo)), decltype(&echo)>);
}

TEST(Middleware, TheFirstLayerIsTheOutermost) {
  std::string trail;
  auto handler = with(echo, mark('a', trail), mark('b', trail), mark('c', trail));
  handler("", {});
  EXPECT_EQ(trail, "abcCBA");
}

TEST(Middleware, ALayerMayAnswerItself) {
  auto refuse = [](auto& next, const auto& event, const Context& context) {
    return event.empty() ? decltype(next(event, context))("nothing") : next(event, context);
  };
  auto handler = with(echo, refuse);
  EXPECT_EQ(handler("", {}), "nothing");
  EXPECT_EQ(handler("x", {}), "x");
}

TEST(Middleware, HandlersNeedNotBeCopyable) {
  auto owner = [owned = std::make_unique<int>(5)](std::string_view, const Context&) mutable {
    return std::to_string((*owned)++);
  };
  auto handler = with(std::move(owner), catch_errors());
  EXPECT_EQ(handler("", {}), "5");
  EXPECT_EQ(handler("", {}), "6");
}

TEST(Middleware, ExceptionsBecomeAnswers) {
  const json plain = json::parse(with(failing, catch_errors())("", {}));
  EXPECT_EQ(plain["statusCode"], 500);
  EXPECT_EQ(json::parse(plain["body"].get<std::string>()),
            (json{{"success", false}, {"error", "a \"b\"\n\xEF\xBF\xBD"}}));
  const json of_json = with(json_failing, catch_errors())({}, {});
  EXPECT_EQ(of_json["statusCode"], 500);
  EXPECT_EQ(json::parse(of_json["body"].get<std::string>())["error"], "far");
  EXPECT_EQ(with(odd_failing, catch_errors())({}, {})["statusCode"], 500);
}

TEST(Middleware, AnEventThatIsNotJsonIsCaughtAroundTheJsonHandler) {
  auto handler = with(json_handler(json_echo), catch_errors());
  EXPECT_EQ(json::parse(handler("{", {}))["statusCode"], 500);
}

TEST(Middleware, AFailureIsOneLogLine) {
  ::testing::internal::CaptureStdout();
  with(failing, catch_errors())("", {});
  const std::string log = ::testing::internal::GetCapturedStdout();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_NE(log.find("errorType=std::runtime_error"), std::string::npos) << log;
}

TEST(Middleware, RequestsAreLoggedWithTheirLimits) {
  Context context;
  context.memory_limit_mb = 256;
  context.deadline = std::chrono::system_clock::now() + std::chrono::minutes(10);
  ::testing::internal::CaptureStdout();
  with(echo, log_requests())("", context);
  const std::string log = ::testing::internal::GetCapturedStdout();
  EXPECT_NE(log.find("memory_limit_mb=256"), std::string::npos) << log;
  EXPECT_NE(log.find("remaining_time_ms=5"), std::string::npos) << log;  // 599…
}

// The EMF documents that `call` writes.
template <class Call>
std::vector<json> metrics_of(Call call) {
  ::testing::internal::CaptureStdout();
  call();
  std::vector<json> documents;
  std::istringstream lines(::testing::internal::GetCapturedStdout());
  for (std::string line; std::getline(lines, line);) documents.push_back(json::parse(line));
  return documents;
}

TEST(Middleware, InvocationsAreMeasured) {
  Context context;
  context.function_name = "orders";
  context.function_version = "7";
  context.request_id = "r-1";
  context.memory_limit_mb = 1 << 20;
  auto handler = with(echo, measure("Shop"));
  const auto lines = metrics_of([&] {
    handler("", context);
    handler("", context);
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["cold_start"], 1);
  EXPECT_EQ(lines[1]["cold_start"], 0);
  EXPECT_EQ(lines[1]["errors"], 0);
  EXPECT_EQ(lines[1]["function_name"], "orders");
  EXPECT_EQ(lines[1]["version"], "7");
  EXPECT_EQ(lines[1]["request_id"], "r-1");
  EXPECT_EQ(lines[1]["total_memory"], 1 << 20);
  EXPECT_GE(lines[1]["duration"], 0);
  EXPECT_GT(lines[1]["used_memory_max"], 0);
  EXPECT_NEAR(lines[1]["memory_utilization"].get<double>(),
              lines[1]["used_memory_max"].get<double>() / (1 << 20) * 100, 1e-6);
  EXPECT_EQ(lines[1]["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Shop");
}

TEST(Middleware, AFailedInvocationIsMeasuredAndFails) {
  auto handler = with(failing, measure("Shop"));
  const auto lines = metrics_of([&] { EXPECT_THROW(handler("", {}), std::runtime_error); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["errors"], 1);
}

}  // namespace
}  // namespace kiln
