// The forms are those of AWS's documentation ("Metrics Insights query components and syntax").
#include "telemetry/insights_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Function = InsightsQuery::Function;

InsightsQuery parse(const std::string& text) {
  auto query = InsightsQuery::parse(text);
  EXPECT_TRUE(query.ok()) << text << ": " << query.error().message;
  return query ? *query : InsightsQuery{};
}

TEST(InsightsQuery, AllClauses) {
  const auto query = parse(
      "SELECT SUM(RequestCount)\n"
      "FROM SCHEMA(\"AWS/ApplicationELB\", LoadBalancer, AvailabilityZone)\n"
      "WHERE LoadBalancer = 'app/load-balancer-1' AND AvailabilityZone != 'a'\n"
      "GROUP BY AvailabilityZone, LoadBalancer ORDER BY MAX() DESC LIMIT 5");
  EXPECT_EQ(query.function, Function::kSum);
  EXPECT_EQ(query.metric, "RequestCount");
  EXPECT_EQ(query.metric_namespace, "AWS/ApplicationELB");
  EXPECT_THAT(*query.schema, ElementsAre("AvailabilityZone", "LoadBalancer"));
  ASSERT_EQ(query.where.size(), 2u);
  EXPECT_EQ(query.where[0].value, "app/load-balancer-1");
  EXPECT_TRUE(query.where[0].equal);
  EXPECT_FALSE(query.where[1].equal);
  EXPECT_THAT(query.group_by, ElementsAre("AvailabilityZone", "LoadBalancer"));
  EXPECT_EQ(query.order->by, Function::kMaximum);
  EXPECT_TRUE(query.order->descending);
  EXPECT_EQ(*query.limit, 5u);
}

TEST(InsightsQuery, Forms) {
  EXPECT_EQ(parse("select avg(CPUUtilization) from \"AWS/EC2\"").function, Function::kAverage);
  EXPECT_EQ(parse("SELECT COUNT(m) FROM N;").function, Function::kCount);
  EXPECT_EQ(parse("SELECT MIN(m) FROM SCHEMA(N)").schema->size(), 0u);
  EXPECT_EQ(parse("SELECT MAX(\"My.Metric\") FROM N").metric, "My.Metric");
  EXPECT_EQ(parse(R"(SELECT AVG("Bytes\"Input\"") FROM N)").metric, "Bytes\"Input\"");
  EXPECT_EQ(parse("SELECT AVG(\"LIMIT\") FROM N").metric, "LIMIT");
  EXPECT_EQ(parse(R"(SELECT AVG(m) FROM N WHERE k = 'it\'s')").where[0].value, "it's");
  EXPECT_EQ(parse("SELECT AVG(m) FROM N WHERE k=''").where[0].value, "");
  EXPECT_FALSE(parse("SELECT AVG(m) FROM N GROUP BY k ORDER BY SUM()").order->descending);
  EXPECT_FALSE(parse("SELECT AVG(m) FROM N GROUP BY k ORDER BY SUM() ASC").order->descending);
  EXPECT_EQ(parse("SELECT AVG(Selected) FROM Limits").metric, "Selected");
}

TEST(InsightsQuery, IsOne) {
  EXPECT_TRUE(InsightsQuery::is_one("SELECT AVG(m) FROM N"));
  EXPECT_TRUE(InsightsQuery::is_one(" select\nAVG"));
  EXPECT_FALSE(InsightsQuery::is_one("SELECT"));
  EXPECT_FALSE(InsightsQuery::is_one("SELECTED + 1"));
  EXPECT_FALSE(InsightsQuery::is_one("m1 + 1"));
}

TEST(InsightsQuery, Selects) {
  const auto metric = [](Dimensions dimensions, const char* name = "m") {
    return MetricKey{"us-east-1", "N", name, std::move(dimensions)};
  };
  const auto none = metric({}), a = metric({{"k", "a"}}), b = metric({{"k", "b"}}),
             both = metric({{"k", "a"}, {"l", "c"}});
  const auto selected = [&](const std::string& rest) {
    std::string out;
    const auto query = parse("SELECT AVG(m) FROM " + rest);
    const std::pair<const char*, const MetricKey*> all[] = {
        {"none ", &none}, {"a ", &a}, {"b ", &b}, {"both ", &both}};
    for (const auto& [name, key] : all)
      if (query.selects(*key)) out += name;
    return out;
  };
  EXPECT_EQ(selected("N"), "none a b both ");
  EXPECT_EQ(selected("SCHEMA(N)"), "none ");
  EXPECT_EQ(selected("SCHEMA(N, k)"), "a b ");
  EXPECT_EQ(selected("SCHEMA(N, l, k)"), "both ");
  EXPECT_EQ(selected("N WHERE k = 'a'"), "a both ");
  EXPECT_EQ(selected("SCHEMA(N, k) WHERE k != 'a'"), "b ");
  EXPECT_EQ(selected("N WHERE k = 'a' AND l = 'c'"), "both ");
  EXPECT_EQ(selected("n"), "");
  EXPECT_FALSE(parse("SELECT AVG(m) FROM N").selects(metric({}, "M")));
}

TEST(InsightsQuery, Refuses) {
  const std::pair<std::string, const char*> cases[] = {
      {"SELECT", "character 7: expected AVG, COUNT, MAX, MIN or SUM"},
      {"SELECT P99(m) FROM N", "expected AVG, COUNT, MAX, MIN or SUM"},
      {"SELECT AVG() FROM N", "expected a name"},
      {"SELECT AVG(m)", "expected FROM"},
      {"SELECT AVG(m) FROM AWS/EC2", "character 23: expected WHERE, GROUP BY"},
      {"SELECT AVG(LIMIT) FROM N", "a keyword stands in double quotation marks"},
      {"SELECT AVG(m) FROM SCHEMA()", "expected a name"},
      {"SELECT AVG(m) FROM SCHEMA(N", "expected ')'"},
      {"SELECT AVG(m) FROM N WHERE k", "expected = or !="},
      {"SELECT AVG(m) FROM N WHERE k < 'a'", "expected = or !="},
      {"SELECT AVG(m) FROM N WHERE k = a", "expected a value in single quotation marks"},
      {"SELECT AVG(m) FROM N WHERE k = \"a\"", "expected a value in single quotation marks"},
      {"SELECT AVG(m) FROM N WHERE k = 'a", "the quotation mark here is not closed"},
      {"SELECT AVG(m) FROM N WHERE k = 'a' OR k = 'b'", "expected WHERE, GROUP BY"},
      {"SELECT AVG(m) FROM N GROUP k", "expected BY"},
      {"SELECT AVG(m) FROM N GROUP BY k ORDER BY MAX", "expected '('"},
      {"SELECT AVG(m) FROM N LIMIT", "expected a LIMIT from 1 to 500"},
      {"SELECT AVG(m) FROM N LIMIT 5 GROUP BY k", "expected WHERE, GROUP BY"},
      {"SELECT AVG(\"\") FROM N", "a name is empty"},
  };
  for (const auto& [text, wanted] : cases) {
    const auto query = InsightsQuery::parse(text);
    ASSERT_FALSE(query.ok()) << text;
    EXPECT_EQ(query.error().type, "ValidationError");
    EXPECT_THAT(query.error().message, HasSubstr(wanted)) << text;
  }
}

TEST(InsightsQuery, Limit) {
  const std::string text = "SELECT AVG(m) FROM N LIMIT ";
  EXPECT_EQ(*parse(text + "1").limit, 1u);
  EXPECT_EQ(*parse(text + "500").limit, 500u);
  for (const char* limit : {"0", "501", "-1", "99999999999999999999", "5x"})
    EXPECT_FALSE(InsightsQuery::parse(text + limit).ok()) << limit;
}

}  // namespace
}  // namespace kiln::telemetry
