// GetLogEvents and FilterLogEvents.
#include <algorithm>
#include <deque>
#include <limits>

#include "logs/filter_pattern.h"
#include "services/logs/errors.h"
#include "services/logs/input.h"
#include "services/logs/operations.h"
#include "services/logs/tokens.h"

namespace kiln::services {
namespace {

using logs::LogEvent;
using logs::LogOrigin;
using logs::LogStreamInfo;
using nlohmann::json;

constexpr int64_t kEndOfTime = std::numeric_limits<int64_t>::max();
constexpr size_t kMaxEvents = 10'000;            // of one answer
constexpr size_t kMaxAnswerBytes = 1024 * 1024;  // of one answer's messages
constexpr size_t kMaxStreamNames = 100;
constexpr int64_t kLatestFirstSince = 1704067200000;  // 2024-01-01

size_t counted_bytes(const LogEvent& event) { return event.message.size() + kBytesPerLogEvent; }

// Lambda's lines end in a line break in CloudWatch Logs, too.
json event_document(const LogEvent& event) {
  return {{"timestamp", event.timestamp_ms},
          {"ingestionTime", event.ingestion_ms},
          {"message", event.origin == LogOrigin::kFunction ? event.message + "\n" : event.message}};
}

bool is_before(const LogEvent& event, const StreamToken& place) {
  return event.timestamp_ms < place.timestamp_ms ||
         (event.timestamp_ms == place.timestamp_ms && event.ordinal < place.ordinal);
}

// A page of a stream, filled from one end or kept at its other end.
struct Page {
  size_t most;
  std::deque<LogEvent> events;
  size_t bytes = 0;

  bool fits(const LogEvent& event) const {
    return events.size() < most &&
           (events.empty() || bytes + counted_bytes(event) <= kMaxAnswerBytes);
  }
  void push(LogEvent&& event) {
    bytes += counted_bytes(event);
    events.push_back(std::move(event));
  }
  void drop_first() {
    bytes -= counted_bytes(events.front());
    events.pop_front();
  }
};

}  // namespace

// Without events the token comes back unchanged: that is how clients know the end.
Result<json> LogsOperations::get_log_events(LogsInput& in) {
  using Direction = StreamToken::Direction;
  const std::string stream = in.stream_name();
  const int64_t start_ms = in.number("startTime", 0, 0, kEndOfTime);
  const int64_t end_ms = in.number("endTime", kEndOfTime, 0, kEndOfTime);
  const auto limit = static_cast<size_t>(in.number("limit", kMaxEvents, 1, kMaxEvents));
  const bool from_head = in.flag("startFromHead");
  const std::string text = in.filled_text("nextToken");
  const auto group = group_of(in);
  if (!group) return group.error();
  if (!store_.has_stream({region_, *group, stream})) return no_such_stream();

  logs::LogRange range = visible(*group, start_ms, end_ms);
  StreamToken place;
  if (!text.empty()) {
    const auto token = parse_stream_token(text);
    if (!token) return token.error();
    place = *token;
  } else if (from_head) {
    place = {Direction::kForward, range.start_ms, 0};
  } else {
    place = {Direction::kBackward, range.end_ms, 0};
  }
  Page page{limit, {}, 0};
  const bool forward = place.direction == Direction::kForward;
  if (forward)
    range.start_ms = std::max(range.start_ms, place.timestamp_ms);
  else if (place.timestamp_ms < range.end_ms)
    range.end_ms = place.timestamp_ms + 1;
  auto scanned = store_.scan(region_, *group, {stream}, range, [&](LogEvent&& event) {
    if (forward) {
      if (is_before(event, place)) return true;
      if (!page.fits(event)) return false;
    } else {
      if (!is_before(event, place)) return false;
      while (!page.fits(event)) page.drop_first();
    }
    page.push(std::move(event));
    return true;
  });
  if (!scanned) return scanned.error();

  StreamToken backward = place, onward = place;
  // At the end of an empty stream there is no place yet: what comes will be behind its beginning.
  if (page.events.empty() && text.empty() && !forward) onward = {{}, range.start_ms, 0};
  if (!page.events.empty()) {
    const LogEvent &first = page.events.front(), &last = page.events.back();
    backward = {{}, first.timestamp_ms, first.ordinal};
    onward = {{}, last.timestamp_ms, last.ordinal + 1};
  }
  backward.direction = Direction::kBackward;
  onward.direction = Direction::kForward;
  json documents = json::array();
  for (const LogEvent& event : page.events) documents.push_back(event_document(event));
  return json{{"events", std::move(documents)},
              {"nextForwardToken", to_text(onward)},
              {"nextBackwardToken", to_text(backward)}};
}

Result<json> LogsOperations::filter_log_events(LogsInput& in) {
  auto streams = in.stream_names("logStreamNames", kMaxStreamNames);
  const std::string prefix = in.name_prefix("logStreamNamePrefix");
  const int64_t start_ms = in.number("startTime", 0, 0, kEndOfTime);
  // Events at endTime itself are in the answer.
  const int64_t end_ms = in.number("endTime", kEndOfTime - 1, 0, kEndOfTime);
  const auto limit = static_cast<size_t>(in.number("limit", kMaxEvents, 1, kMaxEvents));
  const std::string token = in.filled_text("nextToken");
  const std::string text = in.bounded_text("filterPattern", 0, kMaxFilterPattern);
  const bool from_head = in.flag("startFromHead", true);
  const auto group = group_of(in);
  if (!group) return group.error();
  if (!from_head && start_ms < kLatestFirstSince)
    return invalid_parameter_exception(
        "startFromHead can be false only with a startTime on or after 2024-01-01T00:00:00Z.");
  const auto pattern = logs::FilterPattern::parse(text);
  if (!pattern) return pattern.error();
  logs::LogRange range = visible(*group, start_ms, end_ms == kEndOfTime ? end_ms : end_ms + 1);
  EventToken place;
  if (!token.empty()) {
    auto parsed = parse_event_token(token);
    if (!parsed) return parsed.error();
    place = std::move(*parsed);
  } else if (!from_head) {
    place.order = EventOrder::kLatestFirst;
    place.position.timestamp_ms = range.end_ms;
  }
  const bool latest_first = place.order == EventOrder::kLatestFirst;
  if (!latest_first && !token.empty()) range.after = place.position;
  if (latest_first && place.position.timestamp_ms < range.end_ms)
    range.end_ms = place.position.timestamp_ms + 1;

  json documents = json::array();
  json output = {{"searchedLogStreams", json::array()}};
  if (!prefix.empty()) {
    if (!streams.empty()) {
      return invalid_parameter_exception(
          "logStreamNames and logStreamNamePrefix cannot be used together.");
    }
    streams = store_.stream_names(region_, *group, prefix);
  }
  if (!store_.has_group(region_, *group) || (!prefix.empty() && streams.empty())) {
    if (prefix.empty() && !streams.empty()) return no_such_stream();
    output["events"] = std::move(documents);
    return output;
  }

  Page page{limit, {}, 0};
  bool more = false;
  auto scanned = store_.scan(region_, *group, streams, range, [&](LogEvent&& event) {
    if (latest_first && position_of(event) >= place.position) return false;
    if (!pattern->matches(event.message)) return true;
    // One look beyond the page: a token is given only where there is something behind it.
    while (!page.fits(event)) {
      more = true;
      if (!latest_first) return false;
      page.drop_first();
    }
    page.push(std::move(event));
    return true;
  });
  if (!scanned) return scanned.error();
  if (latest_first) std::reverse(page.events.begin(), page.events.end());
  if (more) {
    place.position = position_of(page.events.back());
    output["nextToken"] = to_text(place);
  }
  for (const LogEvent& event : page.events) {
    json document = event_document(event);
    document["logStreamName"] = event.stream;
    document["eventId"] = event_id(event);
    documents.push_back(std::move(document));
  }
  output["events"] = std::move(documents);
  return output;
}

}  // namespace kiln::services
