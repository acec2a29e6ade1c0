#include "services/logs_operations.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "services/filter_pattern.h"

namespace kiln::services {
namespace {

using engine::LogEvent;
using engine::LogStreamInfo;
using nlohmann::json;

constexpr int64_t kEndOfTime = std::numeric_limits<int64_t>::max();
constexpr size_t kMaxEvents = 10'000;            // of one answer
constexpr size_t kMaxAnswerBytes = 1024 * 1024;  // of one answer's messages
constexpr size_t kBytesPerEvent = 26;  // CloudWatch Logs counts so many beside each message
constexpr size_t kMaxDescribed = 50;

Error invalid(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterException", std::move(message)};
}

// A member of the input that is absent, null or of its type; anything else is an error.
Result<std::string> text_member(const json& input, const char* name) {
  const auto found = input.find(name);
  if (found == input.end() || found->is_null()) return std::string();
  if (!found->is_string()) return invalid(std::string(name) + " must be a string.");
  return found->get<std::string>();
}

Result<int64_t> number_member(const json& input, const char* name, int64_t absent, int64_t least,
                              int64_t most) {
  const auto found = input.find(name);
  if (found == input.end() || found->is_null()) return absent;
  const bool fits = found->is_number_unsigned()
                        ? found->get<uint64_t>() <= static_cast<uint64_t>(kEndOfTime)
                        : found->is_number_integer();
  const int64_t value = fits ? found->get<int64_t>() : 0;
  if (!fits || value < least || value > most) {
    return invalid("1 validation error detected: Value '" + found->dump() + "' at '" + name +
                   "' failed to satisfy constraint: Member must be between " +
                   std::to_string(least) + " and " + std::to_string(most));
  }
  return value;
}

Result<bool> flag_member(const json& input, const char* name) {
  const auto found = input.find(name);
  if (found == input.end() || found->is_null()) return false;
  if (!found->is_boolean()) return invalid(std::string(name) + " must be true or false.");
  return found->get<bool>();
}

Result<std::vector<std::string>> list_member(const json& input, const char* name) {
  std::vector<std::string> values;
  const auto found = input.find(name);
  if (found == input.end() || found->is_null()) return values;
  const bool is_list =
      found->is_array() &&
      std::all_of(found->begin(), found->end(), [](const json& v) { return v.is_string(); });
  if (!is_list) return invalid(std::string(name) + " must be a list of strings.");
  return found->get<std::vector<std::string>>();
}

Error bad_token() { return invalid("The specified nextToken is invalid."); }

// Tokens of the describe and filter operations: a position in base64, so that nobody counts on
// their form.
std::string position_token(size_t position) {
  return base64_encode("at:" + std::to_string(position));
}

Result<size_t> parse_number(std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return bad_token();
  return value;
}

Result<size_t> position_member(const json& input) {
  const auto token = text_member(input, "nextToken");
  if (!token) return token.error();
  if (token->empty()) return size_t{0};
  const auto text = base64_decode(*token);
  if (!text || !text->starts_with("at:")) return bad_token();
  return parse_number(std::string_view(*text).substr(3));
}

// Lambda's lines end in a line break in CloudWatch Logs, too.
json event_document(const LogEvent& event) {
  return {{"timestamp", event.timestamp_ms},
          {"ingestionTime", event.timestamp_ms},
          {"message", event.message + "\n"}};
}

// The same event has the same id in every answer; equal lines of one millisecond are told apart by
// their order.
class EventIds {
 public:
  std::string next(const LogEvent& event) {
    if (event.timestamp_ms != at_) seen_.clear();
    at_ = event.timestamp_ms;
    uint64_t hash = 14695981039346656037U;  // FNV-1a
    const auto mix = [&](std::string_view text) {
      for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
      hash *= 1099511628211U;
    };
    mix(event.stream);
    mix(event.message);
    const std::string number = std::to_string(hash % 1'000'000'000'000'000'000U);
    const std::string count = std::to_string(seen_[hash]++);
    const std::string time = std::to_string(std::max<int64_t>(0, event.timestamp_ms));
    return padded(time, 20) + padded(number, 18) + padded(count, 18);
  }

 private:
  static std::string padded(const std::string& digits, size_t size) {
    return digits.size() >= size ? digits : std::string(size - digits.size(), '0') + digits;
  }

  int64_t at_ = 0;
  std::map<uint64_t, size_t> seen_;
};

}  // namespace

Result<json> LogsOperations::run(const std::string& operation, const json& input) const {
  if (operation == "DescribeLogGroups") return describe_log_groups(input);
  if (operation == "DescribeLogStreams") return describe_log_streams(input);
  if (operation == "GetLogEvents") return get_log_events(input);
  if (operation == "FilterLogEvents") return filter_log_events(input);
  return Error{ErrorKind::kInvalid, "UnknownOperationException",
               "Kiln's CloudWatch Logs has no operation " + operation};
}

std::string LogsOperations::group_arn(const std::string& group) const {
  return "arn:aws:logs:" + region_ + ":" + account_ + ":log-group:" + group;
}

Result<std::string> LogsOperations::group_of(const json& input) const {
  auto name = text_member(input, "logGroupName");
  if (!name) return name.error();
  auto identifier = text_member(input, "logGroupIdentifier");
  if (!identifier) return identifier.error();
  if (!name->empty() && !identifier->empty()) {
    return invalid("Only one of logGroupName and logGroupIdentifier may be given.");
  }
  std::string group = name->empty() ? *identifier : *name;
  constexpr std::string_view kMark = ":log-group:";
  if (group.starts_with("arn:")) {
    const size_t at = group.find(kMark);
    if (at == std::string::npos)
      return invalid("logGroupIdentifier is not the ARN of a log group.");
    group = group.substr(at + kMark.size());
    if (group.ends_with(":*")) group.resize(group.size() - 2);
  }
  if (group.empty()) return invalid("logGroupName or logGroupIdentifier is missing.");
  if (!store_.has_group(region_, group)) {
    return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
                 "The specified log group does not exist."};
  }
  return group;
}

Result<json> LogsOperations::describe_log_groups(const json& input) const {
  const auto prefix = text_member(input, "logGroupNamePrefix");
  if (!prefix) return prefix.error();
  const auto part = text_member(input, "logGroupNamePattern");
  if (!part) return part.error();
  const auto limit = number_member(input, "limit", kMaxDescribed, 1, kMaxDescribed);
  if (!limit) return limit.error();
  const auto start = position_member(input);
  if (!start) return start.error();

  std::vector<std::string> groups = store_.groups(region_, *prefix);
  std::erase_if(groups, [&](const std::string& g) { return g.find(*part) == std::string::npos; });
  const size_t end = std::min(groups.size(), *start + static_cast<size_t>(*limit));
  json documents = json::array();
  for (size_t i = *start; i < end; ++i) {
    int64_t stored = 0, created = kEndOfTime;
    for (const LogStreamInfo& stream : store_.streams(region_, groups[i])) {
      stored += stream.stored_bytes;
      created = std::min(created, stream.first_ms);
    }
    documents.push_back({{"logGroupName", groups[i]},
                         {"creationTime", created == kEndOfTime ? 0 : created},
                         {"metricFilterCount", 0},
                         {"arn", group_arn(groups[i]) + ":*"},
                         {"logGroupArn", group_arn(groups[i])},
                         {"logGroupClass", "STANDARD"},
                         {"storedBytes", stored}});
  }
  json output = {{"logGroups", std::move(documents)}};
  if (end < groups.size()) output["nextToken"] = position_token(end);
  return output;
}

Result<json> LogsOperations::describe_log_streams(const json& input) const {
  const auto group = group_of(input);
  if (!group) return group.error();
  const auto prefix = text_member(input, "logStreamNamePrefix");
  if (!prefix) return prefix.error();
  const auto order = text_member(input, "orderBy");
  if (!order) return order.error();
  const auto descending = flag_member(input, "descending");
  if (!descending) return descending.error();
  const auto limit = number_member(input, "limit", kMaxDescribed, 1, kMaxDescribed);
  if (!limit) return limit.error();
  const auto start = position_member(input);
  if (!start) return start.error();
  if (!order->empty() && *order != "LogStreamName" && *order != "LastEventTime") {
    return invalid("1 validation error detected: Value '" + *order +
                   "' at 'orderBy' failed to satisfy constraint: Member must satisfy enum value "
                   "set: [LogStreamName, LastEventTime]");
  }
  const bool by_time = *order == "LastEventTime";
  if (by_time && !prefix->empty()) {
    return invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }

  std::vector<LogStreamInfo> streams = store_.streams(region_, *group);
  std::erase_if(streams, [&](const LogStreamInfo& s) { return !s.name.starts_with(*prefix); });
  if (by_time) {
    std::stable_sort(streams.begin(), streams.end(),
                     [](const auto& a, const auto& b) { return a.last_ms < b.last_ms; });
  }
  if (*descending) std::reverse(streams.begin(), streams.end());
  const size_t end = std::min(streams.size(), *start + static_cast<size_t>(*limit));
  json documents = json::array();
  for (size_t i = *start; i < end; ++i) {
    const LogStreamInfo& s = streams[i];
    documents.push_back({{"logStreamName", s.name},
                         {"creationTime", s.first_ms},
                         {"firstEventTimestamp", s.first_ms},
                         {"lastEventTimestamp", s.last_ms},
                         {"lastIngestionTime", s.last_ms},
                         {"arn", group_arn(*group) + ":log-stream:" + s.name},
                         {"storedBytes", s.stored_bytes}});
  }
  json output = {{"logStreams", std::move(documents)}};
  if (end < streams.size()) output["nextToken"] = position_token(end);
  return output;
}

// Tokens are f/N (events from N on) and b/N (events before N), N counted from the first event of
// the time range. At either end the token comes back unchanged: that is how clients know.
Result<json> LogsOperations::get_log_events(const json& input) const {
  const auto group = group_of(input);
  if (!group) return group.error();
  const auto stream = text_member(input, "logStreamName");
  if (!stream) return stream.error();
  if (stream->empty()) return invalid("logStreamName is missing.");
  const auto start_ms = number_member(input, "startTime", 0, 0, kEndOfTime);
  if (!start_ms) return start_ms.error();
  const auto end_ms = number_member(input, "endTime", kEndOfTime, 0, kEndOfTime);
  if (!end_ms) return end_ms.error();
  const auto limit = number_member(input, "limit", kMaxEvents, 1, kMaxEvents);
  if (!limit) return limit.error();
  const auto from_head = flag_member(input, "startFromHead");
  if (!from_head) return from_head.error();
  const auto token = text_member(input, "nextToken");
  if (!token) return token.error();

  bool forward = *from_head;
  std::optional<size_t> position;
  if (!token->empty()) {
    if (!token->starts_with("f/") && !token->starts_with("b/")) return bad_token();
    const auto number = parse_number(std::string_view(*token).substr(2));
    if (!number) return number.error();
    forward = token->starts_with("f/");
    position = *number;
  }
  auto events = store_.read(region_, *group, {*stream}, *start_ms, *end_ms, 0,
                            std::numeric_limits<size_t>::max());
  if (!events) return events.error();

  const size_t count = events->size(), most = static_cast<size_t>(*limit);
  size_t begin = 0, end = 0, bytes = 0;
  const auto fits = [&](size_t i) {
    bytes += (*events)[i].message.size() + kBytesPerEvent;
    return bytes <= kMaxAnswerBytes || begin == end;
  };
  if (forward) {
    begin = end = std::min(position.value_or(0), count);
    while (end < count && end - begin < most && fits(end)) ++end;
  } else {
    begin = end = std::min(position.value_or(count), count);
    while (begin > 0 && end - begin < most && fits(begin - 1)) --begin;
  }
  json documents = json::array();
  for (size_t i = begin; i < end; ++i) documents.push_back(event_document((*events)[i]));
  return json{{"events", std::move(documents)},
              {"nextForwardToken", "f/" + std::to_string(end)},
              {"nextBackwardToken", "b/" + std::to_string(begin)}};
}

Result<json> LogsOperations::filter_log_events(const json& input) const {
  const auto group = group_of(input);
  if (!group) return group.error();
  auto streams = list_member(input, "logStreamNames");
  if (!streams) return streams.error();
  const auto prefix = text_member(input, "logStreamNamePrefix");
  if (!prefix) return prefix.error();
  const auto start_ms = number_member(input, "startTime", 0, 0, kEndOfTime);
  if (!start_ms) return start_ms.error();
  // Events at endTime itself are in the answer.
  const auto end_ms = number_member(input, "endTime", kEndOfTime - 1, 0, kEndOfTime);
  if (!end_ms) return end_ms.error();
  const auto limit = number_member(input, "limit", kMaxEvents, 1, kMaxEvents);
  if (!limit) return limit.error();
  const auto skip = position_member(input);
  if (!skip) return skip.error();
  const auto text = text_member(input, "filterPattern");
  if (!text) return text.error();
  const auto pattern = FilterPattern::parse(*text);
  if (!pattern) return pattern.error();

  if (!prefix->empty()) {
    if (!streams->empty()) {
      return invalid("logStreamNames and logStreamNamePrefix cannot be used together.");
    }
    for (const LogStreamInfo& s : store_.streams(region_, *group)) {
      if (s.name.starts_with(*prefix)) streams->push_back(s.name);
    }
    if (streams->empty()) {
      return json{{"events", json::array()}, {"searchedLogStreams", json::array()}};
    }
  }

  json documents = json::array();
  size_t seen = 0, bytes = 0;
  bool has_more = false;
  EventIds ids;
  const int64_t before_ms = *end_ms == kEndOfTime ? kEndOfTime : *end_ms + 1;
  auto scanned =
      store_.scan(region_, *group, *streams, *start_ms, before_ms, [&](LogEvent&& event) {
        const std::string id = ids.next(event);
        if (seen < *skip || !pattern->matches(event.message)) {
          ++seen;
          return true;
        }
        bytes += event.message.size() + kBytesPerEvent;
        // One look beyond the page: a token is given only where there is something behind it.
        has_more = documents.size() == static_cast<size_t>(*limit) ||
                   (bytes > kMaxAnswerBytes && !documents.empty());
        if (has_more) return false;
        ++seen;
        json document = event_document(event);
        document["logStreamName"] = event.stream;
        document["eventId"] = id;
        documents.push_back(std::move(document));
        return true;
      });
  if (!scanned) return scanned.error();
  std::stable_sort(documents.begin(), documents.end(), [](const json& a, const json& b) {
    return a["timestamp"].get<int64_t>() < b["timestamp"].get<int64_t>();
  });
  json output = {{"events", std::move(documents)}, {"searchedLogStreams", json::array()}};
  if (has_more) output["nextToken"] = position_token(seen);
  return output;
}

}  // namespace kiln::services
