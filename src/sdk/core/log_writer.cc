#include "sdk/core/log_writer.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <mutex>

#include "sdk/core/text.h"

namespace kiln::sdk {
namespace {

constexpr std::string_view kLevelNames[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

bool same_ignoring_case(std::string_view text, std::string_view upper_case) {
  if (text.size() != upper_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (upper(text[i]) != upper_case[i]) return false;
  }
  return true;
}

bool parse_level(const char* text, log::Level& level) {
  if (!text) return false;
  for (int i = 0; i < 6; ++i) {
    if (same_ignoring_case(text, kLevelNames[i])) {
      level = static_cast<log::Level>(i);
      return true;
    }
  }
  // The names that Python's logging has for two of them.
  if (same_ignoring_case(text, "WARNING")) {
    level = log::Level::kWarn;
    return true;
  }
  if (same_ignoring_case(text, "CRITICAL")) {
    level = log::Level::kFatal;
    return true;
  }
  return false;
}

// Text lines: valid UTF-8, control characters other than tabs escaped, so that no value can forge a
// line.
void add_plain(TextTail& out, std::string_view text) {
  while (true) {
    const size_t plain = text_prefix(text);
    out.add(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const auto c = static_cast<unsigned char>(text.front());
    size_t length = 1;
    if (c == '\n') {
      out.add("\\n");
    } else if (c == '\r') {
      out.add("\\r");
    } else if ((c < 0x20 && c != '\t') || c == 0x7F) {
      constexpr char kHex[] = "0123456789abcdef";
      out.add("\\x");
      out.add(kHex[c >> 4]);
      out.add(kHex[c & 15]);
    } else {
      length = utf8_sequence(text);
      add_utf8(out, text.substr(0, length ? length : 1));
      if (!length) length = 1;
    }
    text.remove_prefix(length);
  }
}

void add_value(TextTail& out, const log::Value& value, LogSettings::Form form) {
  switch (value.kind()) {
    case log::Value::Kind::kText:
      if (form == LogSettings::Form::kJson || value.text().empty() ||
          value.text().find_first_of(" \t\"=") != std::string_view::npos) {
        add_json_string(out, value.text());
      } else {
        add_plain(out, value.text());
      }
      break;
    case log::Value::Kind::kInteger:
      add_integer(out, value.integer());
      break;
    case log::Value::Kind::kUnsigned:
      add_unsigned(out, value.unsigned_integer());
      break;
    case log::Value::Kind::kReal:
      add_real(out, value.real());
      break;
    case log::Value::Kind::kBoolean:
      out.add(value.integer() ? std::string_view("true") : std::string_view("false"));
      break;
  }
}

constexpr size_t kKeptLine = 16 * 1024;

// What lines of the whole process share.
struct State {
  LogSettings settings =
      log_settings(std::getenv("AWS_LAMBDA_LOG_FORMAT"), std::getenv("AWS_LAMBDA_LOG_LEVEL"),
                   std::getenv("LOG_LEVEL"));
  std::mutex mutex;
  std::string request_id;
  std::string line;  // the one being written
};

thread_local std::string_view t_request_id;

State& state() {
  static State instance;
  return instance;
}

void write_all(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, line.data(), line.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return;  // nobody reads: there is no one to tell
    }
    line.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

LogSettings log_settings(const char* format, const char* lambda_level, const char* level) {
  LogSettings settings;
  if (format && same_ignoring_case(format, "JSON")) settings.form = LogSettings::Form::kJson;
  if (!parse_level(lambda_level, settings.least)) parse_level(level, settings.least);
  return settings;
}

void append_log_line(std::string& line, LogSettings::Form form, const LogRecord& record) {
  TextTail out(line);
  const std::string_view level = kLevelNames[static_cast<int>(record.level)];
  if (form == LogSettings::Form::kJson) {
    out.add("{\"timestamp\":\"");
    add_timestamp(out, record.epoch_ms);
    out.add("\",\"level\":\"");
    out.add(level);
    out.add("\",\"message\":");
    add_json_string(out, record.message);
    if (!record.request_id.empty()) {
      out.add(",\"requestId\":");
      add_json_string(out, record.request_id);
    }
    for (const log::Field& field : record.fields) {
      out.add(',');
      add_json_string(out, field.key);
      out.add(':');
      add_value(out, field.value, form);
    }
    out.add("}\n");
    return;
  }
  out.add('[');
  out.add(level);
  out.add("]\t");
  add_timestamp(out, record.epoch_ms);
  out.add('\t');
  add_plain(out, record.request_id);
  out.add('\t');
  add_plain(out, record.message);
  for (const log::Field& field : record.fields) {
    out.add(' ');
    add_plain(out, field.key);
    out.add('=');
    add_value(out, field.value, form);
  }
  out.add('\n');
}

void set_log_request_id(std::string_view request_id, LogScope scope) {
  if (scope == LogScope::kThread) {
    t_request_id = request_id;
    return;
  }
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.request_id.assign(request_id);
}

}  // namespace kiln::sdk

namespace kiln::log {

bool enabled(Level level) { return level >= sdk::state().settings.least; }

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  sdk::State& s = sdk::state();
  // One line at a time: a line longer than a pipe takes at once would otherwise be cut by another
  // thread's.
  const std::lock_guard lock(s.mutex);
  s.line.clear();
  sdk::append_log_line(
      s.line, s.settings.form,
      {std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
       sdk::t_request_id.empty() ? s.request_id : sdk::t_request_id, level, message, fields});
  sdk::write_all(s.line);
  if (s.line.capacity() > sdk::kKeptLine) std::string().swap(s.line);
}

}  // namespace kiln::log
