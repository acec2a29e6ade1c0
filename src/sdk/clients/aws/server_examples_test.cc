// The examples in the headers of the clients, compiled and run. A header whose example changes
// changes this file too.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "kiln/cloudwatch.h"
#include "kiln/dynamodb.h"
#include "kiln/http.h"
#include "kiln/lambda_client.h"
#include "kiln/s3.h"
#include "kiln/sns.h"
#include "tests/support/dynamodb_fixture.h"
#include "tests/support/http_double.h"
#include "tests/support/s3_fixture.h"

namespace {

using kiln::testing::HttpDouble;

// The variables that a function has, for the life of the object.
class Environment {
 public:
  Environment(const char* endpoint, const std::string& url) : endpoint_(endpoint) {
    ::setenv(endpoint, url.c_str(), 1);
    ::setenv("AWS_ACCESS_KEY_ID", "S3RVER", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "S3RVER", 1);
  }
  ~Environment() {
    for (const char* name : {endpoint_, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) {
      ::unsetenv(name);
    }
  }
  Environment(const Environment&) = delete;

 private:
  const char* endpoint_;
};

// A service that answers one request after the other, each on a connection of its own.
class Service {
 public:
  explicit Service(std::vector<std::string> answers)
      : answers_(std::move(answers)), server_([this](const HttpDouble::Request& request) {
          asked_.push_back(request.head.substr(0, request.head.find(" HTTP/")));
          return HttpDouble::Reply{
              .bytes = HttpDouble::response(200, "", answers_.at(asked_.size() - 1)),
              .then = HttpDouble::Then::kClose};
        }) {}
  std::string url() const { return "http://" + server_.address(); }
  const std::vector<std::string>& asked() const { return asked_; }

 private:
  std::vector<std::string> answers_;
  std::vector<std::string> asked_;
  HttpDouble server_;
};

// http.h
TEST(Examples, Http) {
  HttpDouble server([](const auto&) {
    return HttpDouble::Reply{
        .bytes = HttpDouble::response(200, "Content-Type: text/plain\r\n", "hello"),
        .then = HttpDouble::Then::kClose};
  });
  const std::string url = "http://" + server.address() + "/";
  std::string used;
  const auto use = [&](std::string_view type, const std::string& body) {
    used = std::string(type) + " " + body;
  };

  kiln::http::Client http({.user_agent = "orders/1.0"});
  const auto answer = http.send({.url = url, .timeout = std::chrono::seconds(5)});
  if (answer.status == 200) use(answer.header("content-type"), answer.body);
  EXPECT_EQ(used, "text/plain hello");

  const std::vector<kiln::http::Request> requests = {{.url = url}, {.url = "http://127.0.0.1:1/"}};
  std::vector<bool> answered;
  for (const auto& outcome : http.send_all(requests)) {
    answered.push_back(std::holds_alternative<kiln::http::Response>(outcome));
  }
  EXPECT_EQ(answered, (std::vector<bool>{true, false}));
}

// s3.h and aws.h
TEST(Examples, S3) {
  const kiln::testing::S3Fixture server;
  const Environment environment("AWS_ENDPOINT_URL_S3", server.url());
  std::vector<std::pair<std::string, uint64_t>> used;
  const auto use = [&](const std::string& key, uint64_t size) { used.emplace_back(key, size); };
  {
    kiln::s3::Client s3;
    s3.put("b", "reports/2026 q1.txt", "text", {.content_type = "text/plain"});
    const auto object = s3.get("b", "reports/2026 q1.txt");
    EXPECT_EQ(object.body, "text");
    for (const auto& entry : s3.list("b", "reports/")) use(entry.key, entry.size);
    EXPECT_EQ(used, (decltype(used){{"reports/2026 q1.txt", 4}}));
  }
  auto config = kiln::aws::Config::from_environment("s3");
  config.timeout = std::chrono::seconds(5);
  kiln::s3::Client s3(config);
  std::string code;
  try {
    s3.get("b", "key");
  } catch (const kiln::aws::Error& e) {
    code = e.code();
  }
  EXPECT_EQ(code, "NoSuchKey");
}

// dynamodb.h and dynamodb_value.h
TEST(Examples, DynamoDb) {
  kiln::testing::DynamodbFixture server;
  server.create("orders", "id");
  const Environment environment("AWS_ENDPOINT_URL_DYNAMODB", server.url());
  using kiln::dynamodb::Value;
  Value used;
  const auto use = [&](const Value& value) { used = value; };

  kiln::dynamodb::Client tables;
  tables.put("orders", {{"id", "o-1"}, {"amount", 12.5}});
  if (const auto item = tables.get("orders", {{"id", "o-1"}})) use(item->at("amount"));
  EXPECT_EQ(used, Value::number("12.5"));
  bool first = true;
  try {
    tables.put("orders", {{"id", "o-1"}}, {.text = "attribute_not_exists(id)"});
  } catch (const kiln::dynamodb::ConditionFailed&) {
    first = false;
  }
  EXPECT_FALSE(first);

  kiln::dynamodb::Item item = {{"id", "o-1"}, {"amount", Value::number("12.50")}, {"paid", true}};
  const auto kept = Value::parse(R"({"big": 12345678901234567890.123456789})");
  item["big"] = kept.get_if<kiln::dynamodb::Item>()->at("big");
  tables.put("orders", item);
  EXPECT_EQ(tables.get("orders", {{"id", "o-1"}})->at("big"),
            Value::number("12345678901234567890.123456789"));
}

// lambda_client.h
TEST(Examples, Lambda) {
  Service service({R"("done")", "{}", R"({"ReservedConcurrentExecutions":10})"});
  const Environment environment("AWS_ENDPOINT_URL_LAMBDA", service.url());
  const auto log = [](const std::string& text) { ADD_FAILURE() << text; };

  kiln::lambda::Client lambda;
  const auto answer = lambda.invoke("thumbnails", R"({"key":"a.png"})");
  if (!answer.function_error.empty()) log(answer.payload);
  EXPECT_EQ(answer.payload, R"("done")");
  if (!lambda.get_function_concurrency("thumbnails")) {
    lambda.put_function_concurrency("thumbnails", 10);
  }
  EXPECT_EQ(service.asked().back(), "PUT /2017-10-31/functions/thumbnails/concurrency");
}

// cloudwatch.h
TEST(Examples, CloudWatch) {
  Service service({R"({"Datapoints":[{"Timestamp":1700000000,"Sum":3}]})", "{}"});
  const Environment environment("AWS_ENDPOINT_URL_CLOUDWATCH", service.url());

  kiln::cloudwatch::Client metrics;
  const auto now = std::chrono::system_clock::now();
  const auto points =
      metrics.get_metric_statistics({{"AWS/Lambda", "Errors", {{"FunctionName", "f"}}},
                                     now - std::chrono::minutes(5),
                                     now,
                                     std::chrono::seconds(60),
                                     {"Sum"}});
  metrics.put_metric_data("Shop", {{.name = "Orders", .value = 1, .unit = "Count"}});
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].values.at("Sum"), 3);
  EXPECT_EQ(service.asked().size(), 2u);
}

// sns.h
TEST(Examples, Sns) {
  Service service(
      {"<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult>"
       "</PublishResponse>"});
  const Environment environment("AWS_ENDPOINT_URL_SNS", service.url());
  const std::string topic_arn = "arn:aws:sns:us-east-1:000000000000:alerts";

  kiln::sns::Client notifications;
  const std::string id = notifications.publish(topic_arn, "disk is full", {.subject = "Alarm"});
  EXPECT_EQ(id, "m-1");
}

}  // namespace
