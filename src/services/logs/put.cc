// PutLogEvents: the limits of a batch, and which of its events are taken.
#include <algorithm>
#include <utility>

#include "base/json_access.h"
#include "logs/files.h"
#include "services/logs/errors.h"
#include "services/logs/input.h"
#include "services/logs/operations.h"
#include "services/logs/tokens.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxBatchEvents = 10'000;
constexpr size_t kMaxBatchBytes = 1'048'576;
constexpr size_t kMaxEventBytes = 1'048'576;
constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kMaxSpanMs = 24 * kHourMs;
constexpr int64_t kMaxAgeMs = 14 * 24 * kHourMs;
constexpr int64_t kMaxAheadMs = 2 * kHourMs;

struct Event {
  int64_t timestamp_ms = 0;
  const std::string* message = nullptr;
};

std::string member(size_t index, const char* name) {
  return "logEvents." + std::to_string(index + 1) + ".member." + name;
}

Result<Event> read_event(const json& document, size_t index) {
  Event event;
  const auto timestamp = document.is_object() ? document.find("timestamp") : document.end();
  const auto message = document.is_object() ? document.find("message") : document.end();
  if (timestamp == document.end() || timestamp->is_null())
    return constraint_error("null", member(index, "timestamp"), "Member must not be null");
  if (message == document.end() || message->is_null())
    return constraint_error("null", member(index, "message"), "Member must not be null");
  const auto* large = timestamp->get_ptr<const uint64_t*>();
  if (!timestamp->is_number_integer() || json_integer(*timestamp) < 0 ||
      (large && !std::in_range<int64_t>(*large))) {
    return constraint_error("'" + json_dump(*timestamp) + "'", member(index, "timestamp"),
                            "Member must have value greater than or equal to 0");
  }
  if (!message->is_string())
    return invalid_parameter_exception(member(index, "message") + " must be a string.");
  event.timestamp_ms = json_integer(*timestamp);
  event.message = message->get_ptr<const std::string*>();
  if (event.message->empty()) {
    return constraint_error("''", member(index, "message"),
                            "Member must have length greater than or equal to 1");
  }
  return event;
}

Result<std::vector<Event>> read_batch(LogsInput& in) {
  const json* list = in.find("logEvents");
  if (!list) return constraint_error("null", "logEvents", "Member must not be null");
  if (!list->is_array())
    return invalid_parameter_exception("logEvents must be a list of structures.");
  if (list->empty()) {
    return constraint_error("'[]'", "logEvents",
                            "Member must have length greater than or equal to 1");
  }
  if (list->size() > kMaxBatchEvents) {
    return constraint_error(
        "'[" + std::to_string(list->size()) + " events]'", "logEvents",
        "Member must have length less than or equal to " + std::to_string(kMaxBatchEvents));
  }
  std::vector<Event> events;
  size_t bytes = 0;
  for (const json& document : *list) {
    auto event = read_event(document, events.size());
    if (!event) return event.error();
    const size_t size = event->message->size() + kBytesPerLogEvent;
    if (size > kMaxEventBytes) {
      return invalid_parameter_exception("Log event too large: " + std::to_string(size) +
                                         " bytes exceeds limit of " +
                                         std::to_string(kMaxEventBytes));
    }
    if (!events.empty() && event->timestamp_ms < events.back().timestamp_ms) {
      return invalid_parameter_exception(
          "Log events in a single PutLogEvents request must be in chronological order.");
    }
    bytes += size;
    events.push_back(*event);
  }
  if (bytes > kMaxBatchBytes) {
    return invalid_parameter_exception("Upload too large: " + std::to_string(bytes) +
                                       " bytes exceeds limit of " + std::to_string(kMaxBatchBytes));
  }
  if (events.back().timestamp_ms - events.front().timestamp_ms > kMaxSpanMs) {
    return invalid_parameter_exception(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return events;
}

}  // namespace

Result<json> LogsOperations::put_log_events(LogsInput& in) {
  const std::string group = in.group_name();
  const std::string stream = in.stream_name();
  (void)in.filled_text("sequenceToken");
  if (!in.status()) return in.status().error();
  const auto events = read_batch(in);
  if (!events) return events.error();
  if (!groups_.has(region_, group)) return no_such_group();
  if (!store_.has_stream({region_, group, stream})) return no_such_stream();

  const auto first_from = [&](int64_t ms) {
    return std::lower_bound(events->begin(), events->end(), ms,
                            [](const Event& e, int64_t t) { return e.timestamp_ms < t; });
  };
  const auto expired = first_from(groups_.oldest_kept_ms(region_, group, now_ms_));
  const auto old = first_from(now_ms_ - kMaxAgeMs);
  const auto end = first_from(now_ms_ + kMaxAheadMs + 1);
  json rejected = json::object();
  if (old != events->begin()) rejected["tooOldLogEventEndIndex"] = old - events->begin();
  if (expired != events->begin()) rejected["expiredLogEventEndIndex"] = expired - events->begin();
  if (end != events->end()) rejected["tooNewLogEventStartIndex"] = end - events->begin();

  std::string lines;
  for (auto event = std::max(old, expired); event < end; ++event)
    lines += logs::put_log_line(event->timestamp_ms, now_ms_, *event->message);
  const int64_t dropped = store_.dropped_bytes();
  store_.append({region_, group, stream}, std::move(lines));
  store_.flush();
  if (store_.dropped_bytes() != dropped) {
    return Error{ErrorKind::kUnavailable, "ServiceUnavailableException",
                 "The events could not be written. Check the disk of the data folder."};
  }
  if (on_event_)
    for (auto event = std::max(old, expired); event < end; ++event) on_event_(*event->message);
  json output = {{"nextSequenceToken", sequence_token(now_ms_)}};
  if (!rejected.empty()) output["rejectedLogEventsInfo"] = std::move(rejected);
  return output;
}

}  // namespace kiln::services
