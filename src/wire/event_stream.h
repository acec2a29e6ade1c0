// A message of AWS's event streams (application/vnd.amazon.eventstream): its lengths, its headers,
// all of them texts here, its payload, and the CRC32 of what stands before each.
//
//   event_stream_message("PayloadChunk", "application/octet-stream", "hello")
#pragma once

#include <string>
#include <string_view>

namespace kiln::wire {

inline constexpr std::string_view kEventStreamType = "application/vnd.amazon.eventstream";

// An event with its three headers: :event-type, :content-type and :message-type.
std::string event_stream_message(std::string_view event_type, std::string_view content_type,
                                 std::string_view payload);

}  // namespace kiln::wire
