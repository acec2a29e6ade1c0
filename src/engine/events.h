// The events themselves, made from facts. Pure.
#pragma once

#include <string>
#include <string_view>

#include "engine/event_log.h"

namespace kiln::engine {

struct EndedInvocation {
  std::string region;
  std::string function_name;
  std::string version;
  std::string request_id;
  double duration_ms = 0;
  double init_ms = -1;  // not below 0: a cold start
  bool function_error = false;
  std::string_view payload;  // the answer; of a failure: the error document
};

// kInfo, or kWarning for a failure, with the first line of its message.
EngineEvent invocation_event(const EndedInvocation& ended, WallTime now);
// `reason` is AWS's Reason of the 429.
EngineEvent throttle_event(const std::string& region, const std::string& function_name,
                           std::string_view reason, WallTime now);
// `state` and `before` are AWS's names.
EngineEvent alarm_event(const std::string& region, const std::string& name,
                        const std::string& before, const std::string& state,
                        const std::string& reason, WallTime now);
EngineEvent scaling_event(const std::string& region, const std::string& resource,
                          const std::string& description, bool failed, WallTime now);

struct AnsweredRequest {
  std::string service;    // "lambda"
  std::string operation;  // "CreateFunction"; empty: not known
  std::string request;    // "POST /2015-03-31/functions"
  int status = 0;
  double duration_ms = 0;
  std::string_view error_body;  // of an answer that is an error
};
EngineEvent api_event(const AnsweredRequest& answered, WallTime now);
// kDebug for reads, also those that find nothing, since tools look before they make something;
// kInfo for changes, kWarning for refusals, kError from 500 on.
Severity severity_of(const AnsweredRequest& answered);

// A sentence of Kiln itself.
EngineEvent note_event(Severity severity, std::string text, WallTime now);

}  // namespace kiln::engine
