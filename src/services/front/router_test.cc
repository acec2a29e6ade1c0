// The router in front of a running engine: each request reaches its service and is answered exactly
// once.
#include "services/front/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "base/time_format.h"
#include "logs/store.h"
#include "sandbox/launcher.h"
#include "services/ssm/service.h"
#include "tests/support/gzip.h"
#include "tests/support/test_dir.h"

namespace kiln::services {
namespace {

using net::http::verb;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

class RouterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_ / "data");
    std::filesystem::create_directories(dir_ / "runtimes");
    auto launcher = sandbox::LauncherProcess::start({dir_ / "data", dir_ / "runtimes", 1});
    ASSERT_TRUE(launcher) << launcher.error().message;
    launcher_ = std::move(*launcher);
    engine::EngineOptions options;
    options.data_dir = dir_ / "data";
    options.runtimes_dir = dir_ / "runtimes";
    options.account = "123456789012";
    engine_ = std::make_unique<engine::Engine>(options, *launcher_, clock_);
    auto started = engine_->start();
    ASSERT_TRUE(started) << started.error().message;
    router_ = std::make_unique<Router>(*engine_);
  }
  void TearDown() override {
    if (engine_) engine_->stop();
  }

  static net::Request make(verb method, const std::string& target, const std::string& body = "",
                           const std::string& amz_target = "") {
    net::Request request{method, target, 11};
    if (!amz_target.empty()) request.set("X-Amz-Target", amz_target);
    request.body() = body;
    return request;
  }

  // Handed over on a loop of the engine, as a connection does.
  net::Response answer(net::Request request) {
    auto promise = std::make_shared<std::promise<net::Response>>();
    auto future = promise->get_future();
    engine_->loops()[0]->post([this, promise, request = std::move(request)]() mutable {
      router_->handle(std::move(request),
                      [promise](net::Response&& r) { promise->set_value(std::move(r)); });
    });
    EXPECT_EQ(future.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    return future.get();
  }

  TestDir dir_;
  SystemClock clock_;
  std::unique_ptr<sandbox::LauncherProcess> launcher_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Router> router_;
};

TEST_F(RouterTest, Health) {
  for (const char* path : {"/_kiln/health", "/"}) {
    const auto response = answer(make(verb::get, path));
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(json::parse(response.body), json::parse(R"({"status":"running","version":"0.1.0"})"));
  }
}

TEST_F(RouterTest, Lambda) {
  auto response = answer(make(verb::get, "/2015-03-31/functions/nope"));
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(json::parse(response.body)["Message"],
            "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope");
  response = answer(make(verb::post, "/2015-03-31/functions/nope/invocations", "{}"));
  EXPECT_EQ(response.status, 404U);
  EXPECT_THAT(response.headers, Contains(Pair("x-amzn-ErrorType", "ResourceNotFoundException")));
}

TEST_F(RouterTest, Sts) {
  const auto response =
      answer(make(verb::post, "/", "Action=GetCallerIdentity&Version=2011-06-15"));
  EXPECT_EQ(response.status, 200U);
  EXPECT_THAT(response.body, HasSubstr("<Account>123456789012</Account>"));
}

TEST_F(RouterTest, LogsAreThereAsSoonAsTheyAreWritten) {
  engine_->log_store().append({"us-east-1", "/aws/lambda/f", "s"},
                              format_iso_ms(clock_.wall_now()) + " hello\n");
  const auto filter = [&](const std::string& body) {
    return answer(make(verb::post, "/", body, "Logs_20140328.FilterLogEvents"));
  };
  auto response = filter(R"({"logGroupName":"/aws/lambda/f"})");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "application/x-amz-json-1.1");
  EXPECT_EQ(json::parse(response.body)["events"][0]["message"], "hello\n");

  response = filter(R"({"logGroupName":"/nope"})");
  EXPECT_EQ(response.status, 400U);
  EXPECT_EQ(json::parse(response.body)["__type"], "ResourceNotFoundException");
  response = filter("no json");
  EXPECT_EQ(json::parse(response.body)["__type"], "SerializationException");
  response = answer(make(verb::post, "/", "{}", "Logs_20140328.StartQuery"));
  EXPECT_EQ(json::parse(response.body)["__type"], "UnknownOperationException");
}

TEST_F(RouterTest, WhatIsNotHere) {
  auto response = answer(make(verb::post, "/", "{}", "DynamoDB_20120810.PutItem"));
  EXPECT_EQ(response.status, 400U);
  EXPECT_THAT(response.body, HasSubstr("dynamodb"));
  response = answer(make(verb::get, "/favicon.ico"));
  EXPECT_EQ(response.status, 404U);
  EXPECT_THAT(response.body, HasSubstr("GET /favicon.ico"));
}

TEST_F(RouterTest, CloudWatchUnpacksWhatIsPacked) {
  const auto packed = [](const std::string& body, const char* encoding, const char* content_type,
                         const char* target) {
    net::Request request = make(verb::post, "/", body, target);
    request.set("Content-Encoding", encoding);
    request.set("Content-Type", content_type);
    request.set("Authorization",
                "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/monitoring/aws4_request, "
                "SignedHeaders=host, Signature=0");
    return request;
  };
  constexpr const char* kForm = "application/x-www-form-urlencoded; charset=utf-8";
  const std::string form =
      "Action=PutMetricData&Version=2010-08-01&Namespace=packed&"
      "MetricData.member.1.MetricName=form&MetricData.member.1.Value=1";
  auto response = answer(packed(gzip(form), "GZIP", kForm, ""));
  EXPECT_EQ(response.status, 200U) << response.body;
  response = answer(
      packed(gzip(R"({"Namespace":"packed","MetricData":[{"MetricName":"json","Value":1}]})"),
             "gzip", "application/x-amz-json-1.0", "GraniteServiceVersion20100801.PutMetricData"));
  EXPECT_EQ(response.status, 200U) << response.body;
  response = answer(make(verb::post, "/", R"({"Namespace":"packed"})",
                         "GraniteServiceVersion20100801.ListMetrics"));
  EXPECT_THAT(response.body, testing::AllOf(HasSubstr("\"form\""), HasSubstr("\"json\"")));
  // Not packed at all, and more than fits.
  EXPECT_EQ(answer(packed(form, "gzip", kForm, "")).status, 400U);
  EXPECT_EQ(answer(packed(gzip(std::string((1 << 20) + 1, 'x')), "gzip", kForm, "")).status, 413U);
}

TEST_F(RouterTest, LimitsComeFromTheRequest) {
  const auto invoke = make(verb::post, "/2015-03-31/functions/f/invocations");
  EXPECT_EQ(router_->body_limit(invoke), 6'291'556U);
  EXPECT_EQ(router_->too_large(invoke).status, 413U);
}

TEST_F(RouterTest, ObjectsAreStoredAndReadWithoutAConnection) {
  const auto signed_for_s3 = [&](verb method, const std::string& target, const std::string& body) {
    net::Request request = make(method, target, body);
    request.set("Authorization",
                "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3/aws4_request, Signature=a");
    return request;
  };
  EXPECT_EQ(answer(signed_for_s3(verb::put, "/bucket", "")).status, 200U);
  EXPECT_EQ(answer(signed_for_s3(verb::put, "/bucket/k", "hello")).status, 200U);
  EXPECT_EQ(*engine_->objects().read("bucket", "k", 5), "hello");
  for (const auto& request :
       {signed_for_s3(verb::get, "/bucket/k", ""), make(verb::get, "/bucket/k")}) {
    const auto response = answer(request);
    EXPECT_EQ(response.status, 200U);
    ASSERT_TRUE(response.file);
    EXPECT_EQ(response.file->size, 5U);
  }
  const auto put = signed_for_s3(verb::put, "/bucket/k", "");
  EXPECT_TRUE(router_->body_sink(put));
  EXPECT_GT(router_->body_limit(put), uint64_t{5} << 30);
  EXPECT_FALSE(router_->body_sink(signed_for_s3(verb::put, "/bucket", "")));
  EXPECT_FALSE(router_->body_sink(make(verb::put, "/2015-03-31/functions/f/code")));
  EXPECT_EQ(router_->body_limit(signed_for_s3(verb::post, "/bucket?delete", "")), 4U << 20);
}

TEST_F(RouterTest, ParametersArePutAndFound) {
  const auto response = answer(make(verb::post, "/", R"({"Name":"n","Value":"v","Type":"String"})",
                                    "AmazonSSM.PutParameter"));
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "application/x-amz-json-1.1");
  EXPECT_EQ(router_->ssm().parameters().find("us-east-1", "n")->value, "v");
}

}  // namespace
}  // namespace kiln::services
