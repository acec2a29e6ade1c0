#include "services/absent/absent.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln::services {
namespace {

using nlohmann::json;

net::Request request_of(const std::string& service, net::http::verb method,
                        const std::string& path) {
  net::Request request{method, path, 11};
  request.set("Host", "localhost");
  request.set("Authorization",
              "AWS4-HMAC-SHA256 Credential=k/20250101/us-east-1/" + service + "/aws4_request");
  return request;
}

std::optional<net::Response> ask(const net::Request& request) {
  return absent_answer(classify(request), request, "000000000000", "id-1");
}

std::optional<net::Response> ask_json(const std::string& service, const std::string& target,
                                      const json& body) {
  net::Request request = request_of(service, net::http::verb::post, "/");
  request.set("X-Amz-Target", target);
  request.set("Content-Type", "application/x-amz-json-1.1");
  request.body() = body.dump();
  return ask(request);
}

// `serverless remove` asks for the repository of its images, and goes on when there is none.
TEST(Absent, ARepositoryThatIsNamedIsNotFound) {
  const auto answer =
      ask_json("ecr", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories",
               {{"repositoryNames", {"serverless-shop-dev"}}, {"registryId", "000000000000"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400U);
  const json body = json::parse(answer->body);
  EXPECT_EQ(body["__type"], "RepositoryNotFoundException");
  EXPECT_EQ(body["message"],
            "The repository with name 'serverless-shop-dev' does not exist in the registry with "
            "id '000000000000'");
}

TEST(Absent, AListOfEverythingIsEmpty) {
  const auto repositories =
      ask_json("ecr", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", json::object());
  ASSERT_TRUE(repositories);
  EXPECT_EQ(repositories->status, 200U);
  EXPECT_EQ(json::parse(repositories->body), (json{{"repositories", json::array()}}));
  const auto tables = ask_json("dynamodb", "DynamoDB_20120810.ListTables", json::object());
  ASSERT_TRUE(tables);
  EXPECT_EQ(json::parse(tables->body), (json{{"TableNames", json::array()}}));
}

TEST(Absent, AQueueIsNotFoundInBothProtocols) {
  const auto by_json = ask_json("sqs", "AmazonSQS.GetQueueUrl", {{"QueueName", "orders"}});
  ASSERT_TRUE(by_json);
  EXPECT_EQ(json::parse(by_json->body)["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
  EXPECT_NE(std::find(by_json->headers.begin(), by_json->headers.end(),
                      net::Headers::value_type("x-amzn-query-error",
                                               "AWS.SimpleQueueService.NonExistentQueue;Sender")),
            by_json->headers.end());
  net::Request form = request_of("sqs", net::http::verb::post, "/");
  form.body() = "Action=GetQueueUrl&Version=2012-11-05&QueueName=orders";
  const auto by_form = ask(form);
  ASSERT_TRUE(by_form);
  EXPECT_NE(by_form->body.find("<Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The "
                               "specified queue does not exist for this wsdl version.</Message>"),
            std::string::npos);
}

TEST(Absent, EveryAccountHasADefaultEventBus) {
  const json bus = {{"Name", "default"},
                    {"Arn", "arn:aws:events:us-east-1:000000000000:event-bus/default"}};
  for (const json& input :
       {json::object(), json{{"Name", "default"}}, json{{"Name", bus["Arn"]}}}) {
    const auto answer = ask_json("events", "AWSEvents.DescribeEventBus", input);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200U);
    EXPECT_EQ(json::parse(answer->body), bus);
  }
  const auto other = ask_json("events", "AWSEvents.DescribeEventBus", {{"Name", "orders"}});
  ASSERT_TRUE(other);
  EXPECT_EQ(json::parse(other->body)["message"], "Event bus orders does not exist.");
  for (const char* arn : {"arn:aws:events:us-east-1:000000000000:event-bus/orders",
                          "arn:aws:events:eu-west-1:000000000000:event-bus/default",
                          "arn:aws:events:us-east-1:999999999999:event-bus/default"}) {
    const auto elsewhere = ask_json("events", "AWSEvents.DescribeEventBus", {{"Name", arn}});
    ASSERT_TRUE(elsewhere);
    EXPECT_EQ(elsewhere->status, 400U) << arn;
  }
  const auto all = ask_json("events", "AWSEvents.ListEventBuses", json::object());
  ASSERT_TRUE(all);
  EXPECT_EQ(json::parse(all->body), (json{{"EventBuses", {bus}}}));
}

TEST(Absent, PathsOfRestServices) {
  const auto apis = ask(request_of("apigateway", net::http::verb::get, "/restapis?limit=500"));
  ASSERT_TRUE(apis);
  EXPECT_EQ(json::parse(apis->body), (json{{"item", json::array()}}));
  const auto api = ask(request_of("apigateway", net::http::verb::get, "/restapis/abc123"));
  ASSERT_TRUE(api);
  EXPECT_EQ(api->status, 404U);
  EXPECT_NE(api->body.find("Invalid API identifier specified 000000000000:abc123"),
            std::string::npos);
  const auto http_api = ask(request_of("apigateway", net::http::verb::get, "/v2/apis/abc123"));
  ASSERT_TRUE(http_api);
  EXPECT_EQ(http_api->status, 404U);
}

// What makes something, and what nobody knows, is refused by its name elsewhere.
TEST(Absent, NothingElseIsAnswered) {
  EXPECT_FALSE(ask_json("dynamodb", "DynamoDB_20120810.CreateTable", {{"TableName", "t"}}));
  EXPECT_FALSE(ask_json("dynamodb", "DynamoDB_20120810.PutItem", {{"TableName", "t"}}));
  EXPECT_FALSE(ask_json("braket", "Braket.SearchJobs", json::object()));
  EXPECT_FALSE(ask(request_of("apigateway", net::http::verb::post, "/restapis")));
  EXPECT_FALSE(ask(request_of("apigateway", net::http::verb::get, "/restapis/a/b/c")));
  EXPECT_FALSE(ask(request_of("iot", net::http::verb::get, "/things")));
}

TEST(Absent, HostileNamesAreCutAndKeepJsonWhole) {
  const std::string name = std::string(100'000, 'x') + "\"{account}{}\n";
  const auto answer =
      ask_json("dynamodb", "DynamoDB_20120810.DescribeTable", {{"TableName", name}});
  ASSERT_TRUE(answer);
  EXPECT_LT(answer->body.size(), 1000U);
  EXPECT_EQ(json::parse(answer->body)["__type"], "ResourceNotFoundException");
  net::Request bad = request_of("ecr", net::http::verb::post, "/");
  bad.set("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.DescribeImages");
  bad.body() = "[1,";
  const auto not_json = ask(bad);
  ASSERT_TRUE(not_json);
  EXPECT_EQ(not_json->status, 400U);
}

}  // namespace
}  // namespace kiln::services
