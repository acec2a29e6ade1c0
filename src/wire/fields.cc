#include "wire/fields.h"

#include <charconv>
#include <cmath>

#include "base/ascii.h"
#include "base/json_access.h"

namespace kiln::wire {
namespace {

using nlohmann::json;

// Beyond this, seconds don't fit a time of nanoseconds.
constexpr double kMaxEpochSeconds = 9.0e9;

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<WallTime> from_epoch(double seconds) {
  if (!(std::abs(seconds) < kMaxEpochSeconds)) return std::nullopt;
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::microseconds(std::llround(seconds * 1e6))));
}

// Exactly `width` digits at the front of `text`, which then starts behind them.
std::optional<int> digits(std::string_view& text, size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + width, value);
  if (error != std::errc() || end != text.data() + width || value < 0) return std::nullopt;
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<WallTime> parse_time(std::string_view text) {
  if (const auto seconds = parse_double(text); seconds && text.find('-', 1) == text.npos)
    return from_epoch(*seconds);
  const auto year = digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1970 || *year > 2200) return std::nullopt;
  std::chrono::microseconds since_midnight{0};
  std::chrono::minutes offset{0};
  if (take(text, 'T') || take(text, ' ')) {
    const auto hour = digits(text, 2);
    if (!hour || *hour > 24 || !take(text, ':')) return std::nullopt;
    const auto minute = digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    int second = 0;
    if (take(text, ':')) {
      const auto given = digits(text, 2);
      if (!given || *given > 60) return std::nullopt;
      second = *given;
    }
    since_midnight =
        std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(second);
    if (take(text, '.')) {
      int64_t unit = 100'000;
      size_t read = 0;
      while (read < text.size() && ascii::is_digit(text[read])) {
        since_midnight += std::chrono::microseconds(unit * (text[read] - '0'));
        unit /= 10;
        ++read;
      }
      if (read == 0) return std::nullopt;
      text.remove_prefix(read);
    }
    const bool ahead = take(text, '+');
    if (ahead || take(text, '-')) {
      const auto hours = digits(text, 2);
      take(text, ':');
      const auto minutes = digits(text, 2);
      if (!hours || !minutes) return std::nullopt;
      offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
      if (!ahead) offset = -offset;
    } else {
      take(text, 'Z');
    }
  }
  if (!text.empty()) return std::nullopt;
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::sys_days(date).time_since_epoch() + since_midnight - offset));
}

std::optional<double> to_number(const json& value) {
  if (value.is_number()) return json_number(value);
  if (value.is_string()) return parse_double(json_text(value));
  return std::nullopt;
}

const json* Fields::find(const char* name) const {
  if (!document_.is_object()) return nullptr;
  const auto found = document_.find(name);
  return found == document_.end() || found->is_null() ? nullptr : &*found;
}

void Fields::fail(const char* name, const char* wanted) {
  if (!status_) return;
  std::string value = json_dump(*find(name));
  if (value.size() > 100) value.resize(100);
  status_ = Error{ErrorKind::kInvalid, "SerializationException",
                  std::string(name) + " is " + value + "; it must be " + wanted};
}

std::string Fields::text(const char* name, const std::string& otherwise) {
  const json* value = find(name);
  if (!value) return otherwise;
  if (value->is_string()) return json_text(*value);
  fail(name, "a string");
  return otherwise;
}

std::optional<double> Fields::number(const char* name) {
  const json* value = find(name);
  if (!value) return std::nullopt;
  auto parsed = to_number(*value);
  if (!parsed) fail(name, "a number");
  return parsed;
}

std::optional<int64_t> Fields::integer(const char* name) {
  const json* value = find(name);
  if (!value) return std::nullopt;
  const auto parsed = to_number(*value);
  if (!parsed || std::trunc(*parsed) != *parsed || std::abs(*parsed) > 9e15) {
    fail(name, "an integer");
    return std::nullopt;
  }
  return static_cast<int64_t>(*parsed);
}

std::optional<bool> Fields::boolean(const char* name) {
  const json* value = find(name);
  if (!value) return std::nullopt;
  if (value->is_boolean()) return json_flag(*value);
  if (value->is_string()) {
    const auto& text = json_text(*value);
    if (text == "true") return true;
    if (text == "false") return false;
  }
  fail(name, "true or false");
  return std::nullopt;
}

std::optional<WallTime> Fields::time(const char* name) {
  const json* value = find(name);
  if (!value) return std::nullopt;
  std::optional<WallTime> parsed;
  if (value->is_number()) parsed = from_epoch(json_number(*value));
  if (value->is_string()) parsed = parse_time(json_text(*value));
  if (!parsed) fail(name, "a time: epoch seconds or ISO 8601");
  return parsed;
}

std::vector<std::string> Fields::texts(const char* name) {
  std::vector<std::string> out;
  for (const json& item : list(name)) {
    if (!item.is_string()) {
      fail(name, "a list of strings");
      return {};
    }
    out.push_back(json_text(item));
  }
  return out;
}

std::vector<double> Fields::numbers(const char* name) {
  std::vector<double> out;
  for (const json& item : list(name)) {
    const auto number = to_number(item);
    if (!number) {
      fail(name, "a list of numbers");
      return {};
    }
    out.push_back(*number);
  }
  return out;
}

const json& Fields::list(const char* name) {
  static const json kEmpty = json::array();
  const json* value = find(name);
  if (!value) return kEmpty;
  if (value->is_array()) return *value;
  // How a form says that a list is empty.
  if (value->is_string() && json_text(*value).empty()) return kEmpty;
  fail(name, "a list");
  return kEmpty;
}

}  // namespace kiln::wire
