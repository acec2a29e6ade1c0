#include "traffic/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace kiln::traffic {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Result<Trace> read(const std::string& text, const TraceLimits& limits = {}) {
  std::istringstream in(text);
  return read_trace(in, "t.csv", limits);
}
const std::vector<Nanos>& times(const TracedFunction& function) {
  return std::get<Times>(function.traffic.shape()).at;
}
const Counts& counts(const TracedFunction& function) {
  return std::get<Counts>(function.traffic.shape());
}
std::string problem(const std::string& text, const TraceLimits& limits = {}) {
  const auto trace = read(text, limits);
  EXPECT_FALSE(trace.ok()) << text;
  return trace.ok() ? "" : trace.error().message;
}

TEST(Trace, TimesInSeconds) {
  const auto trace = read("time\n0.5\n1.25\r\n\n1.25\n3\n");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  ASSERT_THAT(trace->functions, SizeIs(1));
  EXPECT_THAT(times(trace->functions[0]),
              ElementsAre(500'000'000, 1'250'000'000, 1'250'000'000, 3 * kSecond));
  EXPECT_EQ(trace->functions[0].requests, 4u);
  EXPECT_FALSE(trace->start);
  EXPECT_FALSE(trace->functions[0].duration);
}

TEST(Trace, TimesAsDatesWithFunctionsAndDurations) {
  const auto trace = read(
      "function,time,duration_ms\n"
      "a,2026-01-05T00:00:30Z,10\n"
      "b,2026-01-05T01:00:31+01:00,20\n"
      "a,2026-01-05 00:01:00.5,30\n");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  ASSERT_THAT(trace->functions, SizeIs(2));
  EXPECT_EQ(trace->functions[0].name, "a");
  EXPECT_THAT(times(trace->functions[0]), ElementsAre(30 * kSecond, 60 * kSecond + kSecond / 2));
  EXPECT_THAT(times(trace->functions[1]), ElementsAre(31 * kSecond));
  EXPECT_DOUBLE_EQ(trace->functions[0].duration->mean_ms(), 20);
  EXPECT_EQ(epoch_s(*trace->start), 1'767'571'200);  // 2026-01-05T00:00:00Z
}

TEST(Trace, AnEmptyDurationIsNotKnown) {
  std::istringstream in("time,function,duration_ms,kind\n0,f,20,warm\n1,f,,throttled\n");
  const auto trace = read_trace(in, "seen.csv");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  EXPECT_EQ(trace->functions[0].requests, 2U);
  EXPECT_DOUBLE_EQ(trace->functions[0].duration->mean_ms(), 20);
}

TEST(Trace, CountsPerMinuteWithGaps) {
  const auto trace = read("minute,count\n0,5\n1,0\n4,7.0\n");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  EXPECT_EQ(counts(trace->functions[0]).step, 60 * kSecond);
  EXPECT_THAT(counts(trace->functions[0]).requests, ElementsAre(5, 0, 0, 0, 7));
  EXPECT_EQ(trace->length, 300 * kSecond);
  ASSERT_THAT(trace->notes, SizeIs(1));
  EXPECT_THAT(trace->notes[0], HasSubstr("2 steps of 60 s have no line"));
}

TEST(Trace, CountsAtOtherStepsAndOfSeveralFunctions) {
  const auto trace = read(
      "Timestamp,Sum,Function\n1767225600,1,a\n1767225900,2,a\n1767226500,3,a\n1767225900,9,b\n");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  ASSERT_THAT(trace->functions, SizeIs(2));
  EXPECT_EQ(trace->functions[0].name, "b");
  EXPECT_EQ(counts(trace->functions[1]).step, 300 * kSecond);
  EXPECT_THAT(counts(trace->functions[1]).requests, ElementsAre(1, 2, 0, 3));
  EXPECT_THAT(counts(trace->functions[0]).requests, ElementsAre(0, 9, 0, 0));
}

std::string azure_header() {
  std::string header = "HashOwner,HashApp,HashFunction,Trigger";
  for (int i = 1; i <= 1440; ++i) header += "," + std::to_string(i);
  return header + "\n";
}
std::string azure_line(const std::string& name, int at, int requests) {
  std::string line = "o,a," + name + ",http";
  for (int i = 0; i < 1440; ++i) line += i == at ? "," + std::to_string(requests) : ",0";
  return line + "\n";
}

TEST(Trace, AzureFunctions2019) {
  auto trace = read(azure_header() + azure_line("f", 0, 3) + azure_line("g", 1439, 12));
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  ASSERT_THAT(trace->functions, SizeIs(2));
  EXPECT_EQ(trace->functions[0].name, "o/a/g");
  EXPECT_EQ(counts(trace->functions[0]).requests[1439], 12u);
  EXPECT_EQ(trace->length, 86'400 * kSecond);
  std::istringstream durations(
      "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,"
      "percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75,"
      "percentile_Average_99,percentile_Average_100\n"
      "o,a,f,100,3,90,110,100,100,100,100,100,100,100\n"
      "o,other,f,1,3,1,1,1,1,1,1,1,1,1\n");
  ASSERT_TRUE(read_azure_durations(durations, "d.csv", *trace).ok());
  EXPECT_FALSE(trace->functions[0].duration);
  EXPECT_NEAR(trace->functions[1].duration->mean_ms(), 100, 1e-9);
  std::istringstream wrong("HashOwner,HashApp\n");
  EXPECT_THAT(read_azure_durations(wrong, "d.csv", *trace).error().message,
              HasSubstr("d.csv, line 1: is not the header"));
}

TEST(Trace, AzureFunctions2021CountsFromTheEndOfEachInvocation) {
  const auto trace = read(
      "app,func,end_timestamp,duration\n"
      "a,f,12.5,0.5\n"
      "a,f,11.25,1.0\n"
      "a,g,0.1,5\n");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  EXPECT_THAT(times(trace->functions[0]), ElementsAre(10'250'000'000, 12 * kSecond));
  EXPECT_DOUBLE_EQ(trace->functions[0].duration->mean_ms(), 750);
  EXPECT_THAT(times(trace->functions[1]), ElementsAre(0));
}

TEST(Trace, AccessLogs) {
  const auto combined = read(
      "203.0.113.9 - - [05/Jan/2026:00:00:30 +0000] \"GET / HTTP/1.1\" 200 12 \"-\" \"curl\" "
      "0.250\n"
      "203.0.113.9 - - [05/Jan/2026:01:00:29 +0100] \"GET /a HTTP/1.1\" 200 12 \"-\" \"curl\" "
      "0.750\n"
      "203.0.113.9 - - [05/Jan/2026:00:00:30 +0000] \"GET /b HTTP/1.1\" 404 12 \"-\" \"curl\" "
      "0.500\n");
  ASSERT_TRUE(combined.ok()) << combined.error().message;
  EXPECT_EQ(epoch_s(*combined->start), 1'767'571'200);
  EXPECT_EQ(counts(combined->functions[0]).step, kSecond);
  EXPECT_EQ(counts(combined->functions[0]).requests[29], 1u);
  EXPECT_EQ(counts(combined->functions[0]).requests[30], 2u);
  EXPECT_EQ(combined->length, 31 * kSecond);  // the last second is part of it
  EXPECT_DOUBLE_EQ(combined->functions[0].duration->mean_ms(), 500);

  const auto balancer = read(
      "http 2026-01-05T00:00:02.500000Z app/lb/50dc 192.0.2.1:2817 10.0.0.1:80 0.1 0.4 0.0 200 200 "
      "34\n"
      "h2 2026-01-05T00:00:03.000000Z app/lb/50dc 192.0.2.1:2817 - -1 -1 -1 503 - 34\n");
  ASSERT_TRUE(balancer.ok()) << balancer.error().message;
  EXPECT_THAT(times(balancer->functions[0]), ElementsAre(2 * kSecond, 3 * kSecond));
  EXPECT_DOUBLE_EQ(balancer->functions[0].duration->mean_ms(), 400);
}

TEST(Trace, BadTracesNameTheLineAndSayWhy) {
  EXPECT_THAT(problem(""), HasSubstr("t.csv is empty"));
  EXPECT_THAT(problem("time\n"), HasSubstr("t.csv has no requests"));
  EXPECT_THAT(problem("a,b\n1,2\n"), HasSubstr("header of no known trace"));
  EXPECT_THAT(problem("time\n5\n4\n"),
              HasSubstr("t.csv, line 3: the time 4 is before the one above"));
  EXPECT_THAT(problem("time\n-1\n"), HasSubstr("line 2: the time -1 is negative"));
  EXPECT_THAT(problem("time\nnoon\n"), HasSubstr("'noon' is no time"));
  EXPECT_THAT(problem("time\nnan\n"), HasSubstr("'nan' is no time"));
  EXPECT_THAT(problem("time\n1767225600000\n"), HasSubstr("milliseconds?"));
  EXPECT_THAT(problem("time\n2026-02-30T00:00:00Z\n"), HasSubstr("is no time"));
  EXPECT_THAT(problem("time,duration_ms\n1\n"), HasSubstr("has 1 fields"));
  EXPECT_THAT(problem("time,duration_ms\n1,-5\n"), HasSubstr("'-5' is no duration"));
  EXPECT_THAT(problem("minute,count\n1,2\n1,3\n"), HasSubstr("not after the one above"));
  EXPECT_THAT(problem("minute,count\n1,-2\n"), HasSubstr("'-2' is no count"));
  EXPECT_THAT(problem("minute,count\n1,2.5\n"), HasSubstr("'2.5' is no count"));
  EXPECT_THAT(problem("minute,count\n-1,2\n"), HasSubstr("'-1' is no minute"));
  EXPECT_THAT(problem("time,count\n0,1\n1,1\n99999999,1\n"), HasSubstr("10000000 are allowed"));
  EXPECT_THAT(problem("HashOwner,HashApp,HashFunction,Trigger,1,2\n"), HasSubstr("1444"));
  EXPECT_THAT(problem(azure_header() + "o,a,f,http,1\n"), HasSubstr("line 2: has 5 fields"));
  EXPECT_THAT(problem("app,func,end_timestamp,duration\na,f,x,1\n"), HasSubstr("end_timestamp"));
  EXPECT_THAT(problem("h - - [05/Jan/2026:00:00:30 +0000] \"GET\" 200 1\nnothing\n"),
              HasSubstr("line 2: 'nothing' is no line"));
  EXPECT_THAT(problem("h - - [05/Jan/2026:00:00:30 +0000] \"GET\" 200 1\n"
                      "h - - [05/Jan/2020:00:00:30 +0000] \"GET\" 200 1\n"),
              HasSubstr("more than 400 days"));
}

TEST(Trace, LimitsOnBothSides) {
  TraceLimits limits;
  limits.requests = 3;
  EXPECT_TRUE(read("time\n1\n2\n3\n", limits).ok());
  EXPECT_THAT(problem("time\n1\n2\n3\n4\n", limits), HasSubstr("line 5: there are more than 3"));
  limits = {};
  limits.functions = 1;
  EXPECT_TRUE(read("time,function\n1,a\n2,a\n", limits).ok());
  EXPECT_THAT(problem("time,function\n1,a\n2,b\n", limits), HasSubstr("more than 1 functions"));
  limits = {};
  limits.line_bytes = 2 << 20;
  EXPECT_THAT(problem("time\n" + std::string(5 << 20, '1'), limits), HasSubstr("is longer than"));
}

}  // namespace
}  // namespace kiln::traffic
