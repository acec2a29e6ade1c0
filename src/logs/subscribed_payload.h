// The event that a function gets which subscribes to a log group:
//
//   {"awslogs": {"data": "…"}}      the data: gzip, then base64, of
//   {"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": …, "logStream": …,
//    "subscriptionFilters": [FILTER], "logEvents": [{"id": …, "timestamp": …, "message": …}]}
//
// Pure.
#pragma once

#include <string>
#include <vector>

#include "logs/event.h"

namespace kiln::logs {

struct SubscribedSource {
  std::string account;
  std::string group;
  std::string stream;
  std::string filter;
};

// Of the events in [from, to).
std::string subscribed_payload(const SubscribedSource& source, const std::vector<LogEvent>& events,
                               size_t from, size_t to);

}  // namespace kiln::logs
