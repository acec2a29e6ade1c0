#include "telemetry/query_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kiln::telemetry {
namespace {

constexpr int64_t kQueryStart = 1'735'689'600;

MetricStat stat_of(const std::string& name, const std::string& stat = "Sum", int period_s = 60) {
  return {{"us-east-1", "AWS/Lambda", name, {{"FunctionName", "f"}}}, period_s, stat, ""};
}

MetricQuery metric(const std::string& id, MetricStat stat) {
  MetricQuery query;
  query.id = id;
  query.metric_stat = std::move(stat);
  return query;
}

MetricQuery expression(const std::string& id, const std::string& text) {
  MetricQuery query;
  query.id = id;
  query.expression = text;
  return query;
}

MetricQuery hidden(MetricQuery query) {
  query.return_data = false;
  return query;
}

MetricQuery labeled(MetricQuery query, const std::string& label) {
  query.label = label;
  return query;
}

// Errors 1 and 2 in the first two periods, Invocations 4 in the first; else nothing.
class Source {
 public:
  FetchSeries fetch() {
    return [this](const MetricStat& stat, int64_t start_s, int64_t end_s) {
      asked.push_back(stat.metric.name + " " + stat.stat + " " + std::to_string(stat.period_s));
      EXPECT_EQ(start_s, kQueryStart);
      EXPECT_EQ(end_s, kQueryStart + 600);
      Series series;
      series.period_s = stat.period_s;
      if (stat.metric.name == "Errors") {
        series.points = {{kQueryStart, 1}, {kQueryStart + stat.period_s, 2}};
      } else if (stat.metric.name == "Invocations") {
        series.points = {{kQueryStart, 4}};
      }
      return series;
    };
  }
  std::vector<std::string> asked;
};

using Points = std::map<int64_t, double>;

std::vector<QueryResult> run(const std::vector<MetricQuery>& queries) {
  Source source;
  const auto checked = check_queries(queries);
  EXPECT_TRUE(checked.ok()) << checked.error().message;
  auto results = run_queries(queries, kQueryStart, kQueryStart + 600, source.fetch());
  EXPECT_TRUE(results.ok()) << results.error().message;
  return *std::move(results);
}

std::vector<std::string> labels_of(const std::vector<MetricQuery>& queries) {
  std::vector<std::string> labels;
  for (const QueryResult& result : run(queries)) {
    EXPECT_EQ(result.label, result.series.label);
    labels.push_back(result.id + ": " + result.label);
  }
  return labels;
}

std::string refusal(const std::vector<MetricQuery>& queries) {
  const auto checked = check_queries(queries);
  if (checked) return "";
  EXPECT_EQ(checked.error().type, "ValidationError");
  EXPECT_EQ(checked.error().kind, ErrorKind::kInvalid);
  return checked.error().message;
}

TEST(MetricQuery, ReturnsMetricsAndExpressionsInTheOrderOfTheRequest) {
  const auto results = run({
      expression("rate", "errors / calls * 100"),
      metric("errors", stat_of("Errors")),
      hidden(metric("calls", stat_of("Invocations"))),
  });
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].id, "rate");
  EXPECT_EQ(results[0].label, "rate");
  EXPECT_EQ(results[0].series.points, (Points{{kQueryStart, 25}}));
  EXPECT_EQ(results[0].series.period_s, 60);
  EXPECT_EQ(results[1].id, "errors");
  EXPECT_EQ(results[1].label, "Errors");
  EXPECT_EQ(results[1].series.points, (Points{{kQueryStart, 1}, {kQueryStart + 60, 2}}));
}

TEST(MetricQuery, ExpressionsReferToLaterOnes) {
  const auto results = run({
      expression("a", "b + c"),
      hidden(expression("b", "c * 10")),
      hidden(expression("c", "m1 - MIN(m1)")),
      hidden(metric("m1", stat_of("Errors"))),
  });
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].series.points, (Points{{kQueryStart, 0}, {kQueryStart + 60, 11}}));
}

TEST(MetricQuery, AHiddenExpressionMayBeAScalar) {
  const auto results = run({
      metric("m1", stat_of("Errors")),
      hidden(expression("mean", "AVG(m1)")),
      expression("e1", "m1 - mean"),
  });
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[1].series.points, (Points{{kQueryStart, -0.5}, {kQueryStart + 60, 0.5}}));
}

TEST(MetricQuery, MetricsLeavesOutExpressions) {
  const auto results = run({
      hidden(metric("m1", stat_of("Errors"))),
      hidden(metric("m2", stat_of("Invocations"))),
      hidden(expression("m3", "m1 * 1000")),
      expression("e1", "SUM(METRICS())"),
      expression("e2", "SUM(METRICS('2'))"),
  });
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].series.points, (Points{{kQueryStart, 5}, {kQueryStart + 60, 2}}));
  EXPECT_EQ(results[1].series.points, (Points{{kQueryStart, 4}}));
}

TEST(MetricQuery, FetchesEachMetricOnce) {
  Source source;
  const auto results = run_queries(
      {
          metric("m1", stat_of("Errors")),
          metric("m2", stat_of("Errors")),
          metric("m3", stat_of("Errors", "Average")),
          metric("m4", stat_of("Errors", "Sum", 300)),
          expression("e1", "m1 + m1 + SUM(METRICS())"),
      },
      kQueryStart, kQueryStart + 600, source.fetch());
  ASSERT_TRUE(results.ok());
  EXPECT_THAT(source.asked,
              testing::ElementsAre("Errors Sum 60", "Errors Average 60", "Errors Sum 300"));
}

TEST(MetricQuery, FetchesUnitsApart) {
  Source source;
  MetricStat seconds = stat_of("Errors");
  seconds.unit = "Seconds";
  const auto results = run_queries({metric("m1", stat_of("Errors")), metric("m2", seconds)},
                                   kQueryStart, kQueryStart + 600, source.fetch());
  EXPECT_EQ(source.asked.size(), 2u);
}

TEST(MetricQuery, Labels) {
  const MetricQuery errors = metric("m1", stat_of("Errors"));
  using testing::ElementsAre;
  EXPECT_THAT(labels_of({errors}), ElementsAre("m1: Errors"));
  EXPECT_THAT(labels_of({labeled(errors, "Oops")}), ElementsAre("m1: Oops"));
  EXPECT_THAT(labels_of({errors, metric("m2", stat_of("Invocations"))}),
              ElementsAre("m1: Errors", "m2: Invocations"));
  // Several statistics of one metric are told apart; the same one twice is not.
  EXPECT_THAT(labels_of({errors, metric("m2", stat_of("Errors", "p99")),
                         labeled(metric("m3", stat_of("Errors", "Maximum")), "most")}),
              ElementsAre("m1: Errors Sum", "m2: Errors p99", "m3: most"));
  // Recorded on AWS: statistics, then periods, where they differ.
  EXPECT_THAT(labels_of({errors, metric("m2", stat_of("Errors", "Sum", 30))}),
              ElementsAre("m1: Errors 60", "m2: Errors 30"));
  EXPECT_THAT(labels_of({errors, metric("m2", stat_of("Errors", "Minimum", 30))}),
              ElementsAre("m1: Errors Sum 60", "m2: Errors Minimum 30"));
  MetricStat unit = stat_of("Errors");
  unit.unit = "Milliseconds";
  EXPECT_THAT(labels_of({errors, metric("m2", unit)}), ElementsAre("m1: Errors", "m2: Errors"));
  // The same metric of several functions: their names tell them apart.
  MetricStat other = stat_of("Errors");
  other.metric.dimensions = {{"FunctionName", "g"}};
  EXPECT_THAT(labels_of({errors, metric("m2", other)}), ElementsAre("m1: f", "m2: g"));
  EXPECT_THAT(labels_of({errors, metric("m2", other), metric("m3", stat_of("Invocations"))}),
              ElementsAre("m1: f Errors", "m2: g Errors", "m3: Invocations"));

  EXPECT_THAT(labels_of({hidden(errors), expression("e1", "m1 + 1")}), ElementsAre("e1: e1"));
  EXPECT_THAT(labels_of({hidden(errors), labeled(expression("e1", "m1 + 1"), "more")}),
              ElementsAre("e1: more"));
}

TEST(MetricQuery, DynamicLabels) {
  using testing::ElementsAre;
  const auto label = [](const std::string& text) {
    return labels_of({labeled(metric("m1", stat_of("Errors")), text)}).front().substr(4);
  };
  // Errors are 1 and 2, in the first and second minute of 2025; now is ten past midnight.
  EXPECT_EQ(label("[max: ${MAX} ${LABEL} of ${PROP('Dim.FunctionName')}]"), "[max: 2 Errors of f]");
  EXPECT_EQ(label("${MIN} ${AVG} ${SUM} ${FIRST} ${LAST} ${DATAPOINT_COUNT}"), "1 1.5 3 1 2 2");
  EXPECT_EQ(label("${PROP('MetricName')} ${PROP('Namespace')} ${PROP('Stat')} ${PROP('Period')} "
                  "${PROP('Region')}"),
            "Errors AWS/Lambda Sum 60 us-east-1");
  EXPECT_EQ(label("${MAX_TIME}, ${MAX_TIME_RELATIVE} ago"), "2025-01-01T00:01:00Z, 9m ago");
  EXPECT_EQ(label("${MIN_MAX_RANGE} in ${MIN_MAX_TIME_RANGE}, ${FIRST_LAST_RANGE}"), "1 in 1m, 1");
  // What is not known stays, as what has no end.
  EXPECT_EQ(label("${NOPE} ${PROP('Dim.nope')} ${MAX"), "${NOPE} ${PROP('Dim.nope')} ${MAX");
  EXPECT_THAT(labels_of({hidden(metric("m1", stat_of("Errors"))),
                         labeled(expression("e1", "m1 * 2"), "${LABEL}: ${MAX}")}),
              ElementsAre("e1: e1: 4"));
  EXPECT_THAT(labels_of({hidden(metric("m1", stat_of("Errors"))),
                         labeled(expression("e1", "METRICS()"), "${LABEL}: ${LAST}")}),
              ElementsAre("e1: Errors: 2"));
}

TEST(MetricQuery, AListGivesSeveralResultsWithTheSameId) {
  const std::vector<MetricQuery> metrics = {
      hidden(metric("m1", stat_of("Errors"))),
      hidden(labeled(metric("m2", stat_of("Invocations")), "calls")),
  };
  auto queries = metrics;
  queries.push_back(expression("e1", "100 * METRICS() + m1"));
  EXPECT_THAT(labels_of(queries), testing::ElementsAre("e1: e1 Errors", "e1: e1 calls"));
  queries.back().label = "Filled:";
  EXPECT_THAT(labels_of(queries), testing::ElementsAre("e1: Filled: Errors", "e1: Filled: calls"));
  queries.back().expression = "[SUM(METRICS()), TIME_SERIES(1)]";
  EXPECT_THAT(labels_of(queries), testing::ElementsAre("e1: Filled:", "e1: Filled:"));
  queries.back().expression = "METRICS('x')";
  EXPECT_THAT(labels_of(queries), testing::ElementsAre());
}

// How many points TIME_SERIES makes in ten minutes tells its period.
TEST(MetricQuery, PeriodsOfWhatExpressionsMakeUp) {
  struct Case {
    std::string expression;
    int period_s;
    size_t points;
  };
  const std::vector<Case> cases = {
      {"TIME_SERIES(1 + PERIOD(minute))", 0, 10},
      {"TIME_SERIES(1 + PERIOD(five))", 0, 2},
      {"TIME_SERIES(SUM(minute) + SUM(five))", 0, 2},
      {"TIME_SERIES(0 * indirect)", 0, 10},
      {"TIME_SERIES(METRIC_COUNT(METRICS()))", 0, 2},
      {"TIME_SERIES(1)", 0, 2},
      {"TIME_SERIES(1)", 120, 5},
      {"TIME_SERIES(SUM(five))", 60, 10},
      {"FILL(minute, 0)", 0, 10},
      {"FILL(five, 0)", 0, 2},
  };
  for (const Case& one : cases) {
    MetricQuery query = expression("e1", one.expression);
    query.period_s = one.period_s;
    const auto results = run({
        hidden(metric("minute", stat_of("Errors"))),
        hidden(metric("five", stat_of("Errors", "Sum", 300))),
        query,
        hidden(expression("indirect", "SUM(minute)")),
    });
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(results[0].series.points.size(), one.points) << one.expression;
  }
  EXPECT_EQ(run({expression("e1", "TIME_SERIES(1)")})[0].series.points.size(), 10u);
}

TEST(MetricQuery, NoQueriesGiveNoResults) { EXPECT_TRUE(run({}).empty()); }

TEST(MetricQuery, AnUnknownMetricHasNoPoints) {
  const auto results = run({metric("m1", stat_of("Nothing")), expression("e1", "FILL(m1, 0)")});
  EXPECT_TRUE(results[0].series.points.empty());
  EXPECT_EQ(results[1].series.points.size(), 10u);
}

TEST(MetricQuery, ParametersOfEachQuery) {
  const MetricQuery good = metric("m1", stat_of("Errors"));
  for (const std::string id : {"a", "aB_9", "m1", "z_"}) {
    EXPECT_EQ(refusal({metric(id, stat_of("Errors"))}), "") << id;
  }
  for (const std::string id : {"A", "1a", "_a", "a-b", "a b", "a.b", "ä"}) {
    EXPECT_EQ(refusal({good, metric(id, stat_of("Errors"))}),
              "The value " + id +
                  " for parameter MetricDataQueries.member.2.Id is not matching the expected "
                  "pattern ^[a-z][a-zA-Z0-9_]*$.\n");
  }
  EXPECT_EQ(refusal({metric("", stat_of("Errors"))}),
            "The parameter MetricDataQueries.member.1.Id is required.\n");
  EXPECT_EQ(refusal({expression("e1", "")}),
            "The parameter MetricDataQueries.member.1.MetricStat is required.\n");
  MetricQuery both = good;
  both.expression = "1";
  EXPECT_EQ(refusal({both}),
            "The parameters MetricDataQueries.member.1.MetricStat and "
            "MetricDataQueries.member.1.Expression are mutually exclusive and you have specified "
            "both.\n");
  EXPECT_EQ(refusal({expression("e1", ""), metric("", stat_of("Errors"))}),
            "The parameter MetricDataQueries.member.1.MetricStat is required.\n"
            "The parameter MetricDataQueries.member.2.Id is required.\n");
}

TEST(MetricQuery, Refusals) {
  const MetricQuery m1 = metric("m1", stat_of("Errors"));
  struct Case {
    std::vector<MetricQuery> queries;
    std::string message;
  };
  const std::string scalar =
      "The result is a scalar; what returns data must be a time series or an array of time series, "
      "as TIME_SERIES makes of a scalar";
  const std::vector<Case> cases = {
      {{m1, m1}, "Invalid metrics list: two or more metrics have the same Id 'm1'"},
      {{m1, expression("m1", "1")},
       "Invalid metrics list: two or more metrics have the same Id 'm1'"},
      {{m1, expression("e1", "m1 +")},
       "Error in expression 'e1': Invalid syntax at character 5: expected a value"},
      {{m1, hidden(expression("e1", "m1 +"))},
       "Error in expression 'e1': Invalid syntax at character 5: expected a value"},
      {{m1, expression("e1", "FOO(m1)")}, "Error in expression 'e1': Function 'FOO' not found"},
      {{expression("e1", "SERVICE_QUOTA(m1)"), m1},
       "Error in expression 'e1': Function 'SERVICE_QUOTA' is not supported here; use metrics and "
       "numbers in its place"},
      {{m1, expression("e1", "m2")},
       "Error in expression 'e1': There is no metric or expression with the Id 'm2' in the "
       "request; "
       "add it, with ReturnData false if it is only needed here"},
      {{m1, expression("e1", "AVG(m1)")}, "Error in expression 'e1': " + scalar},
      {{m1, expression("e1", "5")}, "Error in expression 'e1': " + scalar},
      {{m1, expression("e1", "e2"), hidden(expression("e2", "SUM(m1)"))},
       "Error in expression 'e1': " + scalar},
      {{m1, hidden(expression("e1", "m1 + 1")), expression("e2", "m1 / PERIOD(e1)")},
       "Error in expression 'e2': Function 'PERIOD' does not take (a time series); use PERIOD(the "
       "Id of a metric)"},
      {{expression("e1", "e1 + 1")}, "Error in expression 'e1': It refers to itself: e1 -> e1"},
      {{expression("e1", "e2"), expression("e2", "1 + e1")},
       "Error in expression 'e1': It refers to itself: e1 -> e2 -> e1"},
      // The way into a cycle is not part of it.
      {{m1, expression("a", "m1 + b"), expression("b", "c"), expression("c", "d"),
        expression("d", "m1 + b"), expression("e", "m1")},
       "Error in expression 'b': It refers to itself: b -> c -> d -> b"},
  };
  for (const Case& one : cases) EXPECT_EQ(refusal(one.queries), one.message);
}

TEST(MetricQuery, RunRefusesWhatCheckRefuses) {
  Source source;
  const auto results =
      run_queries({expression("e1", "FOO()")}, kQueryStart, kQueryStart + 600, source.fetch());
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().message, "Error in expression 'e1': Function 'FOO' not found");
  EXPECT_TRUE(source.asked.empty());
}

TEST(MetricQuery, TooManyPointsAreAnErrorOfTheExpression) {
  const auto results = run_queries({expression("e1", "TIME_SERIES(1)")}, 0, 60 * 100'801,
                                   [](const MetricStat&, int64_t, int64_t) { return Series{}; });
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().type, "ValidationError");
  EXPECT_EQ(results.error().message.find("Error in expression 'e1': The range of time has"), 0u);
}

// Each expression doubles the one before.
TEST(MetricQuery, ArraysOfArraysDoNotGrowWithoutBound) {
  std::vector<MetricQuery> queries = {hidden(metric("e0", stat_of("Errors")))};
  for (int i = 1; i <= 40; ++i) {
    const std::string before = "e" + std::to_string(i - 1);
    queries.push_back(
        hidden(expression("e" + std::to_string(i), "[" + before + "," + before + "]")));
  }
  EXPECT_EQ(refusal(queries), "");
  Source source;
  const auto results = run_queries(queries, kQueryStart, kQueryStart + 600, source.fetch());
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().message,
            "Error in expression 'e9': An array holds more than 500 time series; take fewer "
            "metrics into it");
}

}  // namespace
}  // namespace kiln::telemetry
