#include "telemetry/query_find.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kFindStart = 1'735'689'600;
constexpr int64_t kEnd = kFindStart + 600;

// Metrics with their values in the first periods; each value is a statistic set of one sample, or
// of two when the function is "two", whose sum it is.
class FoundMetrics {
 public:
  void add(const std::string& function, std::vector<double> values,
           const std::string& region = "us-east-1") {
    MetricKey key{region, "AWS/Lambda", "Errors", {}};
    if (!function.empty()) key.dimensions = {{"FunctionName", function}};
    metrics_[key] = std::move(values);
  }
  QuerySources sources() {
    QuerySources out;
    out.fetch = [this](const MetricStat& stat, int64_t start_s, int64_t end_s) {
      asked.push_back(stat.stat + " " + std::to_string(stat.period_s) + " " +
                      std::to_string((end_s - start_s) / 60));
      Series series;
      series.period_s = stat.period_s;
      int64_t time_s = kFindStart;
      for (const double value : metrics_.at(stat.metric)) {
        const auto& dimensions = stat.metric.dimensions;
        const bool two = !dimensions.empty() && dimensions[0].second == "two";
        series.points[time_s] = stat.stat == "SampleCount" ? (two ? 2 : 1) : value;
        time_s += 60;
      }
      return series;
    };
    out.account = "123456789012";
    out.now_s = kEnd;
    out.region = "us-east-1";
    out.list = [this](const std::function<void(const MetricKey&)>& visit) {
      for (const auto& [key, values] : metrics_) visit(key);
    };
    out.note = [this](QueryNote note) { notes.push_back(note); };
    return out;
  }
  std::vector<std::string> asked;
  std::vector<QueryNote> notes;

 private:
  std::map<MetricKey, std::vector<double>> metrics_;
};

MetricQuery expression(const std::string& text, int period_s = 60, const std::string& label = "") {
  MetricQuery query;
  query.id = "q1";
  query.expression = text;
  query.period_s = period_s;
  query.label = label;
  return query;
}

// "LABEL: values".
std::vector<std::string> run(FoundMetrics& source, const MetricQuery& query,
                             int64_t start_s = kFindStart) {
  std::vector<std::string> out;
  const auto results = run_detailed({query}, start_s, kEnd, source.sources());
  EXPECT_TRUE(results.ok()) << results.error().message;
  if (!results) return out;
  for (const DetailedResult& one : *results) {
    std::string text = one.result.label + ":";
    for (const auto& [time_s, value] : one.result.series.points) {
      text += " " + std::to_string(value);
      text.erase(text.find_last_not_of('0') + 1);
      if (text.back() == '.') text.pop_back();
    }
    out.push_back(text);
  }
  return out;
}

std::string find_refusal(const std::vector<MetricQuery>& queries) {
  const auto checked = check_queries(queries);
  return checked ? "" : checked.error().message;
}

class QueryFindTest : public ::testing::Test {
 protected:
  QueryFindTest() {
    source_.add("", {100});
    source_.add("a", {1, 5});
    source_.add("b", {4, 2});
    source_.add("two", {6});
    source_.add("a", {50}, "eu-west-1");
  }
  FoundMetrics source_;
};

const char* const kSearch = R"(SEARCH('{AWS/Lambda,FunctionName} MetricName="Errors"', 'Sum'))";

TEST_F(QueryFindTest, Search) {
  EXPECT_THAT(run(source_, expression(kSearch)), ElementsAre("a: 1 5", "b: 4 2", "two: 6"));
  EXPECT_EQ(source_.asked[0], "Sum 60 10");
  EXPECT_THAT(run(source_, expression("SEARCH('nowhere', 'Sum')")), IsEmpty());
  EXPECT_THAT(source_.notes, IsEmpty());
}

TEST_F(QueryFindTest, SearchInMath) {
  const std::string search = kSearch;
  EXPECT_THAT(run(source_, expression("SUM(" + search + ")")), ElementsAre("q1: 11 7"));
  EXPECT_THAT(run(source_, expression("SORT(" + search + ", MAX, DESC, 2)")),
              ElementsAre("two: 6", "a: 1 5"));
  EXPECT_THAT(run(source_, expression("SLICE(" + search + ", 1, 2)")), ElementsAre("b: 4 2"));
  EXPECT_THAT(run(source_, expression(search + " * 2")),
              ElementsAre("a: 2 10", "b: 8 4", "two: 12"));
  EXPECT_THAT(run(source_, expression("TIME_SERIES(METRIC_COUNT(" + search + "))")).front(),
              ::testing::StartsWith("q1: 3 3"));
}

TEST_F(QueryFindTest, SearchHasAPeriodOfItsOwn) {
  const std::string text = "SEARCH('{AWS/Lambda,FunctionName}', 'Average', 300)";
  run(source_, expression(text, 60));
  EXPECT_EQ(source_.asked[0], "Average 300 10");
}

TEST_F(QueryFindTest, Labels) {
  EXPECT_THAT(run(source_, expression("SELECT MAX(Errors) FROM \"AWS/Lambda\"", 60,
                                      "${PROP('Stat')} of ${PROP('MetricName')}")),
              ElementsAre("Maximum of Errors: 100 5"));
  EXPECT_THAT(run(source_, expression(kSearch, 60, "mine")),
              ElementsAre("mine a: 1 5", "mine b: 4 2", "mine two: 6"));
  EXPECT_THAT(run(source_, expression(kSearch, 60, "${PROP('Dim.FunctionName')} ${MAX} ${LABEL}")),
              ElementsAre("a 5 a: 1 5", "b 4 b: 4 2", "two 6 two: 6"));
}

TEST_F(QueryFindTest, SearchGives500) {
  FoundMetrics source;
  for (int i = 0; i < 500; ++i) source.add(std::to_string(1000 + i), {1});
  EXPECT_EQ(run(source, expression(kSearch)).size(), 500u);
  EXPECT_THAT(source.notes, IsEmpty());
  source.add("z", {1});
  EXPECT_EQ(run(source, expression(kSearch)).size(), 500u);
  EXPECT_THAT(source.notes, ElementsAre(QueryNote::kSearchedTooMany));
}

TEST_F(QueryFindTest, SearchRefusals) {
  const std::string prefix = "Error in expression 'q1': ";
  EXPECT_EQ(find_refusal({expression("SEARCH('{AWS/Lambda', 'Sum')")}),
            prefix + "Invalid search at character 12: expected ',' or '}'");
  EXPECT_EQ(find_refusal({expression("SEARCH('x', 'Total')")}),
            prefix +
                "Function 'SEARCH' has the statistic 'Total', which is none; use one such as "
                "'Sum' or 'p99'");
  const std::string period =
      prefix +
      "Function 'SEARCH' takes a period of 1, 5, 10, 20, 30 or a multiple of 60 seconds, up to a "
      "day, as a number";
  for (const char* wrong : {"0", "61", "-60", "86460", "30 + 30"})
    EXPECT_EQ(find_refusal({expression("SEARCH('x', 'Sum', " + std::string(wrong) + ")")}), period);
  for (const char* right : {"1", "30", "60", "86400"})
    EXPECT_EQ(find_refusal({expression("SEARCH('x', 'Sum', " + std::string(right) + ")")}), "");
  EXPECT_EQ(find_refusal({expression("SEARCH('x')")}),
            prefix +
                "Function 'SEARCH' does not take 1 arguments; use SEARCH('search', "
                "'statistic'[, period])");
}

const std::string kFrom = " FROM SCHEMA(\"AWS/Lambda\", FunctionName) ";

TEST_F(QueryFindTest, SelectOneSeries) {
  EXPECT_THAT(run(source_, expression("SELECT SUM(Errors)" + kFrom)), ElementsAre("q1: 11 7"));
  EXPECT_THAT(run(source_, expression("SELECT MAX(Errors)" + kFrom)), ElementsAre("q1: 6 5"));
  EXPECT_THAT(run(source_, expression("SELECT MIN(Errors)" + kFrom)), ElementsAre("q1: 1 2"));
  // Of observations: four in the first minute, two in the second.
  EXPECT_THAT(run(source_, expression("SELECT COUNT(Errors)" + kFrom)), ElementsAre("q1: 4 2"));
  EXPECT_THAT(run(source_, expression("SELECT AVG(Errors)" + kFrom)), ElementsAre("q1: 2.75 3.5"));
  EXPECT_THAT(run(source_, expression("SELECT SUM(Errors) FROM \"AWS/Lambda\"")),
              ElementsAre("q1: 111 7"));
  EXPECT_THAT(run(source_, expression("SELECT SUM(Errors)" + kFrom + "WHERE FunctionName != 'a'")),
              ElementsAre("q1: 10 2"));
  EXPECT_THAT(run(source_, expression("SELECT SUM(Nothing)" + kFrom, 60, "none")),
              ElementsAre("none:"));
}

TEST_F(QueryFindTest, SelectGroups) {
  const std::string by = "GROUP BY FunctionName ";
  const std::string sum = "SELECT SUM(Errors)" + kFrom + by;
  EXPECT_THAT(run(source_, expression(sum)), ElementsAre("a: 1 5", "b: 4 2", "two: 6"));
  EXPECT_THAT(run(source_, expression(sum + "ORDER BY MAX() DESC")),
              ElementsAre("two: 6", "a: 1 5", "b: 4 2"));
  EXPECT_THAT(run(source_, expression(sum + "ORDER BY COUNT()")),
              ElementsAre("two: 6", "a: 1 5", "b: 4 2"));
  EXPECT_THAT(run(source_, expression(sum + "ORDER BY MIN() ASC LIMIT 1")), ElementsAre("a: 1 5"));
  EXPECT_THAT(run(source_, expression("SELECT SUM(Errors) FROM \"AWS/Lambda\" " + by)),
              ElementsAre("Other: 100", "a: 1 5", "b: 4 2", "two: 6"));
  EXPECT_THAT(run(source_, expression(sum, 60, "${PROP('Dim.FunctionName')}/${PROP('Stat')}")),
              ElementsAre("a/Sum: 1 5", "b/Sum: 4 2", "two/Sum: 6"));
}

TEST_F(QueryFindTest, SelectIsOfWholeMinutes) {
  run(source_, expression("SELECT SUM(Errors)" + kFrom, 10));
  EXPECT_EQ(source_.asked.back(), "Sum 60 10");
  run(source_, expression("SELECT SUM(Errors)" + kFrom, 300));
  EXPECT_EQ(source_.asked.back(), "Sum 300 10");
}

TEST_F(QueryFindTest, SelectReadsTwoWeeks) {
  constexpr int64_t kTwoWeeks = 14 * 86'400;
  run(source_, expression("SELECT SUM(Errors)" + kFrom), kEnd - kTwoWeeks);
  EXPECT_THAT(source_.notes, IsEmpty());
  run(source_, expression("SELECT SUM(Errors)" + kFrom), kEnd - kTwoWeeks - 60);
  EXPECT_THAT(source_.notes, ElementsAre(QueryNote::kTimeTooLong));
  EXPECT_EQ(source_.asked.back(), "Sum 60 " + std::to_string(kTwoWeeks / 60));
}

TEST_F(QueryFindTest, SelectGives500) {
  FoundMetrics source;
  for (int i = 0; i < 501; ++i) source.add(std::to_string(1000 + i), {static_cast<double>(i)});
  const std::string text =
      "SELECT SUM(Errors)" + kFrom + "GROUP BY FunctionName ORDER BY SUM() DESC";
  const auto results = run(source, expression(text));
  EXPECT_EQ(results.size(), 500u);
  EXPECT_EQ(results.front(), "1500: 500");
  EXPECT_THAT(source.notes, ElementsAre(QueryNote::kTooManySeries));
  source.notes.clear();
  EXPECT_EQ(run(source, expression(text + " LIMIT 500")).size(), 500u);
  EXPECT_THAT(source.notes, IsEmpty());
}

TEST_F(QueryFindTest, SelectLooksAt10000Metrics) {
  FoundMetrics source;
  for (int i = 0; i < 10'000; ++i) source.add(std::to_string(10'000 + i), {1});
  EXPECT_THAT(run(source, expression("SELECT SUM(Errors)" + kFrom)), ElementsAre("q1: 10000"));
  EXPECT_THAT(source.notes, IsEmpty());
  source.add("z", {1});
  EXPECT_THAT(run(source, expression("SELECT SUM(Errors)" + kFrom)), ElementsAre("q1: 10000"));
  EXPECT_THAT(source.notes, ElementsAre(QueryNote::kMatchedTooMany));
}

TEST_F(QueryFindTest, SelectInMath) {
  MetricQuery select = expression("SELECT SUM(Errors)" + kFrom + "GROUP BY FunctionName");
  select.return_data = false;
  MetricQuery math = expression("MAX(q1) + 1", 0);
  math.id = "e1";
  const auto results = run_detailed({math, select}, kFindStart, kEnd, source_.sources());
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_THAT(results->front().result.series.points,
              ElementsAre(std::pair(kFindStart, 7.0), std::pair(kFindStart + 60, 6.0)));
}

TEST_F(QueryFindTest, SelectRefusals) {
  const MetricQuery select = expression("SELECT SUM(Errors)" + kFrom);
  MetricQuery second = select;
  second.id = "q2";
  EXPECT_EQ(find_refusal({select}), "");
  EXPECT_EQ(find_refusal({select, second}),
            "Error in expression 'q2': A request can have one Metrics Insights query, and there is "
            "another one before it; send them one by one");
  EXPECT_EQ(find_refusal({expression("SELECT SUM(Errors) FROM")}),
            "Error in expression 'q1': Invalid query at character 24: expected a name; one with "
            "other characters than letters, digits and _ stands in double quotation marks");
}

}  // namespace
}  // namespace kiln::telemetry
