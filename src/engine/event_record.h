// What is told of an asynchronous invocation's end: the record for a destination, and the message
// attributes for a dead-letter queue. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/invocation.h"
#include "store/event_store.h"

namespace kiln::engine {

// {"version":"1.0","timestamp":…,"requestContext":…,"requestPayload":…,"responseContext":…,
// "responsePayload":…}; without the response members when no code ran.
std::string destination_record(const store::StoredEvent& event, std::string_view account,
                               std::string_view condition, int invocations,
                               const InvokeReply& reply, WallTime now);

// RequestID, ErrorCode and ErrorMessage (its first KiB).
std::map<std::string, std::string> dead_letter_attributes(const store::StoredEvent& event,
                                                          std::string_view condition,
                                                          const InvokeReply& reply);

}  // namespace kiln::engine
