#include "services/logs/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/logs_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using LogsOperationsTest = LogsApiTest;

TEST_F(LogsOperationsTest, FilterMergesStreamsAndFilters) {
  write("a", 0, "START 1");
  write("b", 1, "ERROR one");
  write("a", 2, "ERROR two");
  auto output = run("FilterLogEvents", {{"logGroupName", kGroup}});
  EXPECT_THAT(messages(output), ElementsAre("START 1\n", "ERROR one\n", "ERROR two\n"));
  EXPECT_FALSE(output.contains("nextToken"));
  EXPECT_EQ(output["events"][1]["logStreamName"], "b");
  EXPECT_EQ(output["events"][1]["timestamp"], kBase + 1);
  EXPECT_EQ(output["events"][1]["ingestionTime"], kBase + 1);

  const auto filtered = [&](json more) {
    more["logGroupName"] = kGroup;
    return messages(run("FilterLogEvents", more));
  };
  EXPECT_THAT(filtered({{"filterPattern", "ERROR -one"}}), ElementsAre("ERROR two\n"));
  EXPECT_THAT(filtered({{"logStreamNames", {"a"}}}), ElementsAre("START 1\n", "ERROR two\n"));
  EXPECT_THAT(filtered({{"logStreamNamePrefix", "b"}}), ElementsAre("ERROR one\n"));
  EXPECT_THAT(filtered({{"logStreamNamePrefix", "none"}}), IsEmpty());
  // Both ends of the time range belong to it.
  EXPECT_THAT(filtered({{"startTime", kBase + 1}, {"endTime", kBase + 1}}),
              ElementsAre("ERROR one\n"));
  EXPECT_THAT(messages(run("FilterLogEvents",
                           {{"logGroupIdentifier",
                             "arn:aws:logs:eu-west-1:000000000000:log-group:/aws/lambda/f"}})),
              testing::SizeIs(3));
}

TEST_F(LogsOperationsTest, PrefixesAndChoicesAreCheckedAsNamesAre) {
  const auto says = [&](const std::string& operation, json input, const std::string& member,
                        const std::string& value, const std::string& constraint) {
    input[member] = value;
    const Error error = refused(operation, input);
    EXPECT_EQ(error.type, "InvalidParameterException") << member;
    EXPECT_EQ(error.message, "1 validation error detected: Value '" + value + "' at '" + member +
                                 "' failed to satisfy constraint: Member must " + constraint);
  };
  const std::string pattern = "satisfy regular expression pattern: ";
  run("CreateLogGroup", {{"logGroupName", "g"}});
  const json in_group = {{"logGroupName", "g"}};
  says("DescribeLogGroups", json::object(), "logGroupNamePrefix", "a b",
       pattern + "[\\.\\-_/#A-Za-z0-9]+");
  says("DescribeLogGroups", json::object(), "logGroupNamePattern", "a*",
       pattern + "[\\.\\-_/#A-Za-z0-9]*");
  for (const char* operation : {"DescribeLogStreams", "FilterLogEvents"})
    says(operation, in_group, "logStreamNamePrefix", "a:", pattern + "[^:*]*");
  for (const char* operation : {"DescribeMetricFilters", "DescribeSubscriptionFilters"})
    says(operation, in_group, "filterNamePrefix", "a*", pattern + "[^:*]*");
  for (const char* operation : {"DescribeLogGroups", "ListLogGroups", "CreateLogGroup"})
    says(operation, {{"logGroupName", "h"}}, "logGroupClass", "COLD",
         "satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY]");
  says("DescribeLogGroups", json::object(), "logGroupNamePrefix", std::string(513, 'a'),
       "have length less than or equal to 512");
  EXPECT_EQ(run("DescribeLogGroups", {{"logGroupNamePrefix", std::string(512, 'a')}})["logGroups"],
            json::array());
}

TEST_F(LogsOperationsTest, FilterPagesWithoutLossOrRepetition) {
  for (int i = 0; i < 23; ++i) {
    write(i % 2 == 0 ? "a" : "b", i / 3, (i % 4 == 0 ? "skip " : "keep ") + std::to_string(i));
  }
  std::vector<std::string> all;
  std::set<std::string> ids;
  json input = {{"logGroupName", kGroup}, {"filterPattern", "keep"}, {"limit", 5}};
  int pages = 0;
  while (true) {
    const json output = run("FilterLogEvents", input);
    for (const json& e : output["events"]) {
      all.push_back(e["message"]);
      ids.insert(e["eventId"]);
    }
    ++pages;
    if (!output.contains("nextToken")) break;
    input["nextToken"] = output["nextToken"];
    ASSERT_LT(pages, 10);
  }
  EXPECT_EQ(pages, 4);
  EXPECT_EQ(all.size(), 17U);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 17U);
  EXPECT_EQ(ids.size(), 17U);
}

TEST_F(LogsOperationsTest, FilterGivesTheLatestFirstWhereThatIsWanted) {
  std::vector<std::string> expected;
  for (int i = 0; i < 23; ++i) {
    const bool keep = i % 4 != 0;
    const std::string text = (keep ? "keep " : "skip ") + std::to_string(i);
    write(i % 2 == 0 ? "a" : "b", i, text);
    if (keep) expected.insert(expected.begin(), text + "\n");
  }
  json input = {{"logGroupName", kGroup},
                {"filterPattern", "keep"},
                {"limit", 5},
                {"startTime", kBase},
                {"startFromHead", false}};
  std::vector<std::string> all;
  for (int pages = 0; pages < 10; ++pages) {
    const json output = run("FilterLogEvents", input);
    for (const json& e : output["events"]) all.push_back(e["message"]);
    if (!output.contains("nextToken")) break;
    // The token alone says in which direction it goes on.
    input["nextToken"] = output["nextToken"];
    input.erase("startFromHead");
  }
  EXPECT_EQ(all, expected);
  input = {{"logGroupName", kGroup}, {"startFromHead", false}};
  for (const int64_t start : {int64_t{0}, int64_t{1'704'067'199'999}}) {
    input["startTime"] = start;
    EXPECT_EQ(refused("FilterLogEvents", input).type, "InvalidParameterException") << start;
  }
  input["startTime"] = int64_t{1'704'067'200'000};
  EXPECT_EQ(run("FilterLogEvents", input)["events"].size(), 23U);
}

TEST_F(LogsOperationsTest, EqualEventsHaveDifferentAndLastingIds) {
  write("a", 0, "same");
  write("a", 0, "same");
  const json first = run("FilterLogEvents", {{"logGroupName", kGroup}});
  EXPECT_NE(first["events"][0]["eventId"], first["events"][1]["eventId"]);
  EXPECT_EQ(first["events"][0]["eventId"].get<std::string>().size(), 56U);
  EXPECT_EQ(run("FilterLogEvents", {{"logGroupName", kGroup}})["events"], first["events"]);
}

TEST_F(LogsOperationsTest, AnswersStayBelowAMebibyte) {
  for (int i = 0; i < 5; ++i) write("a", i, std::string(300'000, 'x'));
  const json output = run("FilterLogEvents", {{"logGroupName", kGroup}});
  EXPECT_EQ(output["events"].size(), 3U);
  ASSERT_TRUE(output.contains("nextToken"));
  const json rest =
      run("FilterLogEvents", {{"logGroupName", kGroup}, {"nextToken", output["nextToken"]}});
  EXPECT_EQ(rest["events"].size(), 2U);
  // A single event may be larger.
  write("large", 0, std::string(1'200'000, 'x'));
  EXPECT_EQ(
      run("FilterLogEvents", {{"logGroupName", kGroup}, {"logStreamNames", {"large"}}})["events"]
          .size(),
      1U);
}

TEST_F(LogsOperationsTest, GetLogEventsForwardAndBackward) {
  for (int i = 0; i < 5; ++i) write("s", i, std::to_string(i));
  json input = {{"logGroupName", kGroup}, {"logStreamName", "s"}, {"limit", 2}};
  // Without startFromHead: the latest.
  json page = run("GetLogEvents", input);
  EXPECT_THAT(messages(page), ElementsAre("3\n", "4\n"));
  input["nextToken"] = page["nextBackwardToken"];
  page = run("GetLogEvents", input);
  EXPECT_THAT(messages(page), ElementsAre("1\n", "2\n"));
  input["nextToken"] = page["nextForwardToken"];
  EXPECT_THAT(messages(run("GetLogEvents", input)), ElementsAre("3\n", "4\n"));

  input.erase("nextToken");
  input["startFromHead"] = true;
  page = run("GetLogEvents", input);
  EXPECT_THAT(messages(page), ElementsAre("0\n", "1\n"));
  input["limit"] = 10;
  input["nextToken"] = page["nextForwardToken"];
  page = run("GetLogEvents", input);
  EXPECT_THAT(messages(page), ElementsAre("2\n", "3\n", "4\n"));
  // The end: the same token comes back, until there is more.
  input["nextToken"] = page["nextForwardToken"];
  page = run("GetLogEvents", input);
  EXPECT_THAT(messages(page), IsEmpty());
  EXPECT_EQ(page["nextForwardToken"], input["nextToken"]);
  write("s", 5, "5");
  EXPECT_THAT(messages(run("GetLogEvents", input)), ElementsAre("5\n"));

  // endTime itself is outside.
  EXPECT_THAT(messages(run("GetLogEvents", {{"logGroupName", kGroup},
                                            {"logStreamName", "s"},
                                            {"startTime", kBase + 1},
                                            {"endTime", kBase + 3}})),
              ElementsAre("1\n", "2\n"));
}

TEST_F(LogsOperationsTest, DescribeLogGroups) {
  write("s", 0, "x", "/aws/lambda/b");
  write("s", 5, "x", "/aws/lambda/a");
  write("s", 0, "x", "/other");
  json output = run("DescribeLogGroups", {{"logGroupNamePrefix", "/aws/"}});
  ASSERT_EQ(output["logGroups"].size(), 2U);
  const json& a = output["logGroups"][0];
  EXPECT_EQ(a["logGroupName"], "/aws/lambda/a");
  EXPECT_EQ(a["arn"], "arn:aws:logs:eu-west-1:000000000000:log-group:/aws/lambda/a:*");
  EXPECT_EQ(a["creationTime"], kBase + 5);
  EXPECT_EQ(a["storedBytes"], 27);

  output = run("DescribeLogGroups", {{"limit", 2}});
  EXPECT_EQ(output["logGroups"].size(), 2U);
  output = run("DescribeLogGroups", {{"limit", 2}, {"nextToken", output["nextToken"]}});
  EXPECT_EQ(output["logGroups"][0]["logGroupName"], "/other");
  EXPECT_FALSE(output.contains("nextToken"));
  output = run("DescribeLogGroups", {{"logGroupNamePattern", "lambda/b"}});
  EXPECT_EQ(output["logGroups"].size(), 1U);
  // As recorded: the last page is an empty one.
  ASSERT_TRUE(output.contains("nextToken"));
  output = run("DescribeLogGroups",
               {{"logGroupNamePattern", "lambda/b"}, {"nextToken", output["nextToken"]}});
  EXPECT_EQ(output, json({{"logGroups", json::array()}}));
}

TEST_F(LogsOperationsTest, DescribeLogStreams) {
  write("a", 9, "x");
  write("b", 1, "x");
  write("b", 5, "x");
  write("c", 7, "x");
  const auto names = [&](json more) {
    more["logGroupName"] = kGroup;
    std::vector<std::string> out;
    const json output = run("DescribeLogStreams", more);
    for (const json& s : output["logStreams"]) out.push_back(s["logStreamName"]);
    return out;
  };
  EXPECT_THAT(names(json::object()), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names({{"orderBy", "LastEventTime"}, {"descending", true}}),
              ElementsAre("a", "c", "b"));
  EXPECT_THAT(names({{"logStreamNamePrefix", "b"}}), ElementsAre("b"));
  EXPECT_THAT(names({{"limit", 2}}), ElementsAre("a", "b"));
  const json b = run("DescribeLogStreams", {{"logGroupName", kGroup}})["logStreams"][1];
  EXPECT_EQ(b["firstEventTimestamp"], kBase + 1);
  EXPECT_EQ(b["lastEventTimestamp"], kBase + 5);
  EXPECT_EQ(b["arn"], "arn:aws:logs:eu-west-1:000000000000:log-group:/aws/lambda/f:log-stream:b");
}

TEST_F(LogsOperationsTest, UnknownGroupStreamAndOperation) {
  write("a", 0, "x");
  for (const char* operation : {"FilterLogEvents", "GetLogEvents", "DescribeLogStreams"}) {
    const Error error = refused(operation, {{"logGroupName", "/nope"}, {"logStreamName", "a"}});
    EXPECT_EQ(error.type, "ResourceNotFoundException") << operation;
    EXPECT_EQ(error.message, "The specified log group does not exist.") << operation;
  }
  EXPECT_EQ(refused("GetLogEvents", {{"logGroupName", kGroup}, {"logStreamName", "z"}}).message,
            "The specified log stream does not exist.");
  const Error error = refused("StartQuery", json::object());
  EXPECT_EQ(error.type, "UnknownOperationException");
  EXPECT_EQ(error.message, "Kiln's CloudWatch Logs has no operation StartQuery");
}

TEST_F(LogsOperationsTest, BadParametersAreNamed) {
  write("a", 0, "x");
  struct BadCase {
    const char* operation;
    json more;
    const char* named;
  };
  const BadCase cases[] = {
      {"FilterLogEvents", {{"limit", 0}}, "limit"},
      {"FilterLogEvents", {{"limit", 10'001}}, "limit"},
      {"FilterLogEvents", {{"limit", "5"}}, "limit"},
      {"FilterLogEvents", {{"startTime", -1}}, "startTime"},
      {"FilterLogEvents", {{"startTime", 1.5}}, "startTime"},
      {"FilterLogEvents", {{"endTime", 18446744073709551615U}}, "endTime"},
      {"FilterLogEvents", {{"logStreamNames", "a"}}, "logStreamNames"},
      {"FilterLogEvents", {{"logStreamNames", {1}}}, "logStreamNames"},
      {"FilterLogEvents",
       {{"logStreamNames", {"a"}}, {"logStreamNamePrefix", "a"}},
       "logStreamNamePrefix"},
      {"FilterLogEvents", {{"filterPattern", "{ $.a = }"}}, "filter pattern"},
      {"FilterLogEvents", {{"nextToken", "rubbish"}}, "nextToken"},
      {"FilterLogEvents", {{"logGroupName", 7}}, "logGroupName"},
      {"FilterLogEvents", {{"logGroupName", nullptr}}, "logGroupName"},
      {"GetLogEvents", json::object(), "logStreamName"},
      {"GetLogEvents", {{"logStreamName", "a"}, {"nextToken", "f/x"}}, "nextToken"},
      {"GetLogEvents", {{"logStreamName", "a"}, {"nextToken", "g/1"}}, "nextToken"},
      {"GetLogEvents", {{"logStreamName", "a"}, {"startFromHead", "yes"}}, "startFromHead"},
      {"DescribeLogStreams", {{"limit", 51}}, "limit"},
      {"DescribeLogStreams", {{"orderBy", "Size"}}, "orderBy"},
      {"DescribeLogStreams",
       {{"orderBy", "LastEventTime"}, {"logStreamNamePrefix", "a"}},
       "LastEventTime"},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(std::string(c.operation) + c.more.dump());
    json input = {{"logGroupName", kGroup}};
    input.update(c.more);
    const Error error = refused(c.operation, input);
    EXPECT_EQ(error.type, "InvalidParameterException");
    EXPECT_THAT(error.message, HasSubstr(c.named));
  }
}

// As recorded.
TEST_F(LogsOperationsTest, LimitsSayWhichEndWasPassed) {
  write("a", 0, "x");
  const json most = {{"logGroupName", kGroup}, {"logStreamName", "a"}, {"limit", 10'001}};
  EXPECT_EQ(refused("GetLogEvents", most).message,
            "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: "
            "Member must have value less than or equal to 10000");
  EXPECT_EQ(refused("FilterLogEvents", {{"logGroupName", kGroup}, {"limit", 0}}).message,
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1");
  const Error both = refused("DescribeLogStreams",
                             {{"logGroupName", kGroup}, {"logGroupIdentifier", kArn + kGroup}});
  EXPECT_EQ(both.type, "ValidationException");
  EXPECT_EQ(both.message, "LogGroup name and LogGroup ARN are mutually exclusive parameters.");
}

// The pattern of AWS's model; tags are another matter.
TEST_F(LogsOperationsTest, AnIdentifierHasNoAsterisk) {
  write("a", 0, "x");
  const std::string arn = kArn + kGroup + ":*";
  for (const char* operation : {"FilterLogEvents", "GetLogEvents", "DescribeLogStreams"}) {
    json input = {{"logGroupIdentifier", arn}};
    if (operation == std::string("GetLogEvents")) input["logStreamName"] = "a";
    EXPECT_EQ(refused(operation, input).message,
              "1 validation error detected: Value at 'logGroupIdentifier' failed to satisfy "
              "constraint: Member must satisfy regular expression pattern: [\\w#+=/:,.@-]*")
        << operation;
  }
  run("TagResource", {{"resourceArn", arn}, {"tags", {{"k", "v"}}}});
  EXPECT_EQ(run("ListTagsForResource", {{"resourceArn", arn}})["tags"], json({{"k", "v"}}));
}

TEST_F(LogsOperationsTest, AProtectedGroupIsNotDeleted) {
  run("CreateLogGroup", {{"logGroupName", "g"}, {"deletionProtectionEnabled", true}});
  const auto is_protected = [&] {
    return run("DescribeLogGroups",
               {{"logGroupNamePrefix", "g"}})["logGroups"][0]["deletionProtectionEnabled"];
  };
  EXPECT_EQ(is_protected(), true);
  EXPECT_EQ(refused("DeleteLogGroup", {{"logGroupName", "g"}}).type, "ValidationException");
  restart();
  EXPECT_EQ(is_protected(), true);
  run("PutLogGroupDeletionProtection",
      {{"logGroupIdentifier", kArn + "g"}, {"deletionProtectionEnabled", false}});
  EXPECT_EQ(is_protected(), false);
  run("DeleteLogGroup", {{"logGroupName", "g"}});
}

// Of groups and streams, the members that were recorded.
TEST_F(LogsOperationsTest, MembersThatDescribe) {
  run("CreateLogGroup", {{"logGroupName", "g"}});
  run("CreateLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}});
  json group = run("DescribeLogGroups", {{"logGroupNamePattern", "g"}})["logGroups"][0];
  EXPECT_FALSE(group.contains("storedBytes"));
  EXPECT_FALSE(group.contains("deletionProtectionEnabled"));
  const auto stream = [&] {
    return run("DescribeLogStreams", {{"logGroupName", "g"}})["logStreams"][0];
  };
  EXPECT_FALSE(stream().contains("uploadSequenceToken"));
  run("PutLogEvents", put("g", "s", {{0, "x"}}));
  EXPECT_EQ(stream()["uploadSequenceToken"].get<std::string>().size(), 56U);
}

}  // namespace
}  // namespace kiln::services
