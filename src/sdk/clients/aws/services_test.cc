// The clients of Lambda, CloudWatch and SNS: what they send, and what they make of answers.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kiln/cloudwatch.h"
#include "kiln/lambda_client.h"
#include "kiln/sns.h"
#include "tests/support/http_double.h"

namespace kiln {
namespace {

using nlohmann::json;
using testing::HttpDouble;

class AwsServices : public ::testing::Test {
 protected:
  AwsServices()
      : server_([this](const HttpDouble::Request& request) {
          head_ = request.head;
          line_ = request.head.substr(0, request.head.find(" HTTP/"));
          body_ = request.body;
          const std::string& answer = answers_[std::min(asked_, answers_.size() - 1)];
          ++asked_;
          return HttpDouble::Reply{.bytes = HttpDouble::response(status_, headers_, answer)};
        }) {
    config_.endpoint = "http://" + server_.address();
    config_.credentials = [] { return aws::Credentials{"id", "secret", "", {}}; };
    config_.sleep = [](auto) {};
  }
  static std::string code_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const aws::Error& e) {
      return e.code();
    }
    return "no error";
  }
  bool sent(const std::string& line) const {
    return head_.find(line + "\r\n") != std::string::npos;
  }

  int status_ = 200;
  std::string headers_;
  std::vector<std::string> answers_ = {"{}"};
  size_t asked_ = 0;
  std::string head_, line_, body_;
  aws::Config config_;
  HttpDouble server_;
};

TEST_F(AwsServices, LambdaInvokes) {
  lambda::Client client(config_);
  headers_ =
      "X-Amz-Executed-Version: 7\r\nX-Amz-Function-Error: Unhandled\r\nX-Amz-Log-Result: aGk=\r\n";
  answers_ = {R"({"errorMessage":"m"})"};
  const auto failed =
      client.invoke("f", R"({"a":1})", {.log = lambda::Log::kTail, .qualifier = "PROD"});
  EXPECT_EQ(line_, "POST /2015-03-31/functions/f/invocations?Qualifier=PROD");
  EXPECT_TRUE(sent("x-amz-invocation-type: RequestResponse"));
  EXPECT_TRUE(sent("x-amz-log-type: Tail"));
  EXPECT_EQ(body_, R"({"a":1})");
  EXPECT_EQ(failed.status, 200);
  EXPECT_EQ(failed.function_error, "Unhandled");
  EXPECT_EQ(failed.executed_version, "7");
  EXPECT_EQ(failed.log_tail, "hi");
  EXPECT_EQ(failed.payload, R"({"errorMessage":"m"})");

  headers_ = "";
  status_ = 202;
  EXPECT_EQ(client
                .invoke("arn:aws:lambda:us-east-1:1:function:f", "",
                        {.type = lambda::InvocationType::kEvent})
                .status,
            202);
  EXPECT_EQ(
      line_,
      "POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af/invocations");
  EXPECT_TRUE(sent("x-amz-invocation-type: Event"));
  status_ = 500;
  asked_ = 0;
  EXPECT_EQ(code_of([&] { client.invoke("f", ""); }), "HTTP 500");
  EXPECT_EQ(asked_, 1u);
  EXPECT_EQ(code_of([&] { client.invoke("", ""); }), "InvalidRequest");
  EXPECT_EQ(asked_, 1u);
}

TEST_F(AwsServices, LambdaConcurrency) {
  lambda::Client client(config_);
  EXPECT_EQ(client.get_function_concurrency("f"), std::nullopt);
  EXPECT_EQ(line_, "GET /2019-09-30/functions/f/concurrency");
  answers_ = {R"({"ReservedConcurrentExecutions":0})"};
  EXPECT_EQ(client.get_function_concurrency("f"), 0);
  for (const char* odd :
       {R"({"ReservedConcurrentExecutions":-1})", R"({"ReservedConcurrentExecutions":"5"})",
        R"({"ReservedConcurrentExecutions":2147483648})",
        R"({"ReservedConcurrentExecutions":1.5})"}) {
    answers_ = {odd};
    EXPECT_EQ(client.get_function_concurrency("f"), std::nullopt) << odd;
  }
  client.put_function_concurrency("f", 12);
  EXPECT_EQ(line_, "PUT /2017-10-31/functions/f/concurrency");
  EXPECT_EQ(json::parse(body_), (json{{"ReservedConcurrentExecutions", 12}}));
  status_ = 204;
  answers_ = {""};
  client.delete_function_concurrency("f");
  EXPECT_EQ(line_, "DELETE /2017-10-31/functions/f/concurrency");
}

TEST_F(AwsServices, LambdaConfigurationAndLimits) {
  lambda::Client client(config_);
  answers_ = {
      R"({"FunctionName":"f","MemorySize":256,"Timeout":60,"State":"Active","Version":"$LATEST","Runtime":"provided.al2023"})"};
  const auto configuration = client.get_function_configuration("f");
  EXPECT_EQ(configuration.memory_size, 256);
  EXPECT_EQ(configuration.timeout, 60);
  EXPECT_EQ(configuration.state, "Active");
  answers_ = {
      R"({"AccountLimit":{"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":900}})"};
  EXPECT_EQ(client.get_account_limits().unreserved_concurrent_executions, 900);
  EXPECT_EQ(line_, "GET /2016-08-19/account-settings");
  for (const char* bad : {"{}", "", "x", "[]", R"({"AccountLimit":7})",
                          R"({"AccountLimit":{"ConcurrentExecutions":1000}})"}) {
    answers_ = {bad};
    EXPECT_EQ(code_of([&] { client.get_account_limits(); }), "BadAnswer") << bad;
    EXPECT_EQ(code_of([&] { client.get_function_configuration("f"); }), "BadAnswer") << bad;
  }
}

TEST_F(AwsServices, CloudwatchStatistics) {
  cloudwatch::Client client(config_);
  const cloudwatch::Time start{std::chrono::seconds(1'700'000'000)};
  const cloudwatch::StatisticsQuery query{{"AWS/Lambda", "Errors", {{"FunctionName", "f"}}},
                                          start,
                                          start + std::chrono::minutes(5),
                                          std::chrono::seconds(60),
                                          {"Sum", "Maximum"}};
  answers_ = {
      R"({"Label":"Errors","Datapoints":[{"Timestamp":1700000060,"Sum":2,"Unit":"Count"},{"Timestamp":1.7E9,"Sum":1.5,"Maximum":"x"}]})"};
  const auto points = client.get_metric_statistics(query);
  EXPECT_TRUE(sent("x-amz-target: GraniteServiceVersion20100801.GetMetricStatistics"));
  EXPECT_NE(head_.find("/us-east-1/monitoring/aws4_request"), std::string::npos);
  const json input = json::parse(body_);
  EXPECT_EQ(input["StartTime"], 1'700'000'000);
  EXPECT_EQ(input["Period"], 60);
  EXPECT_EQ(input["Dimensions"], (json{{{"Name", "FunctionName"}, {"Value", "f"}}}));
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[0].time, start);
  EXPECT_EQ(points[0].values, (std::map<std::string, double>{{"Sum", 1.5}}));
  EXPECT_EQ(points[1].unit, "Count");
  answers_ = {"{}"};
  EXPECT_TRUE(client.get_metric_statistics(query).empty());
  for (const char* bad :
       {R"({"Datapoints":[7]})", R"({"Datapoints":[{}]})", R"({"Datapoints":[{"Timestamp":"x"}]})",
        R"({"Datapoints":[{"Timestamp":1e300}]})", "[]"}) {
    answers_ = {bad};
    EXPECT_EQ(code_of([&] { client.get_metric_statistics(query); }), "BadAnswer") << bad;
  }
}

TEST_F(AwsServices, CloudwatchDataComesInPages) {
  cloudwatch::Client client(config_);
  const cloudwatch::Time start{std::chrono::seconds(60)};
  answers_ = {
      R"({"MetricDataResults":[{"Id":"a","Label":"A","StatusCode":"PartialData","Timestamps":[60],"Values":[1]}],"NextToken":"t"})",
      R"({"MetricDataResults":[{"Id":"a","StatusCode":"Complete","Timestamps":[120],"Values":[2]},{"Id":"b","Timestamps":[],"Values":[]}]})"};
  const auto results = client.get_metric_data(
      {{.id = "a", .metric = cloudwatch::Metric{"N", "M"}, .statistic = "Sum"},
       {.id = "b", .expression = "a*2"}},
      start, start);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].label, "A");
  EXPECT_EQ(results[0].status, "Complete");
  ASSERT_EQ(results[0].points.size(), 2u);
  EXPECT_EQ(results[0].points[1].second, 2);
  const json input = json::parse(body_);
  EXPECT_EQ(input["NextToken"], "t");
  EXPECT_EQ(input["MetricDataQueries"][1]["Expression"], "a*2");
  EXPECT_EQ(input["MetricDataQueries"][0]["MetricStat"]["Stat"], "Sum");
  for (const char* bad :
       {R"({"MetricDataResults":[7]})", R"({"MetricDataResults":[{"Timestamps":[1],"Values":[]}]})",
        R"({"MetricDataResults":[{"Timestamps":["x"],"Values":[1]}]})", R"({"NextToken":"t"})"}) {
    answers_ = {bad};
    EXPECT_EQ(
        code_of([&] { client.get_metric_data({{.id = "a", .expression = "1"}}, start, start); }),
        "BadAnswer")
        << bad;
  }
}

TEST_F(AwsServices, CloudwatchPuts) {
  cloudwatch::Client client(config_);
  client.put_metric_data("Shop", {{.name = "Orders",
                                   .value = 2,
                                   .unit = "Count",
                                   .dimensions = {{"a", "b"}},
                                   .time = cloudwatch::Time(std::chrono::milliseconds(1500))}});
  const json input = json::parse(body_);
  EXPECT_EQ(input["Namespace"], "Shop");
  EXPECT_EQ(input["MetricData"][0]["Timestamp"], 1.5);
  EXPECT_EQ(input["MetricData"][0]["Value"], 2);
  status_ = 500;
  asked_ = 0;
  EXPECT_EQ(code_of([&] { client.put_metric_data("Shop", {{.name = "Orders"}}); }), "HTTP 500");
  EXPECT_EQ(asked_, 1u);
}

TEST_F(AwsServices, SnsPublishes) {
  sns::Client client(config_);
  answers_ = {
      "<PublishResponse "
      "xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>m-1</MessageId>"
      "</PublishResult></PublishResponse>"};
  EXPECT_EQ(client.publish("arn:t", "a&b=\u00e4", {.subject = "S", .attributes = {{"k", "v"}}}),
            "m-1");
  EXPECT_EQ(body_,
            "Action=Publish&Version=2010-03-31&TopicArn=arn%3At&Message=a%26b%3D%C3%A4&Subject=S&"
            "MessageAttributes.entry.1.Name=k&MessageAttributes.entry.1.Value.DataType=String&"
            "MessageAttributes.entry.1.Value.StringValue=v");
  for (const char* bad : {"", "{}", "<PublishResponse/>",
                          "<PublishResponse><PublishResult/></PublishResponse>", "<a>"}) {
    answers_ = {bad};
    EXPECT_EQ(code_of([&] { client.publish("arn:t", "m"); }), "BadAnswer") << bad;
  }
  status_ = 404;
  answers_ = {
      "<ErrorResponse><Error><Code>NotFound</Code><Message>Topic does not "
      "exist</Message></Error></ErrorResponse>"};
  EXPECT_EQ(code_of([&] { client.publish("arn:t", "m"); }), "NotFound");
}

}  // namespace
}  // namespace kiln
