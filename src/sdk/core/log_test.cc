#include "kiln/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

#include "sdk/core/log_writer.h"

namespace kiln::sdk {
namespace {

using log::Level;

std::string line(LogSettings::Form form, const LogRecord& record) {
  std::string out;
  append_log_line(out, form, record);
  return out;
}

TEST(Log, TextLinesHaveLevelTimeRequestAndFields) {
  EXPECT_EQ(
      line(LogSettings::Form::kText,
           {1'767'323'045'678,
            "id-1",
            Level::kInfo,
            "order stored",
            {{"order_id", 7}, {"amount", 12.5}, {"name", "a b"}, {"new", true}, {"plain", "x"}}}),
      "[INFO]\t2026-01-02T03:04:05.678Z\tid-1\torder stored order_id=7 amount=12.5 name=\"a b\" "
      "new=true "
      "plain=x\n");
}

TEST(Log, JsonLinesAreOneObject) {
  const std::string text =
      line(LogSettings::Form::kJson,
           {0,
            "id-1",
            Level::kError,
            "it \"broke\"\n\xFF",
            {{"count", uint64_t{18446744073709551615u}}, {"ok", false}, {"x", -1}}});
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_EQ(nlohmann::json::parse(text), (nlohmann::json{{"timestamp", "1970-01-01T00:00:00.000Z"},
                                                         {"level", "ERROR"},
                                                         {"message", "it \"broke\"\n\xEF\xBF\xBD"},
                                                         {"requestId", "id-1"},
                                                         {"count", 18446744073709551615u},
                                                         {"ok", false},
                                                         {"x", -1}}));
}

TEST(Log, OutsideAnInvocationThereIsNoRequestId) {
  EXPECT_FALSE(nlohmann::json::parse(line(LogSettings::Form::kJson, {0, "", Level::kInfo, "m", {}}))
                   .contains("requestId"));
  EXPECT_EQ(line(LogSettings::Form::kText, {0, "", Level::kInfo, "m", {}}),
            "[INFO]\t1970-01-01T00:00:00.000Z\t\tm\n");
}

TEST(Log, NoValueCanForgeALine) {
  const std::string text =
      line(LogSettings::Form::kText, {0,
                                      "id",
                                      Level::kWarn,
                                      "a\nb\rc\x1B[31m\xFF",
                                      {{"k\n", "v\nEND RequestId: id"}, {"none", ""}}});
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_NE(text.find("a\\nb\\rc\\x1b[31m\xEF\xBF\xBD k\\n=\"v\\nEND RequestId: id\" none=\"\""),
            std::string::npos)
      << text;
}

TEST(Log, SettingsComeFromLambdasVariables) {
  const auto check = [](const char* format, const char* lambda_level, const char* level) {
    const LogSettings s = log_settings(format, lambda_level, level);
    return std::pair(s.form, s.least);
  };
  using Form = LogSettings::Form;
  EXPECT_EQ(check(nullptr, nullptr, nullptr), std::pair(Form::kText, Level::kInfo));
  EXPECT_EQ(check("JSON", "DEBUG", nullptr), std::pair(Form::kJson, Level::kDebug));
  EXPECT_EQ(check("Text", nullptr, "warning"), std::pair(Form::kText, Level::kWarn));
  EXPECT_EQ(check("json", "ERROR", "DEBUG"), std::pair(Form::kJson, Level::kError));
  EXPECT_EQ(check("xml", "LOUD", "CRITICAL"), std::pair(Form::kText, Level::kFatal));
  EXPECT_EQ(check("", "", ""), std::pair(Form::kText, Level::kInfo));
  EXPECT_EQ(check("", "TRACE", ""), std::pair(Form::kText, Level::kTrace));
  EXPECT_EQ(check("", "fatal", ""), std::pair(Form::kText, Level::kFatal));
}

// The public functions write to standard output; the level is the default one.
TEST(Log, LinesGoToStandardOutputWhole) {
  int pipe_fds[2];
  ASSERT_EQ(::pipe(pipe_fds), 0);
  const int saved = ::dup(STDOUT_FILENO);
  ::fflush(stdout);
  ::dup2(pipe_fds[1], STDOUT_FILENO);
  set_log_request_id("id-2");
  log::debug("not written");
  log::info("first");
  set_log_request_id({});
  log::error("second", {{"n", 1}});
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  ::close(pipe_fds[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<size_t>(::read(pipe_fds[0], text.data(), text.size())));
  ::close(pipe_fds[0]);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_NE(text.find("\tid-2\tfirst\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\t\tsecond n=1\n"), std::string::npos) << text;
  EXPECT_FALSE(log::enabled(Level::kDebug));
  EXPECT_TRUE(log::enabled(Level::kInfo));
}

}  // namespace
}  // namespace kiln::sdk
