// Cases are written as rows of points, one a minute from a Wednesday's 00:00: "30 - 0" lacks its
// second point. An expected scalar is "= 3", a list "[1 2 | 3 -]"; "none" is a scalar without a
// value.
#include "telemetry/metric_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

namespace kiln::telemetry {
namespace {

constexpr int64_t kStart = 1'735'689'600;  // 2025-01-01T00:00:00Z

Series row(const std::string& text, int period_s = 60) {
  Series series;
  series.period_s = period_s;
  std::stringstream words(text);
  int64_t time = kStart;
  for (std::string word; words >> word; time += period_s) {
    if (word != "-") series.points[time] = std::stod(word);
  }
  return series;
}

std::string text_of(double value) {
  if (std::isnan(value)) return "none";
  std::ostringstream out;
  out << value;
  return out.str();
}

// One word for each minute of the range.
std::string text_of(const Series& series, int minutes) {
  std::string text;
  for (int i = 0; i < minutes; ++i) {
    const auto point = series.points.find(kStart + i * 60);
    text += (i == 0 ? "" : " ") + (point == series.points.end() ? "-" : text_of(point->second));
  }
  return text;
}

std::string text_of(const MathValue& value, int minutes) {
  if (const double* number = std::get_if<double>(&value)) return "= " + text_of(*number);
  if (const Series* series = std::get_if<Series>(&value)) return text_of(*series, minutes);
  std::string text;
  for (const Series& series : std::get<std::vector<Series>>(value)) {
    text += (text.empty() ? "" : " | ") + text_of(series, minutes);
  }
  return "[" + text + "]";
}

struct Scenario {
  MathNames names;
  MathScope scope;
  int minutes = 0;

  // m1, m2, m3
  explicit Scenario(const std::vector<std::string>& rows) {
    for (size_t i = 0; i < rows.size(); ++i) add("m" + std::to_string(i + 1), row(rows[i]));
    std::stringstream words(rows.empty() ? "- - -" : rows[0]);
    for (std::string word; words >> word;) ++minutes;
    scope.start_s = kStart;
    scope.end_s = kStart + minutes * 60;
    names["s"] = {MathType::kScalar, MathArgument::Origin::kOther};
    scope.values["s"] = 7.0;
  }

  void add(const std::string& id, Series series) {
    names[id] = {MathType::kSeries, MathArgument::Origin::kMetric};
    scope.values[id] = std::move(series);
    scope.metric_ids.push_back(id);
  }

  // The value, or "error: …".
  std::string run(const std::string& expression) const {
    const auto tree = parse_math(expression);
    if (!tree) return "error: " + tree.error().message;
    const auto type = check_math(*tree, names);
    if (!type) return "error: " + type.error().message;
    const auto value = evaluate_math(*tree, scope);
    if (!value) return "error: " + value.error().message;
    EXPECT_EQ(*type, type_of(*value)) << expression;
    return text_of(*value, minutes);
  }
};

struct MathCase {
  std::vector<std::string> rows;
  std::string expression;
  std::string expected;
};

void check(const std::vector<MathCase>& cases) {
  for (const MathCase& one : cases) {
    EXPECT_EQ(Scenario(one.rows).run(one.expression), one.expected) << one.expression;
  }
}

TEST(MetricMath, Numbers) {
  check({
      {{}, "5", "= 5"},
      {{}, "50.25", "= 50.25"},
      {{}, ".5", "= 0.5"},
      {{}, "1e3", "= 1000"},
      {{}, "2.5E-1", "= 0.25"},
      {{}, " \t5\n", "= 5"},
      {{}, "s", "= 7"},
  });
}

TEST(MetricMath, Precedence) {
  check({
      {{}, "1 + 2 * 3", "= 7"},    {{}, "(1 + 2) * 3", "= 9"},
      {{}, "10 - 4 - 3", "= 3"},   {{}, "16 / 4 / 2", "= 2"},
      {{}, "12 / 2 * 3", "= 18"},  {{}, "2 * 3 ^ 2", "= 18"},
      {{}, "2 ^ 3 ^ 2", "= 512"},  {{}, "-2 ^ 2", "= -4"},
      {{}, "(-2) ^ 2", "= 4"},     {{}, "2 ^ -1", "= 0.5"},
      {{}, "2 ^ -2 ^ 0", "= 0.5"}, {{}, "--3", "= 3"},
      {{}, "---3", "= -3"},        {{}, "2 - -3", "= 5"},
      {{}, "2*-3", "= -6"},        {{}, "1 + 1 == 2", "= 1"},
      {{}, "1 < 2 == 1", "= 1"},   {{}, "0 == 0 < 0", "= 1"},
      {{}, "1 OR 1 AND 0", "= 1"}, {{}, "(1 OR 1) AND 0", "= 0"},
      {{}, "1 || 1 && 0", "= 1"},  {{}, "2 > 1 AND 1 > 2 OR 3 > 2", "= 1"},
  });
}

TEST(MetricMath, OperatorsOfScalars) {
  check({
      {{}, "7 / 2", "= 3.5"},
      {{}, "1 / 0", "= none"},
      {{}, "0 / 0", "= none"},
      {{}, "1 / 0 > 0", "= none"},
      {{}, "1 / 0 OR 1", "= none"},
      {{}, "(-8) ^ 0.5", "= none"},
      {{}, "0 ^ -1", "= none"},
      {{}, "10 ^ 308 * 10", "= none"},
      {{}, "2 == 2", "= 1"},
      {{}, "2 != 2", "= 0"},
      {{}, "2 < 2", "= 0"},
      {{}, "2 <= 2", "= 1"},
      {{}, "2 > 2", "= 0"},
      {{}, "2 >= 2", "= 1"},
      {{}, "2 && -1", "= 1"},
      {{}, "2 && 0", "= 0"},
      {{}, "0 || 0", "= 0"},
      {{}, "0 || -1", "= 1"},
  });
}

TEST(MetricMath, MissingPointsCountAsZeroInArithmetic) {
  check({
      {{"30 20 - -", "1 - 2 -"}, "m1 + m2", "31 20 2 -"},
      {{"30 20 - -", "1 - 2 -"}, "m1 - m2", "29 20 -2 -"},
      {{"30 20 - -", "1 - 2 -"}, "m1 * m2", "30 0 0 -"},
      {{"30 20 - -", "1 - 2 -"}, "m1 / m2", "30 - 0 -"},
      {{"3 2 - -", "2 - 2 -"}, "m1 ^ m2", "9 1 0 -"},
      // With a scalar there are only the series' points.
      {{"3 - 0"}, "m1 + 1", "4 - 1"},
      {{"3 - 0"}, "1 + m1", "4 - 1"},
      {{"3 - 0"}, "-m1", "-3 - 0"},
      {{"3 - 0"}, "10 - 2 * m1", "4 - 10"},
      {{"- - -"}, "m1 + 1", "- - -"},
      {{"3 - 0"}, "m1 * s", "21 - 0"},
  });
}

TEST(MetricMath, DivisionByZeroDropsThePoint) {
  check({
      {{"1 0 2 -", "4 0 - -"}, "m1 / m2 * 100", "25 - - -"},
      {{"1 0 -"}, "5 / m1", "5 - -"},
      {{"1 0 -"}, "m1 / 0", "- - -"},
      {{"1 2 3", "- - -"}, "m1 / SUM(m2)", "- - -"},
      {{"1 2 3", "- - -"}, "m1 - AVG(m2)", "- - -"},
      {{"0 1 4"}, "m1 ^ -1", "- 1 0.25"},
      // No invocations in the second minute: no error rate, rather than 0.
      {{"1 - 0", "2 - 5"}, "100 * m1 / m2", "50 - 0"},
  });
}

TEST(MetricMath, ComparisonsGiveZeroOrOneWhereEitherSideHasAPoint) {
  const std::vector<std::string> rows = {"30 20 0 0", "20 - 20 -"};
  check({
      {rows, "m1 < m2", "0 0 1 0"},
      {rows, "m1 >= 30", "1 0 0 0"},
      {rows, "m1 > 15 AND m2 > 15", "1 0 0 0"},
      {rows, "m1 == m2", "0 0 0 1"},
      {rows, "m1 != m2", "1 1 1 0"},
      {rows, "m1 <= m2", "0 0 1 1"},
      {rows, "m1 > m2", "1 1 0 0"},
      {rows, "m1 && m2", "1 0 0 0"},
      {rows, "m1 || m2", "1 1 1 0"},
      {rows, "m1 OR m2", "1 1 1 0"},
      {rows, "m2 > 15", "1 - 1 -"},
      {rows, "15 < m2", "1 - 1 -"},
      {{"- 1 -", "- - 0"}, "m1 == m2", "- 0 1"},
      {{"- 1 -", "- - 0"}, "m1 OR m2", "- 1 0"},
  });
}

TEST(MetricMath, Lists) {
  const std::vector<std::string> rows = {"1 2 -", "4 - 5"};
  check({
      {rows, "[m1, m2]", "[1 2 - | 4 - 5]"},
      {rows, "[m1]", "[1 2 -]"},
      {rows, "[m1, [m2, m1]]", "[1 2 - | 4 - 5 | 1 2 -]"},
      {rows, "[m1, m2] * 2", "[2 4 - | 8 - 10]"},
      {rows, "100 / [m1, m2]", "[100 50 - | 25 - 20]"},
      {rows, "[m1, m2] / m2", "[0.25 - 0 | 1 - 1]"},
      {rows, "m2 - [m1, m2]", "[3 -2 5 | 0 - 0]"},
      {rows, "-[m1, m2]", "[-1 -2 - | -4 - -5]"},
      {rows, "[m1, m2] > 1", "[0 1 - | 1 - 1]"},
      {rows, "SUM(100/[m1, m2])", "125 50 20"},
  });
}

TEST(MetricMath, ReducesASeriesToAScalar) {
  check({
      {{"1 - 5 6"}, "SUM(m1)", "= 12"},
      {{"1 - 5 6"}, "AVG(m1)", "= 4"},
      {{"3 - 5 -1"}, "MIN(m1)", "= -1"},
      {{"3 - 5 -1"}, "MAX(m1)", "= 5"},
      {{"2 4 4 4 5 5 7 9"}, "STDDEV(m1)", "= 2"},
      {{"1 - 0 6"}, "DATAPOINT_COUNT(m1)", "= 3"},
      {{"- -"}, "SUM(m1)", "= 0"},
      {{"- -"}, "DATAPOINT_COUNT(m1)", "= 0"},
      {{"- -"}, "AVG(m1)", "= none"},
      {{"- -"}, "MIN(m1)", "= none"},
      {{"- -"}, "MAX(m1)", "= none"},
      {{"- -"}, "STDDEV(m1)", "= none"},
      {{"1 - 5 6"}, "m1 - AVG(m1)", "-3 - 1 2"},
      {{"1 - 5 6"}, "SUM(m1) / DATAPOINT_COUNT(m1)", "= 4"},
  });
}

TEST(MetricMath, ReducesAListPointByPoint) {
  const std::vector<std::string> rows = {"1 2 - -", "4 - 5 -"};
  check({
      {rows, "SUM([m1, m2])", "5 2 5 -"},
      {rows, "AVG([m1, m2])", "2.5 1 2.5 -"},  // a missing point is 0
      {rows, "MIN([m1, m2])", "1 2 5 -"},
      {rows, "MAX([m1, m2])", "4 2 5 -"},
      {rows, "STDDEV([m1, m2])", "1.5 0 0 -"},
      {rows, "DATAPOINT_COUNT([m1, m2])", "2 1 1 -"},
      {rows, "SUM(METRICS('nothing'))", "- - - -"},
      {rows, "AVG(METRICS())", "2.5 1 2.5 -"},
  });
}

TEST(MetricMath, FunctionsOfEachPoint) {
  check({
      {{"-1.5 - 2"}, "ABS(m1)", "1.5 - 2"},
      {{"-1.5 - 2.1"}, "CEIL(m1)", "-1 - 3"},
      {{"-1.5 - 2.9"}, "FLOOR(m1)", "-2 - 2"},
      {{"1 - 0 -5"}, "LOG(m1)", "0 - - -"},
      {{"1000 0.1 0 -"}, "LOG10(m1)", "3 -1 - -"},
      {{"1 -2 3", "-4 - -6"}, "ABS([m1, m2])", "[1 2 3 | 4 - 6]"},
      {{"1 -2 3", "-4 - -6"}, "MIN(ABS([m1, m2]))", "1 2 3"},
      {{"1 - 3 -2"}, "RUNNING_SUM(m1)", "1 - 4 2"},
      {{"1 2 3", "- 5 5"}, "RUNNING_SUM([m1, m2])", "[1 3 6 | - 5 10]"},
  });
}

TEST(MetricMath, FunctionsOfAPointAndTheOneBefore) {
  check({
      {{"5 8 - 2"}, "DIFF(m1)", "- 3 - -6"},
      {{"5 8 - 2"}, "DIFF_TIME(m1)", "- 60 - 120"},
      {{"5 65 - 5"}, "RATE(m1)", "- 1 - -0.5"},
      {{"5"}, "DIFF(m1)", "-"},
      {{"- -"}, "RATE(m1)", "- -"},
      {{"1 2", "5 3"}, "DIFF(METRICS())", "[- 1 | - -2]"},
  });
}

TEST(MetricMath, IfWithASeriesAsItsCondition) {
  const std::vector<std::string> rows = {"1 1 0 0 -", "30 - 0 0 30", "0 0 20 - 20"};
  check({
      {rows, "IF(m1, m2, m3)", "30 0 20 - -"},
      {rows, "IF(m1, 5, m3)", "5 5 20 - -"},
      {rows, "IF(m1, m2, 5)", "30 0 5 5 -"},
      {rows, "IF(m1, 5, 6)", "5 5 6 6 -"},
      {rows, "IF(m1, m2)", "30 0 - - -"},
      {rows, "IF(m1, 5)", "5 5 - - -"},
      {{"-1 0.5 0"}, "IF(m1, 1, 0)", "1 1 0"},  // whatever is not 0 is true
      {{"500 399 -"}, "IF(m1 < 400, m1)", "- 399 -"},
      {{"500 399 -"}, "IF(m1 < 400, 10, 2)", "2 10 -"},
      {{"5 1 -"}, "IF(m1 > 2, 1 / 0, 3)", "- 3 -"},
  });
}

TEST(MetricMath, IfWithAScalarAsItsCondition) {
  const std::vector<std::string> rows = {"1 - 3", "4 5 -"};
  check({
      {rows, "IF(1, m1, m2)", "1 - 3"},
      {rows, "IF(0, m1, m2)", "4 5 -"},
      {rows, "IF(SUM(m1) > 100, m1, m2)", "4 5 -"},
      {rows, "IF(0, m1)", "- - -"},
      {rows, "IF(1, m1)", "1 - 3"},
      {rows, "IF(1, 9, m2)", "9 9 9"},
      {rows, "IF(0, m1, 9)", "9 9 9"},
      {rows, "IF(1 / 0, m1, m2)", "- - -"},
      {rows, "IF(1, 2, 3)", "= 2"},
      {rows, "IF(0, 2)", "= none"},
  });
}

TEST(MetricMath, Fill) {
  check({
      {{"- 1 - - 4 -"}, "FILL(m1, 0)", "0 1 0 0 4 0"},
      {{"- 1 - - 4 -"}, "FILL(m1, -2.5)", "-2.5 1 -2.5 -2.5 4 -2.5"},
      {{"- 1 - - 4 -"}, "FILL(m1, MAX(m1))", "4 1 4 4 4 4"},
      {{"- 1 - - 4 -"}, "FILL(m1, REPEAT)", "- 1 1 1 4 4"},
      {{"- 1 - - 4 -"}, "FILL(m1, LINEAR)", "- 1 2 3 4 -"},
      {{"- 1 - 4", "7 8 9 -"}, "FILL(m1, m2)", "7 1 9 4"},
      {{"- 1 -", "- - -"}, "FILL(METRICS(), 0)", "[0 1 0 | 0 0 0]"},
      {{"- 1 -", "2 - 4"}, "FILL(METRICS(), REPEAT)", "[- 1 1 | 2 2 4]"},
      {{"- 1 -", "2 - 4"}, "FILL([m1, m2], LINEAR)", "[- 1 - | 2 3 4]"},
      {{"- - -"}, "FILL(m1, 0)", "0 0 0"},
      {{"- - -"}, "FILL(m1, REPEAT)", "- - -"},
      {{"- - -"}, "FILL(m1, LINEAR)", "- - -"},
      {{"1 - 3"}, "FILL(m1, 1 / 0)", "1 - 3"},
      {{"4 - 0", "2 - -"}, "FILL(m1 / m2, 0)", "2 0 0"},
  });
}

TEST(MetricMath, FillUsesThePeriodOfTheSeriesAlignedToTheEpoch) {
  Scenario scenario({"- - - - - - - - - -"});
  scenario.add("slow", row("1 - ", 300));
  scenario.scope.start_s += 61;  // in the second minute, of ten
  EXPECT_EQ(scenario.run("FILL(m1, 0)"), "- - 0 0 0 0 0 0 0 0");
  EXPECT_EQ(scenario.run("FILL(slow, 0)"), "1 - - - - 0 - - - -");
  EXPECT_EQ(scenario.run("MINUTE(slow)"), "- - - - - 5 - - - -");
  scenario.scope.period_s = 120;
  EXPECT_EQ(scenario.run("TIME_SERIES(3)"), "- - 3 - 3 - 3 - 3 -");
}

TEST(MetricMath, TimeSeriesAndPeriod) {
  check({
      {{"1 - -"}, "TIME_SERIES(3)", "3 3 3"},
      {{"1 - 5"}, "TIME_SERIES(MAX(m1) - 1)", "4 4 4"},
      {{"- - -"}, "TIME_SERIES(AVG(m1))", "- - -"},
      {{"1 - -"}, "PERIOD(m1)", "= 60"},
      {{"120 - 60"}, "m1 / PERIOD(m1)", "2 - 1"},
  });
}

TEST(MetricMath, TheGridHasALimit) {
  Scenario scenario({"1"});
  scenario.scope.end_s = kStart + kMaxMathGridPoints * 60;
  EXPECT_EQ(scenario.run("TIME_SERIES(3)"), "3");
  scenario.scope.end_s += 1;
  const std::string error =
      "error: The range of time has 100801 periods of 60 seconds, which exceeds the limit of "
      "100800; increase Period or decrease the time range";
  EXPECT_EQ(scenario.run("TIME_SERIES(3)"), error);
  EXPECT_EQ(scenario.run("FILL(m1, 0)"), error);
  EXPECT_EQ(scenario.run("FILL([m1], 0)"), error);
  EXPECT_EQ(scenario.run("YEAR(m1)"), error);
  EXPECT_EQ(scenario.run("IF(1, 2, m1)"), error);
  EXPECT_EQ(scenario.run("1 + ABS([-TIME_SERIES(3)])"), error);
  EXPECT_EQ(scenario.run("m1 + 1"), "2");
  scenario.scope.end_s = scenario.scope.start_s;
  EXPECT_EQ(scenario.run("TIME_SERIES(3)"), "-");
}

TEST(MetricMath, ListFunctions) {
  const std::vector<std::string> rows = {"1 1", "9 -", "4 5"};
  check({
      {rows, "METRICS()", "[1 1 | 9 - | 4 5]"},
      {rows, "METRICS('2')", "[9 -]"},
      {rows, "METRICS(\"m\")", "[1 1 | 9 - | 4 5]"},
      {rows, "METRICS('x')", "[]"},
      {rows, "[METRICS('2'), METRICS('3')]", "[9 - | 4 5]"},
      {rows, "m1 / METRIC_COUNT([m1, m2])", "0.5 0.5"},
      {rows, "FIRST(METRICS())", "1 1"},
      {rows, "LAST(METRICS())", "4 5"},
      {rows, "FIRST(METRICS('x'))", "- -"},
      {rows, "LAST(METRICS('x'))", "- -"},
      {rows, "SLICE(METRICS(), 1)", "[9 - | 4 5]"},
      {rows, "SLICE(METRICS(), 0, 2)", "[1 1 | 9 -]"},
      {rows, "SLICE(METRICS(), 1.9, 2.9)", "[9 -]"},
      {rows, "SLICE(METRICS(), 2, 1)", "[]"},
      {rows, "SLICE(METRICS(), 3)", "[]"},
      {rows, "SLICE(METRICS(), -1, 1e300)", "[1 1 | 9 - | 4 5]"},
      {rows, "SLICE(METRICS(), 1 / 0, 1)", "[1 1]"},
      {{"1 -", "- -", "2 -"}, "REMOVE_EMPTY(METRICS())", "[1 - | 2 -]"},
      {{"- -"}, "REMOVE_EMPTY([m1])", "[]"},
  });
}

TEST(MetricMath, Sort) {
  const std::vector<std::string> rows = {"1 6", "5 -", "2 2", "- -"};
  check({
      {rows, "SORT(METRICS(), SUM, ASC)", "[2 2 | 5 - | 1 6 | - -]"},
      {rows, "SORT(METRICS(), SUM, DESC)", "[1 6 | 5 - | 2 2 | - -]"},
      {rows, "SORT(METRICS(), AVG, DESC)", "[5 - | 1 6 | 2 2 | - -]"},
      {rows, "SORT(METRICS(), MIN, ASC)", "[1 6 | 2 2 | 5 - | - -]"},
      {rows, "SORT(METRICS(), MAX, DESC, 1)", "[1 6]"},
      {rows, "SORT(METRICS(), MAX, ASC, 0)", "[]"},
      {rows, "SORT(METRICS(), MAX, ASC, 9)", "[2 2 | 5 - | 1 6 | - -]"},
      {{"2 0", "1 1", "0 2"}, "SORT(METRICS(), SUM, DESC)", "[2 0 | 1 1 | 0 2]"},
      {rows, "IF(FIRST(SORT(METRICS(), AVG, DESC)) > 4, 1, 0)", "1 -"},
  });
}

TEST(MetricMath, CalendarFunctionsHaveAPointInEveryPeriod) {
  check({
      {{"1 - -"}, "MINUTE(m1)", "0 1 2"},
      {{"- - -"}, "HOUR(m1)", "0 0 0"},
      {{"1 - -"}, "DAY(m1)", "3 3 3"},  // a Wednesday
      {{"1 - -"}, "DATE(m1)", "1 1 1"},
      {{"1 - -"}, "MONTH(m1)", "1 1 1"},
      {{"1 - -"}, "YEAR(m1)", "2025 2025 2025"},
      {{"1 - -"}, "EPOCH(m1) - 1735689600", "0 60 120"},
      {{"1 - 5"}, "IF(DAY(m1) < 6, m1)", "1 0 5"},
      {{"1 - 5"}, "IF(DAY(m1) == 6, m1)", "- - -"},
  });
}

TEST(MetricMath, CalendarFunctionsAreOfUtc) {
  Scenario scenario({"- -"});
  scenario.scope.start_s = 1'709'251'140;  // Thursday 2024-02-29T23:59:00Z
  scenario.scope.end_s = scenario.scope.start_s + 120;
  const std::vector<std::pair<std::string, std::vector<double>>> cases = {
      {"MINUTE", {59, 0}}, {"HOUR", {23, 0}}, {"DAY", {4, 5}},
      {"DATE", {29, 1}},   {"MONTH", {2, 3}}, {"YEAR", {2024, 2024}},
  };
  for (const auto& [function, expected] : cases) {
    const auto tree = parse_math(function + "(m1)");
    const auto value = evaluate_math(*tree, scenario.scope);
    std::vector<double> points;
    for (const auto& [time, point] : std::get<Series>(*value).points) points.push_back(point);
    EXPECT_EQ(points, expected) << function;
  }
  scenario.scope.start_s = -60;  // Wednesday 1969-12-31T23:59:00Z
  scenario.scope.end_s = 0;
  const auto hour = evaluate_math(*parse_math("DAY(m1) * 100 + HOUR(m1)"), scenario.scope);
  EXPECT_EQ(std::get<Series>(*hour).points, (std::map<int64_t, double>{{-60, 323}}));
}

TEST(MetricMath, TypeErrors) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"m9 + 1",
       "There is no metric or expression with the Id 'm9' in the request; add it, with ReturnData "
       "false if it is only needed here"},
      {"FOO(m1)", "Function 'FOO' not found"},
      {"avg(m1)", "Function 'avg' not found"},
      {"SUM(FOO(m9))", "Function 'FOO' not found"},
      {"[m1, m2] + [m1, m2]",
       "Operator '+' does not take two arrays of time series; reduce one of them, as with SUM or "
       "FIRST"},
      {"m1 <= m2 <= METRICS() <= METRICS()",
       "Operator '<=' does not take two arrays of time series; reduce one of them, as with SUM or "
       "FIRST"},
      {"[m1, 5]", "An array holds time series, not scalars; make one of a scalar with TIME_SERIES"},
      {"REPEAT",
       "Invalid syntax: 'REPEAT' is not a value; Ids begin with a lowercase letter, and functions "
       "have parentheses"},
      {"M1 + 1",
       "Invalid syntax: 'M1' is not a value; Ids begin with a lowercase letter, and functions have "
       "parentheses"},
      {"'m1'",
       "Invalid syntax: 'm1' is not a value; Ids begin with a lowercase letter, and functions have "
       "parentheses"},
      {"SUM()", "Function 'SUM' does not take 0 arguments; use SUM(TS|TS[])"},
      {"SUM(m1, m2)", "Function 'SUM' does not take 2 arguments; use SUM(TS|TS[])"},
      {"SUM(5)", "Function 'SUM' does not take (a scalar); use SUM(TS|TS[])"},
      {"ABS(-5)", "Function 'ABS' does not take (a scalar); use ABS(TS|TS[])"},
      {"METRICS(m1)",
       "Function 'METRICS' does not take (a time series); use METRICS() or ('text')"},
      {"METRICS(REPEAT)",
       "Function 'METRICS' does not take (a word 'REPEAT'); use METRICS() or ('text')"},
      {"FIRST(m1)", "Function 'FIRST' does not take (a time series); use FIRST(TS[])"},
      {"LAST(m1)", "Function 'LAST' does not take (a time series); use LAST(TS[])"},
      {"METRIC_COUNT(m1)",
       "Function 'METRIC_COUNT' does not take (a time series); use METRIC_COUNT(TS[])"},
      {"REMOVE_EMPTY(m1)",
       "Function 'REMOVE_EMPTY' does not take (a time series); use REMOVE_EMPTY(TS[])"},
      {"TIME_SERIES(m1)",
       "Function 'TIME_SERIES' does not take (a time series); use TIME_SERIES(S)"},
      {"PERIOD(m1 + m2)",
       "Function 'PERIOD' does not take (a time series); use PERIOD(the Id of a metric)"},
      {"PERIOD(s)", "Function 'PERIOD' does not take (a scalar); use PERIOD(the Id of a metric)"},
      {"DAY([m1])", "Function 'DAY' does not take (an array of time series); use DAY(TS)"},
      {"FILL(m1, DESC)",
       "Function 'FILL' does not take (a time series, a word 'DESC'); use FILL(TS|TS[], "
       "S|TS|REPEAT|LINEAR)"},
      {"FILL(1, 2)",
       "Function 'FILL' does not take (a scalar, a scalar); use FILL(TS|TS[], "
       "S|TS|REPEAT|LINEAR)"},
      {"FILL(m1, 'REPEAT')",
       "Function 'FILL' does not take (a time series, a string 'REPEAT'); use FILL(TS|TS[], "
       "S|TS|REPEAT|LINEAR)"},
      {"IF([m1], m1, m2)",
       "Function 'IF' does not take (an array of time series, a time series, a time series); use "
       "IF(TS|S, TS|S[, TS|S])"},
      {"SLICE(m1, 0)",
       "Function 'SLICE' does not take (a time series, a scalar); use SLICE(TS[], S[, S])"},
      {"SLICE([m1], m1)",
       "Function 'SLICE' does not take (an array of time series, a time series); use SLICE(TS[], "
       "S[, S])"},
      {"SORT([m1], STDDEV, ASC)",
       "Function 'SORT' does not take (an array of time series, a word 'STDDEV', a word 'ASC'); "
       "use "
       "SORT(TS[], AVG|MIN|MAX|SUM, ASC|DESC[, S])"},
      {"SORT([m1], AVG, UP)",
       "Function 'SORT' does not take (an array of time series, a word 'AVG', a word 'UP'); use "
       "SORT(TS[], AVG|MIN|MAX|SUM, ASC|DESC[, S])"},
      {"SORT([m1], AVG)",
       "Function 'SORT' does not take 2 arguments; use SORT(TS[], AVG|MIN|MAX|SUM, ASC|DESC[, S])"},
  };
  const Scenario scenario({"1 2", "3 4"});
  for (const auto& [expression, expected] : cases) {
    EXPECT_EQ(scenario.run(expression), "error: " + expected) << expression;
  }
}

TEST(MetricMath, FunctionsThatAreLeftOutAreNamed) {
  for (const std::string function :
       {"SERVICE_QUOTA", "ANOMALY_DETECTION_BAND", "INSIGHT_RULE_METRIC", "DB_PERF_INSIGHTS"}) {
    EXPECT_EQ(Scenario({"1"}).run(function + "('x', m1)"),
              "error: Function '" + function +
                  "' is not supported here; use metrics and numbers in its place");
  }
}

std::string repeat(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

// The deepest tree: each level of precedence at each depth.
TEST(MetricMath, EvaluatesTheDeepestTrees) {
  const std::string open = repeat("0||1&&1==0<0+1*-1^(", 32);
  EXPECT_EQ(Scenario({"1"}).run(open + "m1" + repeat(")", 32)), "0");
  EXPECT_EQ(Scenario({"1"}).run(repeat("ABS(", 64) + "m1" + repeat(")", 64)), "1");
}

TEST(MetricMath, LongChainsAreNotDeep) {
  const Scenario scenario({"1"});
  EXPECT_EQ(scenario.run("m1" + repeat("+1", 1023)), "1024");
  EXPECT_EQ(scenario.run(repeat("-", 2046) + "m1"), "1");
}

TEST(MetricMath, ArraysHaveALimit) {
  const Scenario scenario({"1"});
  const std::string hundred = "[m1" + repeat(",m1", 99) + "]";
  const std::string most = "[" + hundred + repeat("," + hundred, 4);
  EXPECT_EQ(scenario.run("SUM(" + most + "])"), "500");
  EXPECT_EQ(scenario.run("SUM(" + most + ",m1])"),
            "error: An array holds more than 500 time series; take fewer metrics into it");
}

TEST(MetricMath, TheResultHasTheLongestPeriod) {
  Scenario scenario({"1 2"});
  scenario.add("slow", row("1", 300));
  for (const std::string expression :
       {"m1 + slow", "slow * m1", "IF(m1, slow)", "SUM([m1, slow])", "-slow", "slow > 1"}) {
    const auto value = evaluate_math(*parse_math(expression), scenario.scope);
    EXPECT_EQ(std::get<Series>(*value).period_s, 300) << expression;
  }
}

}  // namespace
}  // namespace kiln::telemetry
