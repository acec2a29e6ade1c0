// Picks lines of a function's log by the invocation that they belong to.
//
// An environment runs one invocation at a time, so of one log stream the lines from START to REPORT
// are one invocation's, whether or not they name it. Works on both log formats, text and JSON. Not
// thread-safe. Memory: the lines of invocations that have not ended, when only failures are wanted.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/log_follower.h"

namespace kiln::cli {

enum class Invocations { kAll, kFailed };

class LogSelection {
 public:
  // `request_id`: only this invocation; empty: any.
  LogSelection(std::string request_id, Invocations which)
      : request_id_(std::move(request_id)), which_(which) {}

  // Those of `lines` that are wanted, and with kFailed those that were held back until it was known
  // that their invocation failed. Lines come in the order of each stream.
  std::vector<LogLine> pick(std::vector<LogLine>&& lines);

  // Whether the wanted invocation's last line has been seen.
  bool complete() const { return complete_; }

 private:
  struct Stream {
    std::string request_id;     // of the invocation that runs
    std::vector<LogLine> held;  // its lines, with kFailed
    bool failed = false;
  };

  const std::string request_id_;
  const Invocations which_;
  std::map<std::string, Stream> streams_;
  bool complete_ = false;
};

// "START RequestId: ID Version: 1" or {"type": "platform.start", "record": {"requestId": "ID"}}.
enum class LineKind { kOther, kStart, kReport };
struct LineFacts {
  LineKind kind = LineKind::kOther;
  std::string request_id;
  bool failed = false;  // the line reports an error
};
LineFacts line_facts(const std::string& message);

}  // namespace kiln::cli
