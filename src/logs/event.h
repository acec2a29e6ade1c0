// One event of a log stream, and places among them. Plain values.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace kiln::logs {

// Who wrote an event. A function's lines end in a line break in CloudWatch Logs; `message` leaves
// it out.
enum class LogOrigin { kFunction, kApi };

struct LogEvent {
  int64_t timestamp_ms = 0;
  std::string stream;
  std::string message;
  int64_t ingestion_ms = 0;
  LogOrigin origin = LogOrigin::kFunction;
  size_t ordinal = 0;  // among the stream's events of this millisecond
};

// Events are ordered by time, then by the name of the stream, then as they were written.
struct LogPosition {
  int64_t timestamp_ms = 0;
  std::string stream;
  size_t ordinal = 0;

  auto operator<=>(const LogPosition&) const = default;
};
inline LogPosition position_of(const LogEvent& event) {
  return {event.timestamp_ms, event.stream, event.ordinal};
}

// The same event has the same id in every answer; equal lines of one millisecond are told apart by
// their order.
std::string event_id(const LogEvent& event);

struct LogRange {
  int64_t start_ms = 0;
  int64_t end_ms = std::numeric_limits<int64_t>::max();  // outside
  std::optional<LogPosition> after;                      // only what comes behind it
};

}  // namespace kiln::logs
