#include "sdk/core/loop.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "kiln/log.h"
#include "kiln/stream.h"
#include "sdk/core/error_document.h"
#include "sdk/core/log_writer.h"
#include "sdk/core/output.h"
#include "sdk/core/profile.h"
#include "sdk/core/termination.h"
#include "sdk/core/trace_variable.h"

namespace kiln::sdk {
namespace {

// The categories are for the platform's telemetry, which knows only names of the form Runtime.X and
// Function.X.
constexpr std::string_view kHandlerCategory = "Function.UnhandledException";
constexpr std::string_view kInitCategory = "Function.InitException";

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : std::string_view();
}

Context environment_context() {
  Context context;
  context.function_name = environment("AWS_LAMBDA_FUNCTION_NAME");
  context.function_version = environment("AWS_LAMBDA_FUNCTION_VERSION");
  context.log_group = environment("AWS_LAMBDA_LOG_GROUP_NAME");
  context.log_stream = environment("AWS_LAMBDA_LOG_STREAM_NAME");
  if (const char* memory = std::getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")) {
    context.memory_limit_mb = std::atoi(memory);
  }
  return context;
}

enum class Concurrency { kOne, kMany };

// The caller gets the whole message; a log line has enough with its beginning.
std::string_view for_log(std::string_view message) { return message.substr(0, 4096); }

// A streaming handler's answer over a transport.
class TransportStream final : public ResponseStream {
 public:
  TransportStream(Transport& transport, std::string_view request_id)
      : transport_(transport), request_id_(request_id) {}

  bool begun() const { return started(); }
  Transport::Sent finish() {
    try {
      start();  // a handler that wrote nothing has an empty answer
    } catch (const StreamClosed&) {
      // The end of the stream says what became of it.
    }
    return transport_.stream_end(nullptr);
  }

 private:
  void begin(std::string_view content_type) override {
    check(transport_.stream_begin(request_id_, content_type));
  }
  void send(std::string_view bytes) override { check(transport_.stream_write(bytes)); }
  void check(Transport::Sent sent) const {
    if (sent == Transport::Sent::kLost) throw StreamClosed(transport_.problem());
  }

  Transport& transport_;
  std::string_view request_id_;
};

// One thread's part of the loop: events of one transport until shutdown.
class EventLoop {
 public:
  EventLoop(Transport& transport, const Function& function, Concurrency concurrency)
      : transport_(transport), function_(function), concurrency_(concurrency) {}

  // False: the transport was lost.
  bool serve() {
    while (!Termination::requested()) {
      Event event;
      const Transport::Next next = transport_.next(event);
      if (next == Transport::Next::kShutdown) break;
      if (next == Transport::Next::kLost) return Termination::requested();
      adopt(event);
      const Transport::Sent sent = function_.stream ? stream(event.payload) : invoke(event.payload);
      leave();
      flush_profile();
      if (sent == Transport::Sent::kLost) return Termination::requested();
    }
    return true;
  }

 private:
  void adopt(const Event& event) {
    request_id_.assign(event.request_id);  // the event's own ends with the exchange
    context_.request_id = request_id_;
    context_.invoked_function_arn = event.invoked_function_arn;
    context_.trace_id = event.trace_id;
    context_.client_context = event.client_context;
    context_.cognito_identity = event.cognito_identity;
    context_.tenant_id = event.tenant_id;
    using Time = std::chrono::system_clock::time_point;
    context_.deadline =
        event.deadline_ms > 0 ? Time(std::chrono::milliseconds(event.deadline_ms)) : Time::max();
    set_thread_trace_id(event.trace_id);
    if (concurrency_ == Concurrency::kOne) {
      set_trace_variable(event.trace_id);
      set_log_request_id(request_id_);
    } else {
      set_log_request_id(request_id_, LogScope::kThread);
    }
  }

  void leave() {
    set_thread_trace_id({});
    set_log_request_id({},
                       concurrency_ == Concurrency::kOne ? LogScope::kProcess : LogScope::kThread);
  }

  Transport::Sent invoke(std::string_view payload) {
    std::string answer;
    try {
      answer = function_.invoke(function_.state, payload, context_);
    } catch (...) {
      const ExceptionInfo info = failure();
      flush_output();
      return transport_.fail(request_id_, {kHandlerCategory, error_document(info)});
    }
    flush_output();  // what the event printed is in the log before its END
    return transport_.respond(request_id_, answer);
  }

  Transport::Sent stream(std::string_view payload) {
    TransportStream out(transport_, request_id_);
    try {
      function_.stream(function_.state, payload, context_, out);
    } catch (...) {
      ExceptionInfo info = failure();
      flush_output();
      if (!out.begun())
        return transport_.fail(request_id_, {kHandlerCategory, error_document(info)});
      info.message = for_log(info.message);  // trailers are headers, and those are short
      const std::string document = error_document(info);
      const ErrorReport report{kHandlerCategory, document};
      return transport_.stream_end(&report);
    }
    flush_output();
    return out.finish();
  }

  // REQUIRES: an exception is being handled.
  static ExceptionInfo failure() {
    ExceptionInfo info = current_exception_info_with_stack();
    log::error("the handler failed",
               {{"errorType", info.type}, {"errorMessage", for_log(info.message)}});
    return info;
  }

  Transport& transport_;
  const Function& function_;
  const Concurrency concurrency_;
  Context context_ = environment_context();
  std::string request_id_;
};

int lost(const Transport& transport) {
  log::error("the runtime interface is gone", {{"problem", transport.problem()}});
  return 1;
}

}  // namespace

bool guarded(Transport& transport, const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (...) {
    const ExceptionInfo info = current_exception_info_with_stack();
    log::error("init failed", {{"errorType", info.type}, {"errorMessage", for_log(info.message)}});
    flush_output();
    transport.fail_init({kInitCategory, error_document(info)});
    return false;
  }
}

bool init(Transport& transport, const Function& function) {
  return guarded(transport, [&] { function.init(function.state); });
}

namespace {

bool begin(Transport& transport, const Function& function) {
  return guarded(transport, [&] {
    function.init(function.state);
    Termination::prepare();
  });
}

}  // namespace

int run_loop(Transport& transport, const Function& function) {
  return begin(transport, function) ? serve_loop(transport, function) : 1;
}

int serve_loop(Transport& transport, const Function& function) {
  const bool whole = EventLoop(transport, function, Concurrency::kOne).serve();
  Termination::run_hooks();
  return whole ? 0 : lost(transport);
}

int run_loops(std::span<const std::unique_ptr<Transport>> transports, const Function& function) {
  if (!begin(*transports.front(), function)) return 1;
  Termination::set_threads(static_cast<int>(transports.size()));
  std::atomic<Transport*> first_lost = nullptr;
  const auto serve = [&](size_t number) {
    Termination::set_thread_number(static_cast<int>(number));
    Transport& transport = *transports[number];
    if (EventLoop(transport, function, Concurrency::kMany).serve()) return;
    Transport* none = nullptr;
    if (first_lost.compare_exchange_strong(none, &transport)) Termination::request();
  };
  std::vector<std::thread> threads;
  try {
    for (size_t i = 1; i < transports.size(); ++i) threads.emplace_back(serve, i);
  } catch (const std::system_error& e) {
    log::warn("the environment takes fewer events at a time than it is asked to",
              {{"threads", threads.size() + 1}, {"problem", e.what()}});
    Termination::set_threads(static_cast<int>(threads.size()) + 1);
  }
  serve(0);
  for (std::thread& thread : threads) thread.join();
  Termination::run_hooks();
  return first_lost ? lost(*first_lost) : 0;
}

}  // namespace kiln::sdk
