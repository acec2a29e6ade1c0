#include "services/logs/input.h"

#include <algorithm>
#include <limits>

#include "base/ascii.h"
#include "base/characters.h"
#include "base/json_access.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxName = 512;
constexpr const char* kGroupName = "[\\.\\-_/#A-Za-z0-9]+";
constexpr const char* kGroupPart = "[\\.\\-_/#A-Za-z0-9]*";
constexpr const char* kNotNull = "Member must not be null";

std::string dump(const json& value) { return json_dump(value); }

std::string length_text(const char* relation, size_t length) {
  return std::string("Member must have length ") + relation + " than or equal to " +
         std::to_string(length);
}

std::optional<Error> length_fault(const std::string& value, const char* name, size_t least,
                                  size_t most) {
  const size_t length = characters(value);
  if (length >= least && length <= most) return std::nullopt;
  const bool low = length < least;
  return constraint_error("'" + value + "'", name,
                          length_text(low ? "greater" : "less", low ? least : most));
}

}  // namespace

bool is_group_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return ascii::is_alnum(c) || std::string_view(".-_/#").find(c) != std::string_view::npos;
  });
}

Error invalid_parameter_exception(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterException", std::move(message)};
}

Error constraint_error(const std::string& value, const std::string& where,
                       const std::string& what) {
  return invalid_parameter_exception("1 validation error detected: Value" +
                                     (value.empty() ? "" : " " + value) + " at '" + where +
                                     "' failed to satisfy constraint: " + what);
}

void LogsInput::fail(Error error) {
  if (status_) status_ = std::move(error);
}

const json* LogsInput::find(const char* name) const {
  const auto found = document_.find(name);
  return found == document_.end() || found->is_null() ? nullptr : &*found;
}

std::string LogsInput::text(const char* name) {
  const json* value = find(name);
  if (!value) return {};
  if (value->is_string()) return json_text(*value);
  fail(invalid_parameter_exception(std::string(name) + " must be a string."));
  return {};
}

std::string LogsInput::bounded_text(const char* name, size_t least, size_t most) {
  std::string value = text(name);
  if (const auto fault = length_fault(value, name, least, most); fault && has(name)) fail(*fault);
  return value;
}

std::string LogsInput::filled_text(const char* name) {
  return bounded_text(name, 1, std::numeric_limits<size_t>::max());
}

int64_t LogsInput::number(const char* name, int64_t absent, int64_t least, int64_t most) {
  const json* value = find(name);
  if (!value) return absent;
  const auto* large = value->get_ptr<const uint64_t*>();
  const bool fits = large ? std::in_range<int64_t>(*large) : value->is_number_integer();
  const int64_t number = fits ? json_integer(*value) : 0;
  if (fits && number >= least && number <= most) return number;
  const bool low = value->is_number() && json_number(*value) < static_cast<double>(least);
  fail(constraint_error("'" + dump(*value) + "'", name,
                        std::string("Member must have value ") + (low ? "greater" : "less") +
                            " than or equal to " + std::to_string(low ? least : most)));
  return absent;
}

bool LogsInput::flag(const char* name, bool otherwise) {
  const json* value = find(name);
  if (!value) return otherwise;
  if (value->is_boolean()) return json_flag(*value);
  fail(invalid_parameter_exception(std::string(name) + " must be true or false."));
  return false;
}

std::vector<std::string> LogsInput::texts(const char* name, ListLimits limits) {
  const json* value = find(name);
  if (!value) return {};
  const bool is_list =
      value->is_array() &&
      std::all_of(value->begin(), value->end(), [](const json& v) { return v.is_string(); });
  if (!is_list) {
    fail(invalid_parameter_exception(std::string(name) + " must be a list of strings."));
    return {};
  }
  if (value->size() < limits.least || value->size() > limits.most) {
    const bool low = value->size() < limits.least;
    fail(constraint_error(low ? "'[]'" : "'[" + std::to_string(value->size()) + " values]'", name,
                          length_text(low ? "greater" : "less", low ? limits.least : limits.most)));
    return {};
  }
  std::vector<std::string> texts = json_text_list(*value);
  for (const std::string& text : texts)
    if (const auto fault = length_fault(text, name, limits.shortest, limits.longest)) fail(*fault);
  return texts;
}

std::map<std::string, std::string> LogsInput::text_map(const char* name) {
  std::map<std::string, std::string> values;
  const json* map = find(name);
  if (!map) return values;
  if (!map->is_object()) {
    fail(invalid_parameter_exception(std::string(name) + " must be a map of strings."));
    return values;
  }
  for (const auto& [key, value] : map->items()) {
    if (!value.is_string()) {
      fail(invalid_parameter_exception("The value of " + key + " in " + name +
                                       " must be a string."));
      return {};
    }
    values[key] = json_text(value);
  }
  return values;
}

bool LogsInput::is_there(const char* name, const std::string& value) {
  if (!status_) return false;
  if (!has(name))
    fail(constraint_error("null", name, kNotNull));
  else if (value.empty())
    fail(constraint_error("''", name, length_text("greater", 1)));
  return status_.ok();
}

bool LogsInput::required(const char* name, const std::string& value) {
  if (!is_there(name, value)) return false;
  if (value.size() > kMaxName) {
    fail(invalid_parameter_exception(
        "Invalid LogGroup or LogStream, both must have length less than or equal to " +
        std::to_string(kMaxName) + "."));
  }
  return status_.ok();
}

void LogsInput::check_group_characters(const char* name, const std::string& value,
                                       const char* pattern) {
  if (!is_group_text(value))
    fail(constraint_error(
        "'" + value + "'", name,
        std::string("Member must satisfy regular expression pattern: ") + pattern));
}

void LogsInput::check_name_characters(const char* name, const std::string& value) {
  if (value.find_first_of(":*") != std::string::npos)
    fail(constraint_error("'" + value + "'", name,
                          "Member must satisfy regular expression pattern: [^:*]*"));
}

std::string LogsInput::group_name(const char* name) {
  std::string value = text(name);
  if (!required(name, value)) return {};
  check_group_characters(name, value, kGroupName);
  return value;
}

std::string LogsInput::group_prefix() {
  std::string value = bounded_text("logGroupNamePrefix", 1, kMaxName);
  check_group_characters("logGroupNamePrefix", value, kGroupName);
  return value;
}

std::string LogsInput::group_part() {
  std::string value = bounded_text("logGroupNamePattern", 0, kMaxName);
  check_group_characters("logGroupNamePattern", value, kGroupPart);
  return value;
}

std::string LogsInput::name_prefix(const char* name) {
  std::string value = bounded_text(name, 1, kMaxName);
  check_name_characters(name, value);
  return value;
}

std::string LogsInput::choice(const char* name, std::string_view values) {
  std::string value = text(name);
  if (!has(name)) return value;
  for (std::string_view rest = values; !rest.empty();) {
    constexpr std::string_view kBetween = ", ";
    const size_t end = std::min(rest.find(kBetween), rest.size());
    if (rest.substr(0, end) == value) return value;
    rest.remove_prefix(std::min(end + kBetween.size(), rest.size()));
  }
  fail(constraint_error("'" + value + "'", name,
                        "Member must satisfy enum value set: [" + std::string(values) + "]"));
  return value;
}

std::string LogsInput::group_identifier(const char* name) {
  std::string value = text(name);
  if (const auto fault = identifier_fault(value, name); fault && has(name)) fail(*fault);
  return value;
}

// As recorded, these errors don't repeat the value.
std::optional<Error> LogsInput::identifier_fault(const std::string& value,
                                                 const std::string& where) {
  const size_t length = characters(value);
  if (length < 1 || length > kMaxGroupIdentifier)
    return constraint_error(
        "", where,
        length_text(length < 1 ? "greater" : "less", length < 1 ? 1 : kMaxGroupIdentifier));
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return ascii::is_alnum(c) ||
           std::string_view("_#+=/:,.@-").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return std::nullopt;
  return constraint_error("", where,
                          "Member must satisfy regular expression pattern: [\\w#+=/:,.@-]*");
}

std::string LogsInput::stream_name(const char* name) {
  std::string value = text(name);
  if (!required(name, value)) return {};
  check_name_characters(name, value);
  return value;
}

std::vector<std::string> LogsInput::stream_names(const char* name, size_t most) {
  auto values = texts(name, {.least = 1, .most = most, .shortest = 1, .longest = kMaxName});
  for (const std::string& value : values) check_name_characters(name, value);
  return values;
}

std::string LogsInput::filter_name(const char* name) {
  std::string value = bounded_text(name, 1, kMaxFilterName);
  if (!is_there(name, value)) return {};
  check_name_characters(name, value);
  return value;
}

}  // namespace kiln::services
