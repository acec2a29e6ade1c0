// Metric filters and subscription filters; texts as recorded from AWS and from its documentation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/logs_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LogFiltersTest : public LogsApiTest {
 protected:
  LogFiltersTest() { run("CreateLogGroup", {{"logGroupName", "g"}}); }

  static json metric_filter(const std::string& name, json more = {}) {
    json input = {{"logGroupName", "g"},
                  {"filterName", name},
                  {"filterPattern", "ERROR"},
                  {"metricTransformations",
                   {{{"metricName", "m"}, {"metricNamespace", "n"}, {"metricValue", "1"}}}}};
    if (more.is_object()) input.update(more);
    return input;
  }
  static json transformed(const json& more) {
    json transformation = {{"metricName", "m"}, {"metricNamespace", "n"}, {"metricValue", "1"}};
    transformation.update(more);
    return metric_filter("f", {{"metricTransformations", json::array({transformation})}});
  }
  static json subscription(const std::string& name, json more = {}) {
    json input = {{"logGroupName", "g"},
                  {"filterName", name},
                  {"filterPattern", ""},
                  {"destinationArn", "arn:aws:lambda:eu-west-1:000000000000:function:f"}};
    if (more.is_object()) input.update(more);
    return input;
  }
  std::vector<std::string> names(const json& input) {
    std::vector<std::string> out;
    const json output = run("DescribeMetricFilters", input);
    for (const json& filter : output["metricFilters"]) out.push_back(filter["filterName"]);
    return out;
  }
};

TEST_F(LogFiltersTest, AMetricFilterIsGivenBackAsRecorded) {
  run("PutMetricFilter", {{"logGroupName", "g"},
                          {"filterName", "f"},
                          {"filterPattern", " "},
                          {"metricTransformations",
                           {{{"metricNamespace", "A.B-c_d/1#2:metricNamespace"},
                             {"metricName", "m"},
                             {"metricValue", "1"},
                             {"defaultValue", 0}}}}});
  const json expected = {{"applyOnTransformedLogs", false},
                         {"creationTime", kBase},
                         {"filterName", "f"},
                         {"filterPattern", " "},
                         {"logGroupName", "g"},
                         {"metricTransformations",
                          {{{"defaultValue", 0.0},
                            {"metricName", "m"},
                            {"metricNamespace", "A.B-c_d/1#2:metricNamespace"},
                            {"metricValue", "1"}}}}};
  EXPECT_EQ(run("DescribeMetricFilters", {{"logGroupName", "g"}}),
            (json{{"metricFilters", {expected}}}));
  EXPECT_EQ(run("DescribeLogGroups", json::object())["logGroups"][0]["metricFilterCount"], 1);
  restart();
  EXPECT_EQ(run("DescribeMetricFilters", json::object())["metricFilters"][0], expected);
  run("DeleteMetricFilter", {{"logGroupName", "g"}, {"filterName", "f"}});
  EXPECT_THAT(names({{"logGroupName", "g"}}), IsEmpty());
}

TEST_F(LogFiltersTest, MetricFiltersAreFoundByPrefixGroupAndMetric) {
  run("CreateLogGroup", {{"logGroupName", "h"}});
  run("PutMetricFilter", metric_filter("b-1"));
  run("PutMetricFilter", metric_filter("b-2", {{"logGroupName", "h"}}));
  run("PutMetricFilter", metric_filter("a", {{"logGroupName", "h"}}));
  run("PutMetricFilter",
      metric_filter(
          "c", {{"metricTransformations",
                 {{{"metricName", "other"}, {"metricNamespace", "n"}, {"metricValue", "1"}}}}}));
  EXPECT_THAT(names(json::object()), ElementsAre("a", "b-1", "b-2", "c"));
  EXPECT_THAT(names({{"filterNamePrefix", "b"}}), ElementsAre("b-1", "b-2"));
  EXPECT_THAT(names({{"logGroupName", "h"}}), ElementsAre("a", "b-2"));
  EXPECT_THAT(names({{"metricName", "other"}, {"metricNamespace", "n"}}), ElementsAre("c"));
  const json page = run("DescribeMetricFilters", {{"limit", 3}});
  EXPECT_EQ(page["metricFilters"].size(), 3U);
  EXPECT_THAT(names({{"limit", 3}, {"nextToken", page["nextToken"]}}), ElementsAre("c"));
  EXPECT_FALSE(run("DescribeMetricFilters", {{"limit", 4}}).contains("nextToken"));
}

TEST_F(LogFiltersTest, MetricFiltersAreRefusedWithAwsTexts) {
  const std::string x513(513, 'X'), x1025(1025, 'X'), x256(256, 'X');
  const auto text = [&](const char* operation, const json& input) {
    const Error error = refused(operation, input);
    EXPECT_EQ(error.type, "InvalidParameterException");
    return error.message;
  };
  const auto constraint = [](const std::string& value, const char* where, int most) {
    return "1 validation error detected: Value '" + value + "' at '" + where +
           "' failed to satisfy constraint: Member must have length less than or equal to " +
           std::to_string(most);
  };
  EXPECT_EQ(text("PutMetricFilter", metric_filter(x513)), constraint(x513, "filterName", 512));
  EXPECT_EQ(text("PutMetricFilter", metric_filter("f", {{"filterPattern", x1025}})),
            constraint(x1025, "filterPattern", 1024));
  EXPECT_EQ(text("DeleteMetricFilter", {{"logGroupName", "g"}, {"filterName", x513}}),
            constraint(x513, "filterName", 512));
  EXPECT_EQ(text("DeleteMetricFilter", {{"logGroupName", x513}, {"filterName", "f"}}),
            "Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
  EXPECT_EQ(text("DescribeMetricFilters", {{"filterNamePrefix", x513}}),
            constraint(x513, "filterNamePrefix", 512));
  EXPECT_EQ(text("DescribeMetricFilters", {{"metricName", x256}, {"metricNamespace", "valid"}}),
            constraint(x256, "metricName", 255));
  EXPECT_EQ(
      text("PutMetricFilter", metric_filter("f", {{"metricTransformations",
                                                   {{{"metricNamespace", "namespace1"},
                                                     {"metricName", "metric1"},
                                                     {"metricValue", "1"}},
                                                    {{"metricNamespace", "namespace2"},
                                                     {"metricName", "metric2"},
                                                     {"metricValue", "1"}}}}})),
      "1 validation error detected: Value '[MetricTransformation(metricName=metric1, "
      "metricNamespace=namespace1, metricValue=1, defaultValue=null, unit=null, dimensions=null), "
      "MetricTransformation(metricName=metric2, metricNamespace=namespace2, metricValue=1, "
      "defaultValue=null, unit=null, dimensions=null)]' at 'metricTransformations' failed to "
      "satisfy "
      "constraint: Member must have length less than or equal to 1");
  EXPECT_THAT(text("PutMetricFilter", metric_filter("f", {{"filterPattern", "{ $.a = "}})),
              HasSubstr("Invalid filter pattern"));
  EXPECT_THAT(text("PutMetricFilter", transformed({{"metricValue", "many"}})), HasSubstr("'many'"));
  EXPECT_THAT(
      text("PutMetricFilter", transformed({{"defaultValue", 1}, {"dimensions", {{"IP", "$ip"}}}})),
      HasSubstr("mutually exclusive"));
  EXPECT_THAT(
      text("PutMetricFilter",
           transformed({{"dimensions", {{"a", "$a"}, {"b", "$b"}, {"c", "$c"}, {"d", "$d"}}}})),
      HasSubstr("at most 3"));
  run("PutMetricFilter", transformed({{"dimensions", {{"a", "$a"}, {"b", "$b"}, {"c", "$c"}}}}));
  EXPECT_EQ(refused("PutMetricFilter", metric_filter("f", {{"logGroupName", "none"}})).message,
            "The specified log group does not exist.");
  EXPECT_EQ(refused("DeleteMetricFilter", {{"logGroupName", "g"}, {"filterName", "none"}}).type,
            "ResourceNotFoundException");
}

TEST_F(LogFiltersTest, AGroupHasAHundredMetricFilters) {
  for (int i = 0; i < 100; ++i) run("PutMetricFilter", metric_filter("f" + std::to_string(i)));
  EXPECT_EQ(refused("PutMetricFilter", metric_filter("more")).type, "LimitExceededException");
  run("PutMetricFilter", metric_filter("f99"));  // is there already
}

TEST_F(LogFiltersTest, PatternsAreTestedAsInAwsExamples) {
  const json apache = {
      R"(127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534)",
      R"(127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /apache_pb.gif HTTP/1.0" 500 5324)"};
  const auto matches = [&](const char* pattern, const json& messages) {
    return run("TestMetricFilter", {{"filterPattern", pattern}, {"logEventMessages", messages}})
        .at("matches");
  };
  json all = matches("[ip, identity, user_id, timestamp, request, status_code, size]", apache);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0], (json{{"eventNumber", 0},
                          {"eventMessage", apache[0]},
                          {"extractedValues",
                           {{"$ip", "127.0.0.1"},
                            {"$identity", "-"},
                            {"$user_id", "frank"},
                            {"$timestamp", "10/Oct/2000:13:25:15 -0700"},
                            {"$request", "GET /apache_pb.gif HTTP/1.0"},
                            {"$status_code", "200"},
                            {"$size", "1534"}}}}));
  json expected = {{"$1", "127.0.0.1"},
                   {"$2", "-"},
                   {"$3", "frank"},
                   {"$4", "10/Oct/2000:13:35:22 -0700"},
                   {"$5", "GET /apache_pb.gif HTTP/1.0"},
                   {"$6", "500"},
                   {"$7", "5324"}};
  EXPECT_EQ(matches("[]", apache)[1]["extractedValues"], expected);
  expected.erase("$7");
  expected["$size"] = "5324";
  EXPECT_EQ(matches("[..., size]", apache)[1]["extractedValues"], expected);
  const json failed = matches("[..., status_code=5*, size]", apache);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0]["eventNumber"], 1);
  EXPECT_EQ(failed[0]["extractedValues"]["$status_code"], "500");
  EXPECT_EQ(
      matches("\"[ERROR]\"", {"02 May 2014 [INFO] Starting", "02 May 2014 [ERROR] Unhandled"}),
      (json{{{"eventNumber", 1},
             {"eventMessage", "02 May 2014 [ERROR] Unhandled"},
             {"extractedValues", json::object()}}}));
  EXPECT_EQ(matches("{ $.a.b = \"x\" && $.n > 1 }",
                    {R"({"a": {"b": "x"}, "n": 2.5, "c": 1})"})[0]["extractedValues"],
            (json{{"$.a.b", "x"}, {"$.n", "2.5"}}));
}

TEST_F(LogFiltersTest, ASubscriptionFilterIsGivenBackAsRecorded) {
  EXPECT_EQ(run("DescribeSubscriptionFilters", {{"logGroupName", "g"}}),
            (json{{"subscriptionFilters", json::array()}}));
  run("PutSubscriptionFilter", subscription("test"));
  run("PutSubscriptionFilter", subscription("test", {{"filterPattern", "[]"}}));
  restart();
  EXPECT_EQ(run("DescribeSubscriptionFilters", {{"logGroupName", "g"}}),
            (json{{"subscriptionFilters",
                   {{{"applyOnTransformedLogs", false},
                     {"creationTime", kBase},
                     {"destinationArn", "arn:aws:lambda:eu-west-1:000000000000:function:f"},
                     {"distribution", "ByLogStream"},
                     {"filterName", "test"},
                     {"filterPattern", "[]"},
                     {"logGroupName", "g"}}}}}));
  run("DeleteSubscriptionFilter", {{"logGroupName", "g"}, {"filterName", "test"}});
  EXPECT_THAT(run("DescribeSubscriptionFilters", {{"logGroupName", "g"}})["subscriptionFilters"],
              IsEmpty());
}

TEST_F(LogFiltersTest, SubscriptionFiltersAreRefusedWithAwsTexts) {
  const auto refusal = [&](const char* operation, const json& input) {
    const Error error = refused(operation, input);
    return error.type + ": " + error.message;
  };
  const std::string foreign =
      "AccessDeniedException: Cross-account lambda invocation passing is not allowed. You must use "
      "DestinationPolicies to create cross account lambda triggers.";
  const json elsewhere = {{"destinationArn", "arn:aws:lambda:us-east-1:123456789012:function:f"}};
  EXPECT_EQ(refusal("PutSubscriptionFilter", subscription("test", elsewhere)), foreign);
  json unknown = elsewhere;
  unknown["logGroupName"] = "not-existing-log-group";
  EXPECT_EQ(refusal("PutSubscriptionFilter", subscription("test", unknown)), foreign);
  EXPECT_EQ(refusal("PutSubscriptionFilter",
                    subscription("test", {{"destinationArn",
                                           "arn:aws:kinesis:us-east-1:123456789012:stream/s"}})),
            "InvalidParameterException: destinationArn for vendor kinesis cannot be used without "
            "roleArn");
  const std::string no_group = "ResourceNotFoundException: The specified log group does not exist.";
  EXPECT_EQ(refusal("DescribeSubscriptionFilters", {{"logGroupName", "none"}}), no_group);
  EXPECT_EQ(refusal("DeleteSubscriptionFilter", {{"logGroupName", "none"}, {"filterName", "test"}}),
            no_group);
  EXPECT_EQ(refusal("DeleteSubscriptionFilter", {{"logGroupName", "g"}, {"filterName", "none"}}),
            "ResourceNotFoundException: The specified subscription filter does not exist.");
  run("CreateLogGroup", {{"logGroupName", "/aws/lambda/f"}});
  EXPECT_EQ(
      refusal("PutSubscriptionFilter", subscription("test", {{"logGroupName", "/aws/lambda/f"}})),
      "InvalidParameterException: The log group provided is reserved for the function logs of the "
      "destination function.");
}

TEST_F(LogFiltersTest, AGroupHasTwoSubscriptionFilters) {
  run("PutSubscriptionFilter", subscription("test-1"));
  run("PutSubscriptionFilter", subscription("test-2"));
  const Error error = refused("PutSubscriptionFilter", subscription("test-3"));
  EXPECT_EQ(error.type, "LimitExceededException");
  EXPECT_EQ(error.message, "Resource limit exceeded.");
  run("PutSubscriptionFilter", subscription("test-2", {{"filterPattern", "x"}}));
}

TEST_F(LogFiltersTest, GroupsAreListedByParts) {
  for (const char* name : {"/aws/lambda/a", "/x/aws/b", "error-1"})
    run("CreateLogGroup", {{"logGroupName", name}});
  const auto listed = [&](const json& input) {
    std::vector<std::string> out;
    const json output = run("ListLogGroups", input);
    for (const json& group : output["logGroups"]) out.push_back(group["logGroupName"]);
    return out;
  };
  EXPECT_THAT(listed({{"logGroupNamePattern", "^/aws/"}}), ElementsAre("/aws/lambda/a"));
  EXPECT_THAT(listed({{"logGroupNamePattern", "/aws/"}}), ElementsAre("/aws/lambda/a", "/x/aws/b"));
  EXPECT_THAT(listed({{"logGroupNamePattern", "^/x/|error"}}), ElementsAre("/x/aws/b", "error-1"));
  EXPECT_THAT(listed({{"logGroupNamePattern", "no-such-group"}}), IsEmpty());
  const json page = run("ListLogGroups", {{"limit", 3}});
  EXPECT_EQ(page["logGroups"][0], (json{{"logGroupName", "/aws/lambda/a"},
                                        {"logGroupArn", kArn + "/aws/lambda/a"},
                                        {"logGroupClass", "STANDARD"}}));
  EXPECT_THAT(listed({{"limit", 3}, {"nextToken", page["nextToken"]}}), ElementsAre("g"));
}

TEST_F(LogFiltersTest, PatternsOfListsAreTheModels) {
  const std::string part(24, 'a');
  for (const std::string& fine :
       {std::string("abc"), "^" + part + "|^" + part + "|^" + part + "|^" + part + "|^" + part})
    run("ListLogGroups", {{"logGroupNamePattern", fine}});
  for (const std::string& wrong :
       {std::string("ab"), "a" + part, std::string("*"), std::string("abc|de"),
        std::string("abc|abc|abc|abc|abc|abc"), std::string("a*bc")})
    EXPECT_THAT(refused("ListLogGroups", {{"logGroupNamePattern", wrong}}).message,
                HasSubstr("at 'logGroupNamePattern' failed to satisfy constraint"))
        << wrong;
  run("ListLogGroups", {{"accountIdentifiers", {"123456789012"}}});
  EXPECT_EQ(refused("ListLogGroups", {{"accountIdentifiers", {"12345678901"}}}).type,
            "InvalidParameterException");
}

// The constraints of the service's model, before the group is looked for.
TEST_F(LogFiltersTest, EmptyAndLongMembersAreRefused) {
  const auto too = [](const std::string& member, const char* how) {
    return "at '" + member + "' failed to satisfy constraint: Member must have length " + how;
  };
  const char* const kShort = "greater than or equal to 1";
  for (const char* operation : {"DescribeLogGroups", "DescribeLogStreams", "DescribeMetricFilters",
                                "DescribeSubscriptionFilters", "DescribeResourcePolicies",
                                "ListLogGroups", "GetLogEvents", "FilterLogEvents"}) {
    json input = {{"logGroupName", "gone"}, {"nextToken", ""}};
    if (std::string_view(operation) == "GetLogEvents") input["logStreamName"] = "s";
    EXPECT_THAT(refused(operation, input).message, HasSubstr(too("nextToken", kShort)))
        << operation;
  }
  EXPECT_THAT(refused("DescribeLogGroups", {{"logGroupNamePrefix", ""}}).message,
              HasSubstr(too("logGroupNamePrefix", kShort)));
  EXPECT_THAT(refused("DescribeLogGroups", {{"logGroupIdentifiers", json::array()}}).message,
              HasSubstr(too("logGroupIdentifiers", kShort)));
  EXPECT_THAT(refused("DescribeLogGroups", {{"logGroupIdentifiers", {""}}}).message,
              HasSubstr(too("logGroupIdentifiers", kShort)));
  run("DescribeLogGroups", {{"logGroupIdentifiers", {"g"}}});
  for (const char* operation : {"DescribeMetricFilters", "DescribeSubscriptionFilters"})
    EXPECT_THAT(refused(operation, {{"logGroupName", "gone"}, {"filterNamePrefix", ""}}).message,
                HasSubstr(too("filterNamePrefix", kShort)));
  EXPECT_THAT(refused("FilterLogEvents",
                      {{"logGroupName", "gone"}, {"filterPattern", std::string(1'025, 'a')}})
                  .message,
              HasSubstr(too("filterPattern", "less than or equal to 1024")));
  EXPECT_THAT(
      refused("FilterLogEvents", {{"logGroupName", "gone"}, {"logStreamNames", json::array()}})
          .message,
      HasSubstr(too("logStreamNames", kShort)));
  run("FilterLogEvents", {{"logGroupName", "g"}, {"filterPattern", std::string(1'024, 'a')}});
  EXPECT_THAT(
      refused("CreateLogGroup", {{"logGroupName", "h"}, {"kmsKeyId", std::string(257, 'k')}})
          .message,
      HasSubstr(too("kmsKeyId", "less than or equal to 256")));
  run("CreateLogGroup", {{"logGroupName", "h"}, {"kmsKeyId", std::string(256, 'k')}});
  EXPECT_THAT(
      refused("TestMetricFilter", {{"filterPattern", ""}, {"logEventMessages", {""}}}).message,
      HasSubstr(too("logEventMessages", kShort)));
}

}  // namespace
}  // namespace kiln::services
