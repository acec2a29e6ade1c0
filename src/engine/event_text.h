// Events as lines: for people on a terminal or in a file, and for programs. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/event_log.h"

namespace kiln::engine {

enum class EventFormat { kText, kJson };
enum class EventColors { kNo, kYes };

// "17:03:21.123  ok        hello            3.1 ms, cold start with 22.0 ms init\n"; UTC. Whatever
// callers say, it is one line of UTF-8 that paints nothing.
std::string event_line(const EngineEvent& event, EventColors colors);
// {"time": "…", "level": "info", "event": "invocation", "function": "hello", …} and a line end.
std::string event_json(const EngineEvent& event);

std::string_view to_text(Severity severity);  // "debug", "info", "warning", "error", "none"

}  // namespace kiln::engine
