// Transport: how the run loop talks to Lambda. One event at a time: next, then respond, fail or
// stream, then next.
//
// Two transports stand behind it: HttpTransport speaks the Lambda Runtime API, ChannelTransport
// Kiln's direct channel. Both obey the same contract, and the loop can't tell them apart.
//
// Threading: one thread. Ownership: an Event's views point into the transport and end with the next
// call of respond, fail, stream_end or next.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiln::sdk {

struct Event {
  std::string_view payload;
  std::string_view request_id;
  std::string_view invoked_function_arn;
  std::string_view trace_id;
  std::string_view client_context;
  std::string_view cognito_identity;
  std::string_view tenant_id;
  int64_t deadline_ms = 0;  // since the epoch
};

// The JSON document {"errorMessage","errorType","stackTrace"} and what the platform classifies it
// by.
struct ErrorReport {
  std::string_view category;  // "Function.UnhandledException"
  std::string_view document;
};

class Transport {
 public:
  enum class Next {
    kEvent,
    kShutdown,  // SIGTERM, or the platform closed the channel: run the hooks and end
    kLost,      // the platform is gone or answered something that is no answer; see problem()
  };
  enum class Sent {
    kDone,  // taken, or refused for what it was (too large, too late): the environment goes on
    kLost,
  };

  virtual ~Transport() = default;

  // Waits without limit: the process may be frozen in it for hours.
  virtual Next next(Event& event) = 0;
  virtual Sent respond(std::string_view request_id, std::string_view payload) = 0;
  virtual Sent fail(std::string_view request_id, const ErrorReport& report) = 0;
  // A streamed answer: begin, any number of writes, end. After kLost of a write only end may be
  // called, which says what became of it; `failure` is null for an answer that is whole.
  virtual Sent stream_begin(std::string_view request_id, std::string_view content_type) = 0;
  virtual Sent stream_write(std::string_view bytes) = 0;
  virtual Sent stream_end(const ErrorReport* failure) = 0;
  virtual void fail_init(const ErrorReport& report) = 0;

  // What went wrong, for the log, after kLost.
  const std::string& problem() const { return problem_; }

 protected:
  std::string problem_;
};

}  // namespace kiln::sdk
