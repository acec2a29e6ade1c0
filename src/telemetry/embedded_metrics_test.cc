#include "telemetry/embedded_metrics.h"

#include <gtest/gtest.h>

namespace kiln::telemetry {
namespace {

constexpr int64_t kEventTime = 1'574'109'732'004;

std::vector<EmbeddedMetric> read(const std::string& event) {
  return embedded_metrics(event, kEventTime);
}

// A document with one directive around the given parts.
std::string document(const std::string& directive, const std::string& members,
                     const std::string& timestamp = "1574109732004") {
  return R"({"_aws":{"Timestamp":)" + timestamp + R"(,"CloudWatchMetrics":[)" + directive + "]}," +
         members + "}";
}
std::string directive(const std::string& dimensions, const std::string& metrics) {
  return R"({"Namespace":"shop","Dimensions":)" + dimensions + R"(,"Metrics":)" + metrics + "}";
}

// The example of AWS's specification.
TEST(EmbeddedMetrics, TheSpecificationsExample) {
  const auto metrics = read(
      R"({"_aws":{"Timestamp":1574109732004,"CloudWatchMetrics":[{"Namespace":)"
      R"("lambda-function-metrics","Dimensions":[["functionVersion"]],"Metrics":[{"Name":"time",)"
      R"("Unit":"Milliseconds","StorageResolution":60}]}]},"functionVersion":"$LATEST","time":100,)"
      R"("requestId":"989ffbf8-9ace-4817-a57c-e4dd734019ee"})");
  ASSERT_EQ(metrics.size(), 1u);
  EXPECT_EQ(metrics[0].metric_namespace, "lambda-function-metrics");
  EXPECT_EQ(metrics[0].name, "time");
  EXPECT_EQ(metrics[0].dimensions, (Dimensions{{"functionVersion", "$LATEST"}}));
  EXPECT_EQ(metrics[0].unit, "Milliseconds");
  EXPECT_EQ(metrics[0].resolution_s, 60);
  EXPECT_EQ(metrics[0].timestamp_ms, kEventTime);
  EXPECT_EQ(metrics[0].values, (std::vector<double>{100}));
}

TEST(EmbeddedMetrics, EachDimensionSetHasEachMetric) {
  const auto metrics = read(
      document(directive(R"([["b","a"],["a"],[]])",
                         R"([{"Name":"m"},{"Name":"n","Unit":"Count","StorageResolution":1}])"),
               R"("a":"1","b":"2","m":[1,2.5],"n":-3)"));
  ASSERT_EQ(metrics.size(), 6u);
  EXPECT_EQ(metrics[0].dimensions, (Dimensions{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(metrics[1].dimensions, (Dimensions{{"a", "1"}}));
  EXPECT_EQ(metrics[2].dimensions, Dimensions());
  EXPECT_EQ(metrics[0].values, (std::vector<double>{1, 2.5}));
  EXPECT_EQ(metrics[0].unit, "None");
  EXPECT_EQ(metrics[5].resolution_s, 1);
  EXPECT_EQ(metrics[5].values, (std::vector<double>{-3}));
}

TEST(EmbeddedMetrics, WhatIsWrongIsSkippedAndTheRestIsTaken) {
  // A metric that is missing, one that is text, one of an unknown unit, one whose list holds text.
  auto metrics = read(document(
      directive("[[]]", R"([{"Name":"gone"},{"Name":"text"},{"Name":"good","Unit":"Parsecs"},)"
                        R"({"Name":"mixed"},{"Name":"none"},{"Unit":"Count"},)"
                        R"({"Name":"good","StorageResolution":5},{"Name":"good"}])"),
      R"("text":"1","mixed":[1,"2"],"none":[],"good":1)"));
  ASSERT_EQ(metrics.size(), 1u);
  EXPECT_EQ(metrics[0].name, "good");
  // A set that names a member that is missing, or a number.
  metrics = read(document(directive(R"([["gone"],["number"],["a"]])", R"([{"Name":"m"}])"),
                          R"("number":5,"a":"x","m":1)"));
  ASSERT_EQ(metrics.size(), 1u);
  EXPECT_EQ(metrics[0].dimensions, (Dimensions{{"a", "x"}}));
  // No sets are one without dimensions, but no list of them is no directive.
  EXPECT_EQ(read(document(directive("[]", R"([{"Name":"m"}])"), R"("m":1)")).size(), 1u);
  EXPECT_TRUE(read(document(R"({"Namespace":"x","Metrics":[{"Name":"m"}]})", R"("m":1)")).empty());
  // A directive without Namespace beside a good one.
  metrics = read(document(
      R"({"Dimensions":[[]],"Metrics":[{"Name":"m"}]},)" + directive("[[]]", R"([{"Name":"m"}])"),
      R"("m":1)"));
  EXPECT_EQ(metrics.size(), 1u);
}

TEST(EmbeddedMetrics, Limits) {
  const auto list = [](int n, const std::string& item) {
    std::string out = "[";
    for (int i = 0; i < n; ++i) out += (i > 0 ? "," : "") + item;
    return out + "]";
  };
  const std::string one = directive("[[]]", R"([{"Name":"m"}])");
  EXPECT_EQ(read(document(one, R"("m":)" + list(100, "1"))).at(0).values.size(), 100u);
  EXPECT_TRUE(read(document(one, R"("m":)" + list(101, "1"))).empty());
  EXPECT_EQ(read(document(directive("[[]]", list(100, R"({"Name":"m"})")), R"("m":1)")).size(),
            100u);
  EXPECT_TRUE(read(document(directive("[[]]", list(101, R"({"Name":"m"})")), R"("m":1)")).empty());
  std::string names, members;
  for (int i = 0; i < 31; ++i) {
    names += (i > 0 ? ",\"d" : "\"d") + std::to_string(i) + "\"";
    members += "\"d" + std::to_string(i) + "\":\"v\",";
    const auto read_now =
        read(document(directive("[[" + names + "]]", R"([{"Name":"m"}])"), members + R"("m":1)"));
    EXPECT_EQ(read_now.size(), i < 30 ? 1u : 0u) << i;
  }
  // Two weeks back to two hours ahead.
  for (const auto& [time, taken] :
       std::vector<std::pair<int64_t, bool>>{{kEventTime - 14LL * 86'400'000, true},
                                             {kEventTime - 14LL * 86'400'000 - 1, false},
                                             {kEventTime + 7'200'000, true},
                                             {kEventTime + 7'200'001, false}})
    EXPECT_EQ(!read(document(one, R"("m":1)", std::to_string(time))).empty(), taken) << time;
}

TEST(EmbeddedMetrics, OtherLinesAreNone) {
  for (const std::string line :
       {"", "hello", "{}", "{\"_aws\":1}", "{\"_aws\":{}}", R"({"a":"\"_aws\""})",
        R"({"_aws":{"CloudWatchMetrics":[]},"m":1})", R"({"_aws":{"Timestamp":"1574109732004"}})",
        R"({"_aws":{"Timestamp":1574109732004,"CloudWatchMetrics":{}}})", R"([{"_aws":{}}])",
        R"({"_aws":{"Timestamp":1574109732004,"CloudWatchMetrics":[1,null,"x",[]]}})"})
    EXPECT_TRUE(read(line).empty()) << line;
  EXPECT_TRUE(read(document(directive("[[]]", R"([{"Name":"m"}])"), R"("m":1)") + "x").empty());
  EXPECT_FALSE(
      read(" " + document(directive("[[]]", R"([{"Name":"m"}])"), R"("m":1)") + "\n").empty());
}

TEST(EmbeddedMetrics, NoMetricsOfAwsItself) {
  EXPECT_TRUE(
      read(R"({"_aws":{"Timestamp":1574109732004,"CloudWatchMetrics":[{"Namespace":"AWS/Lambda",)"
           R"("Dimensions":[[]],"Metrics":[{"Name":"m"}]}]},"m":1})")
          .empty());
}

}  // namespace
}  // namespace kiln::telemetry
