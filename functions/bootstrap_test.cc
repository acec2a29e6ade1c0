// The functions' programs as Lambda starts them: bare environment, Runtime API over HTTP, SIGTERM
// at the end.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <condition_variable>
#include <csignal>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/http_double.h"
#include "tests/support/server_process.h"

namespace kiln {
namespace {

using nlohmann::json;
using testing::HttpDouble;

// Serves events to a function and keeps its answers; then leaves it waiting.
class Platform {
 public:
  explicit Platform(std::vector<std::string> events)
      : events_(std::move(events)),
        server_([this](const auto& request) { return serve(request); }) {}

  const std::string& address() const { return server_.address(); }
  // The answers, when the function waits for an event that doesn't come.
  std::vector<std::string> answers() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_; });
    return answers_;
  }

 private:
  HttpDouble::Reply serve(const HttpDouble::Request& request) {
    const std::lock_guard lock(mutex_);
    if (!request.head.starts_with("GET ")) {
      answers_.push_back(request.body);
      return {.bytes = HttpDouble::response(202, "", "{}")};
    }
    if (next_ < events_.size()) {
      return {
          .bytes = HttpDouble::response(
              200,
              "Lambda-Runtime-Aws-Request-Id: id\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n",
              events_[next_++])};
    }
    waiting_ = true;
    changed_.notify_all();
    return {};
  }

  std::vector<std::string> events_;
  size_t next_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool waiting_ = false;
  std::vector<std::string> answers_;
  HttpDouble server_;  // last: its thread uses the others
};

class Bootstrap : public ::testing::Test {
 protected:
  static std::string program(const std::string& function) {
    return std::string(KILN_FUNCTIONS_FOLDER) + "/" + function + "/bootstrap";
  }
  // Starts the program with an environment that has neither HOME nor PATH.
  testing::ServerProcess start(const std::string& function, const Platform& platform) {
    return testing::ServerProcess(
        {"/usr/bin/env", "-i", "AWS_LAMBDA_RUNTIME_API=" + platform.address(),
         "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "SQLITE_PATH=" + folder_.path() + "/data.db",
         program(function)},
        folder_.path(), folder_.path() + "/log", {}, SIGKILL);
  }
  static void end(testing::ServerProcess& process) {
#ifdef __SANITIZE_THREAD__
    process.end(SIGKILL);  // ThreadSanitizer holds signals back while a thread sleeps in recv(2)
#else
    process.end(SIGTERM);
    EXPECT_EQ(process.wait(), 0);
#endif
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Bootstrap, EchoAnswersWithItsPayload) {
  Platform platform({R"({"a":1})", "\"text\"", std::string(6 * 1024 * 1024, ' ') + "0"});
  auto process = start("echo", platform);
  const auto answers = platform.answers();
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0], R"({"a":1})");
  EXPECT_EQ(answers[1], "\"text\"");
  EXPECT_EQ(answers[2].size(), size_t{6 * 1024 * 1024 + 1});
  end(process);
}

TEST_F(Bootstrap, OptimizedColdStartWorksWithNothingConfigured) {
  Platform platform({R"({"action":"process_order","data":{"user_id":"u","amount":2}})",
                     R"({"action":"fetch_data","key":"user:2"})",
                     R"({"action":"fetch_data","key":"user:2"})"});
  auto process = start("optimized_cold_start", platform);
  const auto answers = platform.answers();
  ASSERT_EQ(answers.size(), 3u);
  std::vector<json> bodies;
  for (const std::string& answer : answers) {
    EXPECT_EQ(json::parse(answer)["statusCode"], 200) << answer;
    bodies.push_back(json::parse(json::parse(answer)["body"].get<std::string>()));
  }
  EXPECT_EQ(bodies[0]["result"]["order_id"], 1);
  EXPECT_EQ(bodies[0]["metadata"]["cold_start"], true);
  EXPECT_EQ(bodies[1]["result"]["source"], "database");
  EXPECT_EQ(bodies[1]["result"]["data"]["value"], "Grace");
  EXPECT_EQ(bodies[2]["result"]["source"], "cache");
  EXPECT_EQ(bodies[2]["metadata"]["request_count"], 3);
  EXPECT_EQ(bodies[2]["metadata"]["cold_start"], false);
  end(process);
}

TEST_F(Bootstrap, SenselessConfigurationIsAnInitError) {
  Platform platform({});
  testing::ServerProcess process(
      {"/usr/bin/env", "-i", "AWS_LAMBDA_RUNTIME_API=" + platform.address(), "CACHE_TTL=soon",
       program("optimized_cold_start")},
      folder_.path(), folder_.path() + "/log", {}, SIGKILL);
  EXPECT_EQ(process.wait(), 1);
  EXPECT_NE(process.log().find("CACHE_TTL"), std::string::npos) << process.log();
}

TEST_F(Bootstrap, EchoIsSmall) {
  if (!KILN_FUNCTIONS_STRIPPED) GTEST_SKIP() << "only release programs are stripped";
  struct stat status {};
  ASSERT_EQ(::stat(program("echo").c_str(), &status), 0);
  EXPECT_LE(status.st_size, 1 << 20);
}

}  // namespace
}  // namespace kiln
