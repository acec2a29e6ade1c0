// The backend against scripted answers of CloudWatch and Lambda.
#include <gtest/gtest.h>

#include <cstdlib>

#include "backend.h"
#include "kiln/aws.h"
#include "tests/support/http_double.h"

namespace concurrency_controller {
namespace {

using kiln::testing::HttpDouble;
using nlohmann::json;

class AwsBackendTest : public ::testing::Test {
 protected:
  AwsBackendTest()
      : server_([this](const HttpDouble::Request& request) {
          seen_.push_back(request.head.substr(0, request.head.find(" HTTP/")));
          body_ = request.body;
          for (const auto& [part, answer] : answers_) {
            if (request.head.find(part) != std::string::npos) return reply(200, answer);
          }
          return reply(404, R"({"__type":"ResourceNotFoundException"})");
        }) {
    ::setenv("AWS_ENDPOINT_URL", ("http://" + server_.address()).c_str(), 1);
    ::setenv("AWS_ACCESS_KEY_ID", "id", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    backend_ = open_aws_backend(std::chrono::minutes(15));
  }
  ~AwsBackendTest() override { ::unsetenv("AWS_ENDPOINT_URL"); }

  // The double serves one connection at a time, and each of the two clients has its own.
  static HttpDouble::Reply reply(int status, const std::string& body) {
    return {.bytes = HttpDouble::response(status, "", body), .then = HttpDouble::Then::kClose};
  }

  std::vector<std::pair<std::string, std::string>> answers_;
  std::vector<std::string> seen_;
  std::string body_;
  HttpDouble server_;
  std::unique_ptr<Backend> backend_;
  const Window window_{5,
                       std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'075))};
};

std::string series(const char* id, const std::string& values) {
  return std::string(R"({"Id":")") + id +
         R"(","StatusCode":"Complete","Timestamps":[1700000040,1699999980],"Values":[)" + values +
         "]}";
}

TEST_F(AwsBackendTest, MetricsAreOfTheWholeWindow) {
  answers_ = {{"GetMetricData", R"({"MetricDataResults":[)" + series("concurrent", "3,8") + "," +
                                    series("invocations", "10,30") + "," + series("errors", "1,3") +
                                    "," + series("throttles", "0,2") + "," +
                                    series("duration", "1000,9000") + "," +
                                    series("durations", "10,30") + "]}"}};
  const Metrics metrics = backend_->metrics("f", window_);
  EXPECT_EQ(metrics.concurrent_executions, 8);
  EXPECT_EQ(metrics.invocations_per_minute, 8);
  EXPECT_EQ(metrics.error_rate, 10);
  EXPECT_EQ(metrics.average_duration, 250);  // of all invocations, not of the two averages
  EXPECT_EQ(metrics.throttles, 2);
  const json input = json::parse(body_);
  EXPECT_EQ(input["EndTime"], 1'700'000'075);
  EXPECT_EQ(input["StartTime"], 1'699'999'740);  // five minutes before, from a full minute on
  EXPECT_EQ(input["MetricDataQueries"].size(), 6u);
  EXPECT_EQ(input["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"][0]["Value"], "f");
}

TEST_F(AwsBackendTest, NoDataIsZero) {
  answers_ = {{"GetMetricData", "{}"}};
  const Metrics metrics = backend_->metrics("f", window_);
  EXPECT_EQ(metrics.error_rate, 0);
  EXPECT_EQ(metrics.average_duration, 0);
}

TEST_F(AwsBackendTest, TheReserveComesFromGetFunctionConcurrency) {
  answers_ = {
      {"GET /2019-09-30/functions/f/concurrency", R"({"ReservedConcurrentExecutions":20})"}};
  EXPECT_EQ(backend_->capacity("f").reserved, 20);
  EXPECT_EQ(seen_.size(), 1u);
  answers_ = {
      {"GET /2019-09-30/functions/f/concurrency", "{}"},
      {"GET /2016-08-19/account-settings",
       R"({"AccountLimit":{"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":900}})"}};
  EXPECT_EQ(backend_->capacity("f").reserved, std::nullopt);
  EXPECT_EQ(backend_->capacity("f").limit(), 900);
  answers_ = {{"PUT /2017-10-31/functions/f/concurrency", "{}"}};
  backend_->reserve("f", 30);
  EXPECT_EQ(body_, R"({"ReservedConcurrentExecutions":30})");
}

TEST_F(AwsBackendTest, FailuresAreErrors) {
  EXPECT_THROW(backend_->metrics("f", window_), kiln::aws::Error);
  EXPECT_THROW(backend_->capacity("f"), kiln::aws::Error);
  EXPECT_THROW(backend_->reserve("f", 1), kiln::aws::Error);
}

}  // namespace
}  // namespace concurrency_controller
