// The members of a request document of CloudWatch Logs, read with their types and constraints.
//
//   LogsInput in(document);
//   const std::string prefix = in.text("logGroupNamePrefix");
//   if (!in.status()) return in.status().error();
//
// The first error stays: InvalidParameterException with AWS's text, naming member and value. A
// member that is null counts as absent. Not thread-safe.
#pragma once

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace kiln::services {

inline constexpr int64_t kMaxDescribedLogs = 50;  // groups, streams or filters in an answer
inline constexpr size_t kMaxFilterName = 512;
inline constexpr size_t kMaxFilterPattern = 1'024;
inline constexpr size_t kMaxGroupIdentifier = 2048;
inline constexpr size_t kBytesPerLogEvent = 26;  // counted beside each message

// Of the characters that names of groups have: [.-_/#A-Za-z0-9]
bool is_group_text(std::string_view text);

Error invalid_parameter_exception(std::string message);
// "1 validation error detected: Value 'VALUE' at 'WHERE' failed to satisfy constraint: WHAT"; ""
// for a value that is not repeated.
Error constraint_error(const std::string& value, const std::string& where, const std::string& what);

class LogsInput {
 public:
  // Keeps a reference to `document`.
  explicit LogsInput(const nlohmann::json& document) : document_(document) {}

  bool has(const char* name) const { return find(name) != nullptr; }
  const nlohmann::json* find(const char* name) const;  // nullptr: absent

  std::string text(const char* name);
  // Of so many characters; "" when absent.
  std::string bounded_text(const char* name, size_t least, size_t most);
  // Of one character at least; "" when absent.
  std::string filled_text(const char* name);
  int64_t number(const char* name, int64_t absent, int64_t least, int64_t most);
  bool flag(const char* name, bool otherwise = false);
  struct ListLimits {
    size_t least = 0, most = std::numeric_limits<size_t>::max();        // entries
    size_t shortest = 0, longest = std::numeric_limits<size_t>::max();  // each
  };
  std::vector<std::string> texts(const char* name, ListLimits limits);
  std::map<std::string, std::string> text_map(const char* name);

  // Names with AWS's length and characters; must be there.
  std::string group_name(const char* name = "logGroupName");
  // A name or an ARN, without the :* at the end that some ARNs of groups have; "" when absent.
  std::string group_identifier(const char* name = "logGroupIdentifier");
  static std::optional<Error> identifier_fault(const std::string& value, const std::string& where);
  std::string stream_name(const char* name = "logStreamName");
  std::vector<std::string> stream_names(const char* name, size_t most);  // one at least, if there
  // Of a metric filter or subscription filter.
  std::string filter_name(const char* name = "filterName");
  // logGroupNamePrefix, logGroupNamePattern, and the beginning of a stream's or a filter's name; ""
  // when absent.
  std::string group_prefix();
  std::string group_part();
  std::string name_prefix(const char* name);
  // One of `values`, which are separated by ", "; "" when absent.
  std::string choice(const char* name, std::string_view values);

  void fail(Error error);
  const Result<void>& status() const { return status_; }

 private:
  bool required(const char* name, const std::string& value);
  bool is_there(const char* name, const std::string& value);
  void check_group_characters(const char* name, const std::string& value, const char* pattern);
  void check_name_characters(const char* name, const std::string& value);

  const nlohmann::json& document_;
  Result<void> status_;
};

}  // namespace kiln::services
