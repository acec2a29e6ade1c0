// Reads the events of a log group, each once, in the order in which the service gives them.
//
// Following asks again from a little before the newest event, because events of another environment
// may arrive late, and drops what was handed out before. Not thread-safe. Memory: the keys of the
// events of the last few seconds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/api_client.h"

namespace kiln::cli {

struct LogLine {
  int64_t timestamp_ms = 0;
  std::string stream;
  std::string message;
};

class LogFollower {
 public:
  // Events from start_ms on; `pattern` is a filter pattern of CloudWatch Logs, or empty.
  LogFollower(ApiClient& client, std::string group, int64_t start_ms, std::string pattern = {});

  // Everything that is new since the last call, all pages. Error: as the API answered.
  Result<std::vector<LogLine>> poll();

 private:
  ApiClient& client_;
  std::string group_;
  std::string pattern_;
  int64_t start_ms_;
  int64_t newest_ms_ = 0;
  std::map<std::string, int64_t> seen_;  // key of an event → its time
};

}  // namespace kiln::cli
