#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/logs_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LogsWriteTest : public LogsApiTest {
 protected:
  void make(const std::string& group = "g", const std::string& stream = "s") {
    run("CreateLogGroup", {{"logGroupName", group}});
    run("CreateLogStream", {{"logGroupName", group}, {"logStreamName", stream}});
  }
  json get(json more = json::object()) {
    json input = {{"logGroupName", "g"}, {"logStreamName", "s"}, {"startFromHead", true}};
    input.update(more);
    return run("GetLogEvents", input);
  }
  json group(const std::string& name) {
    const json output = run("DescribeLogGroups", {{"logGroupNamePrefix", name}});
    for (const json& each : output["logGroups"])
      if (each["logGroupName"] == name) return each;
    return nullptr;
  }
};

TEST_F(LogsWriteTest, EventsComeBackAsTheyWerePut) {
  make();
  const std::vector<std::string> texts = {
      "plain",
      "Traceback:\n  File \"a\"\n\nValueError\n",
      "\n",
      "C:\\new\\\\n",
      "\\",
      "tab\tand\rreturn",
      "größer 日本 🙂",
      std::string("nul\0inside", 10),
      " blank before and behind ",
      "2026-01-21T12:53:20.000Z looks like a line",
  };
  std::vector<std::pair<int64_t, std::string>> events;
  for (const std::string& text : texts) events.emplace_back(-500, text);
  const json output = run("PutLogEvents", put("g", "s", events));
  EXPECT_EQ(output["nextSequenceToken"].get<std::string>().size(), 56U);
  EXPECT_FALSE(output.contains("rejectedLogEventsInfo"));
  restart();
  const json read = get();
  EXPECT_EQ(messages(read), texts);
  EXPECT_EQ(read["events"][0]["timestamp"], kBase - 500);
  EXPECT_EQ(read["events"][0]["ingestionTime"], kBase);
  EXPECT_EQ(messages(run("FilterLogEvents", {{"logGroupName", "g"}})), texts);
}

TEST_F(LogsWriteTest, EventsAreInTheOrderOfTheirTimes) {
  make();
  run("PutLogEvents", put("g", "s", {{-100, "2"}, {-50, "4"}}));
  run("PutLogEvents", put("g", "s", {{-200, "1"}, {-100, "3"}, {-10, "5"}}));
  EXPECT_THAT(messages(get()), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(messages(get({{"startTime", kBase - 100}, {"endTime", kBase - 10}})),
              ElementsAre("2", "3", "4"));
  restart();
  run("PutLogEvents", put("g", "s", {{-20, "between"}}));
  EXPECT_THAT(messages(run("FilterLogEvents", {{"logGroupName", "g"}})),
              ElementsAre("1", "2", "3", "4", "between", "5"));
  const json stream = run("DescribeLogStreams", {{"logGroupName", "g"}})["logStreams"][0];
  EXPECT_EQ(stream["firstEventTimestamp"], kBase - 200);
  EXPECT_EQ(stream["lastEventTimestamp"], kBase - 10);
}

TEST_F(LogsWriteTest, PagesOfAnUnorderedStream) {
  make();
  for (int i = 0; i < 9; ++i)
    run("PutLogEvents", put("g", "s", {{-(i * 7 % 9) / 2, std::to_string(i)}}));
  const auto all = messages(get());
  ASSERT_THAT(all, SizeIs(9));
  std::vector<std::string> forward, backward;
  json page = get({{"limit", 2}});
  while (!page["events"].empty()) {
    for (auto& m : messages(page)) forward.push_back(m);
    page = get({{"limit", 2}, {"nextToken", page["nextForwardToken"]}});
  }
  page = get({{"limit", 2}, {"startFromHead", false}});
  while (!page["events"].empty()) {
    const auto some = messages(page);
    backward.insert(backward.begin(), some.begin(), some.end());
    page = get({{"limit", 2}, {"nextToken", page["nextBackwardToken"]}});
  }
  EXPECT_EQ(forward, all);
  EXPECT_EQ(backward, all);
}

TEST_F(LogsWriteTest, TokensOfAnEmptyStream) {
  make();
  for (const bool from_head : {true, false}) {
    const json page = get({{"startFromHead", from_head}});
    EXPECT_THAT(page["events"], IsEmpty());
    const json again = get({{"nextToken", page["nextForwardToken"]}});
    EXPECT_EQ(again["nextForwardToken"], page["nextForwardToken"]);
    run("PutLogEvents", put("g", "s", {{-1, "x"}}));
    EXPECT_FALSE(messages(get({{"nextToken", page["nextForwardToken"]}})).empty());
    run("DeleteLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}});
    run("CreateLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}});
  }
}

TEST_F(LogsWriteTest, PutErrors) {
  make();
  const auto error = [&](const json& input) { return refused("PutLogEvents", input); };
  EXPECT_EQ(error(put("h", "s", {{0, "x"}})).message, "The specified log group does not exist.");
  EXPECT_EQ(error(put("g", "t", {{0, "x"}})).message, "The specified log stream does not exist.");
  EXPECT_EQ(error(put("g", "t", {{0, "x"}})).type, "ResourceNotFoundException");
  struct BadCase {
    json events;
    const char* message;
  };
  const json::array_t ok = {{{"timestamp", kBase}, {"message", "x"}}};
  const BadCase cases[] = {
      {nullptr, "Value null at 'logEvents'"},
      {json::array(), "Value '[]' at 'logEvents'"},
      {"x", "logEvents must be a list"},
      {{1}, "Value null at 'logEvents.1.member.timestamp'"},
      {json::array({{{"timestamp", kBase}}}), "Value null at 'logEvents.1.member.message'"},
      {json::array({{{"timestamp", kBase}, {"message", ""}}}),
       "Value '' at 'logEvents.1.member.message'"},
      {json::array({{{"timestamp", kBase}, {"message", 1}}}), "logEvents.1.member.message"},
      {json::array({{{"timestamp", -1}, {"message", "x"}}}), "Value '-1' at"},
      {json::array({{{"timestamp", 18446744073709551615U}, {"message", "x"}}}), "timestamp"},
      {json::array({{{"timestamp", "1"}, {"message", "x"}}}), "timestamp"},
      {json::array({{{"timestamp", kBase}, {"message", "x"}},
                    {{"timestamp", kBase - 1}, {"message", "x"}}}),
       "Log events in a single PutLogEvents request must be in chronological order."},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(c.events.dump());
    const Error refusal =
        error({{"logGroupName", "g"}, {"logStreamName", "s"}, {"logEvents", c.events}});
    EXPECT_EQ(refusal.type, "InvalidParameterException");
    EXPECT_THAT(refusal.message, HasSubstr(c.message));
  }
  EXPECT_THAT(error({{"logGroupName", "g"}, {"logEvents", ok}}).message,
              HasSubstr("logStreamName"));
  EXPECT_THAT(messages(get()), IsEmpty());
}

TEST_F(LogsWriteTest, LimitsOfABatch) {
  make();
  const auto events = [&](size_t count, size_t bytes) {
    return put("g", "s",
               std::vector<std::pair<int64_t, std::string>>(count, {0, std::string(bytes, 'x')}));
  };
  const auto error = [&](const json& input) { return refused("PutLogEvents", input).message; };
  run("PutLogEvents", events(10'000, 1));
  EXPECT_THAT(error(events(10'001, 1)), HasSubstr("less than or equal to 10000"));
  // 26 bytes count beside each message.
  run("PutLogEvents", events(1024, 1024 - 26));
  EXPECT_EQ(error(events(1024, 1024 - 25)),
            "Upload too large: 1049600 bytes exceeds limit of 1048576");
  run("PutLogEvents", events(1, 1'048'576 - 26));
  EXPECT_EQ(error(events(1, 1'048'576 - 25)),
            "Log event too large: 1048577 bytes exceeds limit of 1048576");
  run("PutLogEvents", put("g", "s", {{-kDay, "a"}, {0, "b"}}));
  EXPECT_EQ(error(put("g", "s", {{-kDay - 1, "a"}, {0, "b"}})),
            "The batch of log events in a single PutLogEvents request cannot span more than 24 "
            "hours.");
}

TEST_F(LogsWriteTest, EventsOutsideOfTheTimeThatIsTakenAreCountedOut) {
  make();
  const int64_t ahead = 2LL * 3600 * 1000;
  json output =
      run("PutLogEvents", put("g", "s", {{ahead - 1, "a"}, {ahead, "b"}, {ahead + 1, "c"}}));
  EXPECT_EQ(output["rejectedLogEventsInfo"], (json{{"tooNewLogEventStartIndex", 2}}));
  output = run("PutLogEvents", put("g", "s", {{-14 * kDay - 1, "d"}, {-14 * kDay, "e"}}));
  EXPECT_EQ(output["rejectedLogEventsInfo"], (json{{"tooOldLogEventEndIndex", 1}}));
  EXPECT_THAT(messages(get()), ElementsAre("e", "a", "b"));
  run("PutRetentionPolicy", {{"logGroupName", "g"}, {"retentionInDays", 3}});
  output = run("PutLogEvents", put("g", "s", {{-3 * kDay - 1, "f"}, {-3 * kDay, "g"}}));
  EXPECT_EQ(output["rejectedLogEventsInfo"], (json{{"expiredLogEventEndIndex", 1}}));
  EXPECT_THAT(messages(get()), ElementsAre("g", "a", "b"));
  // Later events are found by a search that starts ahead of the clock.
  EXPECT_THAT(
      messages(run("FilterLogEvents", {{"logGroupName", "g"}, {"startTime", kBase + ahead}})),
      ElementsAre("b"));
}

TEST_F(LogsWriteTest, GroupsAndStreamsOutliveARestart) {
  run("CreateLogGroup", {{"logGroupName", "g"}, {"tags", {{"team", "a"}}}});
  EXPECT_EQ(group("g")["creationTime"], kBase);
  EXPECT_EQ(group("g")["storedBytes"], 0);
  EXPECT_EQ(group("g")["arn"], kArn + "g:*");
  EXPECT_EQ(group("g")["logGroupArn"], kArn + "g");
  EXPECT_FALSE(group("g").contains("retentionInDays"));
  EXPECT_THAT(run("DescribeLogStreams", {{"logGroupName", "g"}})["logStreams"], IsEmpty());
  EXPECT_THAT(messages(run("FilterLogEvents", {{"logGroupName", "g"}})), IsEmpty());
  now_ms_ += 5;
  run("CreateLogStream", {{"logGroupName", "g"}, {"logStreamName", "s/1"}});
  run("PutRetentionPolicy", {{"logGroupName", "g"}, {"retentionInDays", 7}});
  restart();
  now_ms_ += 5;
  EXPECT_EQ(group("g")["creationTime"], kBase);
  EXPECT_EQ(group("g")["retentionInDays"], 7);
  const json stream = run("DescribeLogStreams", {{"logGroupName", "g"}})["logStreams"][0];
  EXPECT_EQ(stream["logStreamName"], "s/1");
  EXPECT_EQ(stream["creationTime"], kBase + 5);
  EXPECT_FALSE(stream.contains("firstEventTimestamp"));
  EXPECT_EQ(run("ListTagsForResource", {{"resourceArn", kArn + "g"}})["tags"],
            (json{{"team", "a"}}));
  for (const auto& [operation, message] :
       {std::pair{"CreateLogGroup", "The specified log group already exists"},
        std::pair{"CreateLogStream", "The specified log stream already exists"}}) {
    const Error error = refused(operation, {{"logGroupName", "g"}, {"logStreamName", "s/1"}});
    EXPECT_EQ(error.type, "ResourceAlreadyExistsException");
    EXPECT_EQ(error.message, message);
  }
}

TEST_F(LogsWriteTest, Names) {
  const auto message = [&](const json& name) {
    const auto output = answer("CreateLogGroup", {{"logGroupName", name}});
    return output ? std::string("ok") : output.error().message;
  };
  EXPECT_EQ(message("aZ09.-_/#"), "ok");
  EXPECT_EQ(message(std::string(512, 'x')), "ok");
  EXPECT_EQ(message(std::string(513, 'x')),
            "Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
  EXPECT_THAT(message(""), HasSubstr("length greater than or equal to 1"));
  EXPECT_THAT(message(nullptr), HasSubstr("Value null at 'logGroupName'"));
  EXPECT_EQ(message("a b"),
            "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+");
  EXPECT_EQ(message("AWS/x"), "Log groups starting with AWS/ are reserved for AWS.");
  EXPECT_EQ(message("/aws/x"), "ok");
  for (const char* bad : {"a:b", "a*b", ""}) {
    EXPECT_EQ(refused("CreateLogStream", {{"logGroupName", "/aws/x"}, {"logStreamName", bad}}).type,
              "InvalidParameterException");
  }
  run("CreateLogStream", {{"logGroupName", "/aws/x"}, {"logStreamName", "2026/[$LATEST] ü"}});
  EXPECT_EQ(refused("CreateLogStream", {{"logGroupName", "no"}, {"logStreamName", "s"}}).message,
            "The specified log group does not exist.");
  EXPECT_EQ(refused("CreateLogGroup", {{"logGroupName", "c"}, {"logGroupClass", "GOLD"}}).type,
            "InvalidParameterException");
  run("CreateLogGroup", {{"logGroupName", "c"}, {"logGroupClass", "INFREQUENT_ACCESS"}});
  EXPECT_EQ(group("c")["logGroupClass"], "INFREQUENT_ACCESS");
}

TEST_F(LogsWriteTest, Deleting) {
  make();
  run("PutLogEvents", put("g", "s", {{-2, "x"}, {-3 + 2, "y"}}));
  run("PutLogEvents", put("g", "s", {{-5, "unordered"}}));
  write("lambda", 0, "line", "g");
  run("DeleteLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}});
  EXPECT_EQ(refused("GetLogEvents", {{"logGroupName", "g"}, {"logStreamName", "s"}}).message,
            "The specified log stream does not exist.");
  EXPECT_THAT(messages(run("FilterLogEvents", {{"logGroupName", "g"}})), ElementsAre("line\n"));
  EXPECT_EQ(refused("DeleteLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}}).type,
            "ResourceNotFoundException");
  // A stream of the same name is a new one.
  run("CreateLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}});
  run("PutLogEvents", put("g", "s", {{-2, "new"}}));
  EXPECT_THAT(messages(get()), ElementsAre("new"));

  state_.full = true;
  EXPECT_EQ(refused("DeleteLogGroup", {{"logGroupName", "g"}}).message, "the disk is full");
  EXPECT_THAT(messages(get()), ElementsAre("new"));
  state_.full = false;
  run("DeleteLogGroup", {{"logGroupName", "g"}});
  EXPECT_TRUE(state_.documents.empty());
  EXPECT_EQ(group("g"), nullptr);
  EXPECT_EQ(refused("DeleteLogGroup", {{"logGroupName", "g"}}).message,
            "The specified log group does not exist.");
  run("CreateLogGroup", {{"logGroupName", "g"}});
  EXPECT_THAT(run("DescribeLogStreams", {{"logGroupName", "g"}})["logStreams"], IsEmpty());
  // A function that is still running makes its stream anew.
  write("lambda", 1, "next", "g");
  EXPECT_THAT(messages(run("FilterLogEvents", {{"logGroupName", "g"}})), ElementsAre("next\n"));
}

TEST_F(LogsWriteTest, RetentionValues) {
  make();
  for (const int days : {1, 14, 30, 365, 545, 1096, 3653}) {
    run("PutRetentionPolicy", {{"logGroupName", "g"}, {"retentionInDays", days}});
    EXPECT_EQ(group("g")["retentionInDays"], days);
  }
  for (const json& days : {json(0), json(2), json(3654), json(-1), json(nullptr), json("7")}) {
    const Error error =
        refused("PutRetentionPolicy", {{"logGroupName", "g"}, {"retentionInDays", days}});
    EXPECT_EQ(error.type, "InvalidParameterException");
    EXPECT_THAT(error.message, HasSubstr("retentionInDays"));
  }
  run("DeleteRetentionPolicy", {{"logGroupName", "g"}});
  EXPECT_FALSE(group("g").contains("retentionInDays"));
  for (const char* operation : {"PutRetentionPolicy", "DeleteRetentionPolicy"}) {
    EXPECT_EQ(refused(operation, {{"logGroupName", "no"}, {"retentionInDays", 7}}).message,
              "The specified log group does not exist.");
  }
}

TEST_F(LogsWriteTest, RetentionHidesAndTheSweepRemoves) {
  write("a", -kDay - 1, "old");
  write("a", -kDay, "kept");
  write("gone", -2 * kDay, "older");
  const auto seen = [&] { return messages(run("FilterLogEvents", {{"logGroupName", kGroup}})); };
  run("PutRetentionPolicy", {{"logGroupName", kGroup}, {"retentionInDays", 1}});
  EXPECT_THAT(seen(), ElementsAre("kept\n"));
  EXPECT_THAT(messages(run("GetLogEvents", {{"logGroupName", kGroup}, {"logStreamName", "a"}})),
              ElementsAre("kept\n"));
  run("DeleteRetentionPolicy", {{"logGroupName", kGroup}});
  groups_->sweep(now_ms_);
  EXPECT_THAT(seen(), SizeIs(3));
  run("PutRetentionPolicy", {{"logGroupName", kGroup}, {"retentionInDays", 1}});
  groups_->sweep(now_ms_);
  run("DeleteRetentionPolicy", {{"logGroupName", kGroup}});
  EXPECT_THAT(seen(), ElementsAre("kept\n"));
  // Streams stay.
  const json streams = run("DescribeLogStreams", {{"logGroupName", kGroup}})["logStreams"];
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0]["creationTime"], kBase - kDay - 1);
  EXPECT_EQ(streams[0]["firstEventTimestamp"], kBase - kDay);
  EXPECT_FALSE(streams[1].contains("firstEventTimestamp"));
  // And are written to as before.
  write("a", 1, "next");
  write("gone", 2, "back");
  EXPECT_THAT(seen(), ElementsAre("kept\n", "next\n", "back\n"));
}

TEST_F(LogsWriteTest, Tags) {
  make();
  const json arn = {{"resourceArn", kArn + "g"}};
  const auto tags = [&] { return run("ListTagsForResource", arn)["tags"]; };
  EXPECT_EQ(tags(), json::object());
  run("TagResource", {{"resourceArn", kArn + "g:*"}, {"tags", {{"a", "1"}, {"b", "2"}}}});
  run("TagLogGroup", {{"logGroupName", "g"}, {"tags", {{"b", "3"}, {"c", ""}}}});
  EXPECT_EQ(tags(), (json{{"a", "1"}, {"b", "3"}, {"c", ""}}));
  run("UntagResource", {{"resourceArn", kArn + "g"}, {"tagKeys", {"a", "none"}}});
  run("UntagLogGroup", {{"logGroupName", "g"}, {"tags", {"c"}}});
  EXPECT_EQ(run("ListTagsLogGroup", {{"logGroupName", "g"}})["tags"], (json{{"b", "3"}}));

  json many = json::object();
  for (int i = 0; i < 50; ++i) many["k" + std::to_string(i)] = "v";
  EXPECT_EQ(refused("TagResource", {{"resourceArn", kArn + "g"}, {"tags", many}}).type,
            "TooManyTagsException");
  many["k50"] = "v";
  EXPECT_THAT(refused("TagResource", {{"resourceArn", kArn + "g"}, {"tags", many}}).message,
              HasSubstr("at 'tags' failed to satisfy constraint: Member must have length "
                        "less than or equal to 50"));
  many.erase("k50");
  many.erase("k0");
  run("TagResource", {{"resourceArn", kArn + "g"}, {"tags", many}});
  run("UntagResource", {{"resourceArn", kArn + "g"}, {"tagKeys", {"k1"}}});
  const auto accepts = [&](const std::string& key, const std::string& value) {
    return answer("TagResource", {{"resourceArn", kArn + "g"}, {"tags", {{key, value}}}}).ok();
  };
  EXPECT_TRUE(accepts(std::string(128, 'k'), std::string(256, 'v')));
  run("UntagResource", {{"resourceArn", kArn + "g"}, {"tagKeys", {std::string(128, 'k')}}});
  // Characters count, not bytes.
  std::string letters;
  for (int i = 0; i < 128; ++i) letters += "\u00e9";
  run("TagResource", {{"resourceArn", kArn + "g"}, {"tags", {{letters, letters}}}});
  run("UntagResource", {{"resourceArn", kArn + "g"}, {"tagKeys", {letters}}});
  EXPECT_FALSE(accepts(std::string(129, 'k'), "v"));
  EXPECT_FALSE(accepts("k", std::string(257, 'v')));
  EXPECT_FALSE(accepts("", "v"));
  EXPECT_FALSE(accepts("aws:k", "v"));

  for (const char* operation : {"TagLogGroup", "UntagLogGroup"}) {
    EXPECT_THAT(refused(operation, {{"logGroupName", "g"}}).message,
                HasSubstr("Value null at 'tags'"));
    const bool puts = std::string_view(operation) == "TagLogGroup";
    EXPECT_THAT(
        refused(operation, {{"logGroupName", "g"}, {"tags", puts ? json::object() : json::array()}})
            .message,
        HasSubstr("at 'tags' failed to satisfy constraint: Member must have length "
                  "greater than or equal to 1"));
  }
  for (const char* operation : {"TagLogGroup", "UntagLogGroup"})
    EXPECT_THAT(refused(operation, json::object()).message,
                HasSubstr("Value null at 'logGroupName'"));
  EXPECT_THAT(
      refused("UntagLogGroup", {{"logGroupName", "none"}, {"tags", {"a!"}}}).message,
      HasSubstr("at 'tags' failed to satisfy constraint: Member must satisfy constraint: "));
  EXPECT_EQ(refused("TagLogGroup", {{"logGroupName", "g"}, {"tags", {{"aws:k", "v"}}}}).message,
            "aws: prefixed tag key names are not allowed for external use.");
  for (const char* member : {"tags", "tagKeys"})
    EXPECT_THAT(
        refused(std::string_view(member) == "tags" ? "TagResource" : "UntagResource", arn).message,
        HasSubstr("Value null at '" + std::string(member) + "'"));
  EXPECT_FALSE(accepts("k!", "v"));
  EXPECT_FALSE(accepts("k", "v*"));
  EXPECT_TRUE(accepts("a b_.:/=+-@\u00e9", "\u00e9 1_.:/=+-@"));

  for (const std::string& other :
       {kArn + "no", std::string("arn:aws:logs:us-east-1:000000000000:log-group:g")}) {
    const Error error = refused("ListTagsForResource", {{"resourceArn", other}});
    EXPECT_EQ(error.type, "ResourceNotFoundException");
    EXPECT_EQ(error.message, "The specified resource does not exist.");
  }
  EXPECT_EQ(refused("ListTagsForResource", {{"resourceArn", "g"}}).type,
            "InvalidParameterException");
  EXPECT_EQ(refused("ListTagsForResource", json::object()).type, "InvalidParameterException");
}

TEST_F(LogsWriteTest, DescribingGroupsByPatternIdentifierAndPage) {
  for (const char* name : {"/app/One", "/app/two", "/lib/one"})
    run("CreateLogGroup", {{"logGroupName", name}});
  const auto names = [&](const json& input) {
    std::vector<std::string> out;
    const json output = run("DescribeLogGroups", input);
    for (const json& each : output["logGroups"]) out.push_back(each["logGroupName"]);
    return out;
  };
  EXPECT_THAT(names({{"logGroupNamePattern", "ONE"}}), ElementsAre("/app/One", "/lib/one"));
  EXPECT_THAT(names({{"logGroupNamePrefix", "/app/o"}}), IsEmpty());
  EXPECT_THAT(names({{"logGroupIdentifiers", {"/lib/one", kArn + "/app/two", "/no"}}}),
              ElementsAre("/app/two", "/lib/one"));
  EXPECT_EQ(
      refused("DescribeLogGroups", {{"logGroupNamePattern", "a"}, {"logGroupNamePrefix", "a"}})
          .type,
      "InvalidParameterException");
  EXPECT_EQ(
      refused("DescribeLogGroups", {{"logGroupIdentifiers", {"a"}}, {"logGroupNamePrefix", "a"}})
          .type,
      "InvalidParameterException");
  // A group made between two pages moves nothing.
  json page = run("DescribeLogGroups", {{"limit", 2}});
  run("CreateLogGroup", {{"logGroupName", "/app/A"}});
  EXPECT_THAT(names({{"limit", 2}, {"nextToken", page["nextToken"]}}), ElementsAre("/lib/one"));
  EXPECT_EQ(refused("DescribeLogGroups", {{"nextToken", "x"}}).message,
            "The specified nextToken is invalid.");
}

TEST_F(LogsWriteTest, PagesOfStreams) {
  make();
  for (const char* name : {"a", "b", "c"}) write(name, name[0] == 'b' ? 9 : 1, "x", "g");
  const auto names = [&](json input) {
    std::vector<std::string> out;
    input["logGroupName"] = "g";
    input["limit"] = 1;
    while (true) {
      const json output = run("DescribeLogStreams", input);
      for (const json& each : output["logStreams"]) out.push_back(each["logStreamName"]);
      if (!output.contains("nextToken")) return out;
      input["nextToken"] = output["nextToken"];
    }
  };
  EXPECT_THAT(names(json::object()), ElementsAre("a", "b", "c", "s"));
  EXPECT_THAT(names({{"descending", true}}), ElementsAre("s", "c", "b", "a"));
  EXPECT_THAT(names({{"orderBy", "LastEventTime"}}), ElementsAre("s", "a", "c", "b"));
  EXPECT_THAT(names({{"orderBy", "LastEventTime"}, {"descending", true}}),
              ElementsAre("b", "c", "a", "s"));
}

TEST_F(LogsWriteTest, SearchedStreamNames) {
  make();
  json names = json::array();
  for (int i = 0; i < 100; ++i) names.push_back("s");
  EXPECT_THAT(messages(run("FilterLogEvents", {{"logGroupName", "g"}, {"logStreamNames", names}})),
              IsEmpty());
  names.push_back("s");
  EXPECT_THAT(
      refused("FilterLogEvents", {{"logGroupName", "g"}, {"logStreamNames", names}}).message,
      HasSubstr("less than or equal to 100"));
  run("CreateLogGroup", {{"logGroupName", "empty"}});
  EXPECT_EQ(
      refused("FilterLogEvents", {{"logGroupName", "empty"}, {"logStreamNames", {"s"}}}).message,
      "The specified log stream does not exist.");
}

}  // namespace
}  // namespace kiln::services
