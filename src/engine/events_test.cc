// Events, their lines, and the writer that prints them.
#include "engine/events.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>

#include "base/json_text.h"
#include "engine/event_text.h"
#include "engine/event_writer.h"

namespace kiln::engine {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;

constexpr WallTime kNoon{std::chrono::milliseconds(1'769'000'400'123)};  // 2026-01-21T13:00:00.123Z

EndedInvocation ended() {
  EndedInvocation facts;
  facts.region = "us-east-1";
  facts.function_name = "hello";
  facts.version = "$LATEST";
  facts.request_id = "r-1";
  facts.duration_ms = 3.14;
  return facts;
}

TEST(Events, AWarmInvocationIsOneShortLine) {
  const EngineEvent event = invocation_event(ended(), kNoon);
  EXPECT_EQ(event.severity, Severity::kInfo);
  EXPECT_EQ(event_line(event, EventColors::kNo),
            "13:00:00.123  ok        hello            3.1 ms\n");
}

TEST(Events, AColdStartSaysItsInitAndAFailureItsFirstLine) {
  EndedInvocation facts = ended();
  facts.init_ms = 22;
  facts.function_error = true;
  facts.payload = R"({"errorType":"ValueError","errorMessage":"bad\nsecond line"})";
  const EngineEvent event = invocation_event(facts, kNoon);
  EXPECT_EQ(event.severity, Severity::kWarning);
  EXPECT_THAT(event_line(event, EventColors::kNo),
              EndsWith("error     hello            3.1 ms, cold start with 22.0 ms init  "
                       "ValueError: bad\n"));
  const json line = json::parse(event_json(event));
  EXPECT_EQ(line["event"], "invocation");
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["time"], "2026-01-21T13:00:00.123Z");
  EXPECT_EQ(line["initMs"], 22.0);
  EXPECT_EQ(line["errorType"], "ValueError");
  EXPECT_EQ(line["requestId"], "r-1");
}

TEST(Events, WhateverAFunctionAnswersALineStaysALine) {
  EndedInvocation facts = ended();
  facts.function_error = true;
  for (const char* payload :
       {"", "not json", "[1]", R"({"errorMessage": 7})", "{\"errorMessage\": \"\xff\"}",
        R"({"errorMessage": "a\u001b[31m\u0000b"})"}) {
    facts.payload = payload;
    const EngineEvent event = invocation_event(facts, kNoon);
    const std::string line = event_line(event, EventColors::kNo);
    EXPECT_EQ(line.find('\n'), line.size() - 1) << payload;
    EXPECT_EQ(line.find('\033'), std::string::npos) << payload;
    EXPECT_FALSE(json::parse(event_json(event), nullptr, false).is_discarded()) << payload;
  }
}

TEST(Events, WhateverACallerSendsALineIsOneOfTextThatPaintsNothing) {
  const auto line_of = [](const std::string& operation, const std::string& request) {
    const AnsweredRequest answered{"sns", operation, request, 400, 0.3, ""};
    const std::string line = event_line(api_event(answered, kNoon), EventColors::kNo);
    EXPECT_TRUE(is_utf8(line)) << line;
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    return line;
  };
  const std::string raw = line_of("Put\x1b[31m\nX",
                                  "GET /\xe9\xff\xc2\x9b"
                                  "31m/\u00e9\x7f");
  EXPECT_THAT(raw, HasSubstr("Put\\x1b[31m\\x0aX"));
  EXPECT_THAT(raw, HasSubstr("GET /\ufffd\ufffd\\x9b31m/\u00e9"));
  // Cut between two characters.
  const std::string cut = line_of("P", "GET /" + std::string(294, 'a') + "\u00e9\u00e9");
  EXPECT_THAT(cut, HasSubstr("aa\u2026"));
}

TEST(Events, RequestsAreDebugWhenTheyReadAndWarningsWhenRefused) {
  const auto severity = [](const char* operation, const char* request, int status,
                           std::string_view error = {}) {
    return severity_of(
        {.operation = operation, .request = request, .status = status, .error_body = error});
  };
  EXPECT_EQ(severity("GetFunction", "GET /2015-03-31/functions/f", 200), Severity::kDebug);
  EXPECT_EQ(severity("FilterLogEvents", "POST /", 200), Severity::kDebug);
  EXPECT_EQ(severity("DescribeAlarms", "POST /", 200), Severity::kDebug);
  EXPECT_EQ(severity("HEAD /bucket/key", "HEAD /bucket/key", 200), Severity::kDebug);
  EXPECT_EQ(severity("CreateFunction", "POST /2015-03-31/functions", 201), Severity::kInfo);
  EXPECT_EQ(severity("PutMetricAlarm", "POST /", 200), Severity::kInfo);
  EXPECT_EQ(severity("PUT /bucket/key", "PUT /bucket/key", 399), Severity::kInfo);
  // What a tool looks for may not be there yet; what it may not ask is another matter.
  const char* const missing = R"({"__type":"ResourceNotFoundException","message":"no group"})";
  EXPECT_EQ(severity("GetFunction", "GET /2015-03-31/functions/f", 404), Severity::kDebug);
  EXPECT_EQ(severity("FilterLogEvents", "POST /", 400, missing), Severity::kDebug);
  EXPECT_EQ(severity("DescribeStacks", "POST /", 400, "Stack with id s does not exist"),
            Severity::kDebug);
  EXPECT_EQ(severity("PutLogEvents", "POST /", 400, missing), Severity::kWarning);
  EXPECT_EQ(severity("Invoke", "POST /2015-03-31/functions/f/invocations", 404),
            Severity::kWarning);
  EXPECT_EQ(severity("FilterLogEvents", "POST /", 400, "{}"), Severity::kWarning);
  EXPECT_EQ(severity("GetFunction", "GET /2015-03-31/functions/f", 400), Severity::kWarning);
  EXPECT_EQ(severity("GetFunction", "GET /2015-03-31/functions/f", 499), Severity::kWarning);
  EXPECT_EQ(severity("GetFunction", "GET /2015-03-31/functions/f", 500), Severity::kError);
  AnsweredRequest answered{
      .service = "lambda",
      .operation = "CreateFunction",
      .request = "POST /2015-03-31/functions",
      .status = 409,
      .duration_ms = 1.5,
      .error_body = R"({"Type":"User","message":"Function already exist: f"})"};
  EXPECT_THAT(event_line(api_event(answered, kNoon), EventColors::kNo),
              EndsWith("api       CreateFunction   POST /2015-03-31/functions  409  1.5 ms"
                       "  Function already exist: f\n"));
}

TEST(Events, AlarmsThrottlesAndScalingNameTheirReason) {
  EXPECT_THAT(
      event_line(alarm_event("us-east-1", "Errors", "OK", "ALARM", "Threshold Crossed: …", kNoon),
                 EventColors::kNo),
      EndsWith("alarm     Errors           OK → ALARM  Threshold Crossed: …\n"));
  EXPECT_THAT(event_line(throttle_event("us-east-1", "hello",
                                        "ReservedFunctionConcurrentInvocationLimitExceeded", kNoon),
                         EventColors::kNo),
              HasSubstr("throttle  hello            Reserved"));
  EXPECT_EQ(scaling_event("us-east-1", "function:f:live", "Setting 5", false, kNoon).severity,
            Severity::kInfo);
  EXPECT_EQ(scaling_event("us-east-1", "function:f:live", "Failed", true, kNoon).severity,
            Severity::kWarning);
}

TEST(Events, NobodyWhoListensWantsNothing) {
  NoEvents none;
  EXPECT_FALSE(none.wants(Severity::kError));
}

// ---- the writer

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0); }
  ~Pipe() {
    for (const int fd : fds)
      if (fd >= 0) ::close(fd);
  }
  void close_writer() { ::close(std::exchange(fds[1], -1)); }
  std::string read_all() {
    close_writer();
    std::string text;
    char block[4096];
    for (ssize_t n = 0; (n = ::read(fds[0], block, sizeof block)) > 0;)
      text.append(block, static_cast<size_t>(n));
    return text;
  }
  int fds[2] = {-1, -1};
};

TEST(EventWriter, WritesWhatIsWantedInOrderAndAllOfItAtTheEnd) {
  Pipe pipe;
  {
    EventWriter writer({pipe.fds[1], Severity::kInfo, EventFormat::kText, EventColors::kNo});
    EXPECT_FALSE(writer.wants(Severity::kDebug));
    EXPECT_TRUE(writer.wants(Severity::kInfo));
    for (int i = 0; i < 10; ++i)
      writer.write(note_event(Severity::kInfo, "note " + std::to_string(i), kNoon));
    writer.write(note_event(Severity::kDebug, "not wanted", kNoon));
  }
  const std::string text = pipe.read_all();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
  EXPECT_LT(text.find("note 3"), text.find("note 4"));
}

TEST(EventWriter, CountsWhatASlowReaderMisses) {
  Pipe pipe;
  std::string text;
  std::thread reader;
  {
    EventWriter writer({pipe.fds[1], Severity::kInfo, EventFormat::kJson, EventColors::kNo});
    // More than a pipe and the queue hold, while nobody reads: write() must come back.
    const std::string long_text(280, 'x');
    for (size_t i = 0; i < 4 * EventWriter::kMostWaiting; ++i)
      writer.write(note_event(Severity::kInfo, long_text, kNoon));
    reader = std::thread([&] {
      char block[65536];
      for (ssize_t n = 0; (n = ::read(pipe.fds[0], block, sizeof block)) > 0;)
        text.append(block, static_cast<size_t>(n));
    });
  }  // writes the rest
  pipe.close_writer();
  reader.join();
  EXPECT_THAT(text, HasSubstr("more events came too fast to be shown"));
}

TEST(EventWriter, AReaderThatGoesAwayEndsTheWritingAlone) {
  ::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  ::close(std::exchange(pipe.fds[0], -1));
  EventWriter writer({pipe.fds[1], Severity::kInfo, EventFormat::kText, EventColors::kYes});
  for (int i = 0; i < 1000; ++i) writer.write(note_event(Severity::kWarning, "x", kNoon));
}

}  // namespace
}  // namespace kiln::engine
