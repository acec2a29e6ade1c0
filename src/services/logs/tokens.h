// Tokens, by which a client goes on where an answer ended. They carry a place in time, so that
// going on costs nothing that lies before it. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "logs/event.h"

namespace kiln::services {

// At an event: FilterLogEvents, which goes on behind it, or, latest first, before it.
enum class EventOrder { kEarliestFirst, kLatestFirst };
struct EventToken {
  EventOrder order = EventOrder::kEarliestFirst;
  logs::LogPosition position;
};
std::string to_text(const EventToken& token);
Result<EventToken> parse_event_token(const std::string& text);

// Behind an item of a list that is ordered by a number, then a name: the describing operations.
struct ListPlace {
  int64_t number = 0;
  std::string name;
  auto operator<=>(const ListPlace&) const = default;
};
std::string list_token(const ListPlace& place);
Result<ListPlace> parse_list_token(const std::string& token);

// GetLogEvents: a place between two events of a stream, and the direction in which to go on.
struct StreamToken {
  enum class Direction { kForward, kBackward };
  Direction direction = Direction::kForward;
  int64_t timestamp_ms = 0;
  size_t ordinal = 0;  // so many events of this millisecond are before the place
};
std::string to_text(const StreamToken& token);
Result<StreamToken> parse_stream_token(const std::string& text);

// What PutLogEvents and DescribeLogStreams give out, and nobody asks for any more.
std::string sequence_token(int64_t number);

}  // namespace kiln::services
