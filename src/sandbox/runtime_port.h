// The Runtime API without a transport: what a function's runtime may say, and what it is told. The
// HTTP Runtime API and the direct channel both speak to a RuntimePort; a Sandbox is one. Threading:
// the sandbox's loop only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/answer_stream.h"

namespace kiln::sandbox {

// Largest answer of a buffered invocation: 6 MiB and 100 bytes, as AWS enforces it.
inline constexpr size_t kMaxResponseBytes = 6'291'556;
// More than may be answered is read, so that a runtime that answers too much learns so and lives
// on.
inline constexpr uint64_t kMaxBody = 32 * 1024 * 1024;

struct Event {
  std::string_view request_id;
  std::string_view payload;
  std::string_view function_arn;  // as invoked
  std::string_view trace_id;
  std::string_view client_context;    // JSON, or empty
  std::string_view cognito_identity;  // JSON, or empty
  int64_t deadline_ms = 0;            // epoch
};

// A program beside the runtime that has registered, and the events that it wants: INVOKE, SHUTDOWN.
struct ExternalExtension {
  std::string name;
  std::vector<std::string> events;
};

// Something that waits for the next event: one call of GET …/next, or the direct channel.
class EventSink {
 public:
  virtual void deliver(const Event& event) = 0;

 protected:
  ~EventSink() = default;
};

enum class Verdict {
  kAccepted,
  kWrongState,      // 403 InvalidStateTransition
  kUnknownRequest,  // 400 InvalidRequestID
  kTooLarge,        // 413; the invocation fails with Function.ResponseSizeTooLarge
};

class RuntimePort {
 public:
  // The runtime is ready for an event; `sink` gets it, at once or later, unless sink_gone says
  // otherwise first.
  virtual Verdict next(EventSink& sink) = 0;
  virtual void sink_gone(EventSink& sink) = 0;
  // What an answer to this request would be told now, whatever its size: kAccepted, as long as the
  // request is in hand.
  virtual Verdict may_answer(std::string_view request_id) const = 0;
  virtual Verdict respond(std::string_view request_id, std::string&& payload) = 0;
  virtual Verdict fail(std::string_view request_id, std::string&& document,
                       std::string_view error_type) = 0;
  // The runtime begins to stream its answer. Whom the parts are for, until end_stream() follows;
  // nullptr: nobody takes parts, and respond() gets the answer when it is whole.
  virtual std::shared_ptr<AnswerStream> stream(std::string_view /*request_id*/,
                                               std::string_view /*content_type*/) {
    return nullptr;
  }
  // The streamed answer is whole; `error_type` not empty: the runtime says that it has failed on
  // the way.
  virtual Verdict end_stream(std::string_view /*request_id*/, std::string&& /*document*/,
                             std::string_view /*error_type*/) {
    return Verdict::kWrongState;
  }
  virtual Verdict fail_init(std::string&& document, std::string_view error_type) = 0;
  // The runtime broke the protocol within an answer (`error_type`: Runtime.TruncatedResponse, …).
  virtual void broke_protocol(std::string_view request_id, std::string_view error_type) = 0;
  // Where the runtime is, in AWS's words: Started, Ready, Running, RuntimeResponseSentState.
  virtual std::string_view state_name() const = 0;

 protected:
  ~RuntimePort() = default;
};

}  // namespace kiln::sandbox
