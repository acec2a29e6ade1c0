// The form of a log line, apart from where it goes and what time it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kiln/log.h"

namespace kiln::sdk {

struct LogSettings {
  enum class Form { kText, kJson };
  Form form = Form::kText;
  log::Level least = log::Level::kInfo;
};

// What the strings say, which are the values of AWS_LAMBDA_LOG_FORMAT, AWS_LAMBDA_LOG_LEVEL and
// LOG_LEVEL, or null. Anything unknown counts as absent.
LogSettings log_settings(const char* format, const char* lambda_level, const char* level);

struct LogRecord {
  int64_t epoch_ms;
  std::string_view request_id;  // empty outside an invocation
  log::Level level;
  std::string_view message;
  log::Fields fields;
};

// One line with its line break; exactly one line break in it.
void append_log_line(std::string& line, LogSettings::Form form, const LogRecord& record);

// Whose lines carry a request id: those of all threads, which is right while one invocation runs at
// a time, or the calling thread's, which then go by it alone.
enum class LogScope { kProcess, kThread };

// The request id that lines carry from now on. Any thread. With kThread the text must live until it
// is set again.
void set_log_request_id(std::string_view request_id, LogScope scope = LogScope::kProcess);

}  // namespace kiln::sdk
