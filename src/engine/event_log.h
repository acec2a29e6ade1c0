// What the engine says while it works: one event for each request and each change that somebody who
// watches wants to see. A port: `kiln serve` prints the events, tests collect them.
//
//   if (log.wants(Severity::kInfo)) log.write(throttle_event(function, reason, now));
//
// Threading: any thread; write() must not block. Cost where nobody listens: one comparison, as long
// as the caller asks wants() before it makes an event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace kiln::engine {

enum class Severity { kDebug, kInfo, kWarning, kError, kNone };

using EventValue = std::variant<std::string, int64_t, double>;

struct EngineEvent {
  Severity severity = Severity::kInfo;
  const char* kind = "";   // "invocation", "throttle", "api", "alarm", "scaling", "note"
  const char* label = "";  // one word that people see first: "ok", "error", "ALARM"
  std::string subject;     // the function, alarm, resource or operation
  std::string text;        // the rest for people, on one line
  std::vector<std::pair<const char*, EventValue>> fields;  // the same for programs
  WallTime time{};
};

class EventLog {
 public:
  // Events below `least` are not wanted; kNone: none at all.
  explicit EventLog(Severity least) : least_(least) {}
  virtual ~EventLog() = default;
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  bool wants(Severity severity) const { return severity >= least_; }
  virtual void write(EngineEvent&& event) = 0;

 private:
  const Severity least_;
};

// For engines that nobody watches.
class NoEvents final : public EventLog {
 public:
  NoEvents() : EventLog(Severity::kNone) {}
  void write(EngineEvent&&) override {}
};

}  // namespace kiln::engine
