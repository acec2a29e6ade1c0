// Sends HTTP requests at given times, whatever the answers do: an open loop, as traffic is.
//
//   Plan plan{.host = "127.0.0.1", .port = 4566};
//   plan.next_due = [&] { return arrivals.next(); };
//   plan.next_request = [&] { return text; };
//   plan.done = [&](const Answer& answer) { latencies.push_back(answer.done_ns - answer.due_ns); };
//   Result<Progress> end = generate(plan);
//
// A request that waits (for a connection, for the generator's turn) is late, and its latency counts
// from when it was due: a server that stalls delays requests, it doesn't keep them from coming, so
// its stall shows in every one of them (no "coordinated omission").
//
// Threading: runs on the caller's thread, and calls back on it. SIGINT and SIGTERM end the sending;
// answers that are under way are still waited for, unless a second signal comes. Cost: one socket
// and some 10 KiB for each connection.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace kiln::load {

inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// Nanoseconds since the start of the run.
struct Answer {
  int64_t due_ns = 0, sent_ns = 0, done_ns = 0;
  std::string failure = {};  // why no whole answer came, or ""
  unsigned status = 0;
  // Values of these headers, or "".
  std::string request_id = {}, function_error = {}, error_type = {}, log_result = {};
  std::string body = {};
};

struct Progress {
  int64_t elapsed_ns = 0;
  int64_t due = 0, sent = 0, done = 0, failed = 0;
  int64_t waiting = 0;  // due, but without a connection
  int64_t connections = 0;
  int64_t latest_ns = 0;  // the most that a request was sent after it was due
  bool interrupted = false;
};

struct Plan {
  std::string host = {};
  uint16_t port = 0;
  int64_t connections = 500;                       // at most, at once
  Duration time_limit = std::chrono::seconds(60);  // of one request, from its sending
  int64_t length_ns = kNever;                      // no request is due from here on
  // The next request's time, never before the last one's; kNever: there is none.
  std::function<int64_t()> next_due = {};
  std::function<std::string()> next_request = {};      // the whole message
  std::function<void(const Answer&)> done = {};        // once for each request
  std::function<void(const Progress&)> progress = {};  // if set, now and then
  Duration progress_every = std::chrono::seconds(1);
  // Ctrl-C came; how many answers are still to come, if any.
  std::function<void(int64_t)> interrupted = {};
};

// Error (kUnavailable): nothing listens there when the run begins.
Result<Progress> generate(const Plan& plan);

}  // namespace kiln::load
