#include "sdk/loop.h"

#include <chrono>
#include <cstdlib>
#include <string>

#include "kiln/log.h"
#include "sdk/error_document.h"
#include "sdk/log_writer.h"
#include "sdk/termination.h"
#include "sdk/trace_variable.h"

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

// The caller gets the whole message; a log line has enough with its beginning.
std::string_view for_log(std::string_view message) { return message.substr(0, 4096); }

int lost(const Transport& transport) {
  log::error("the runtime interface is gone", {{"problem", transport.problem()}});
  return 1;
}

}  // namespace

int run_loop(Transport& transport, const Function& function) {
  try {
    function.init(function.state);
  } catch (...) {
    const ExceptionInfo info = current_exception_info();
    log::error("init failed", {{"errorType", info.type}, {"errorMessage", for_log(info.message)}});
    transport.fail_init({kInitCategory, error_document(info)});
    return 1;
  }

  Context context = environment_context();
  Event event;
  std::string answer;
  std::string request_id;  // the event's own ends with the exchange
  while (true) {
    if (Termination::requested()) break;
    const Transport::Next next = transport.next(event);
    if (next == Transport::Next::kShutdown) break;
    if (next == Transport::Next::kLost) {
      if (Termination::requested()) break;
      Termination::run_hooks();
      return lost(transport);
    }
    request_id.assign(event.request_id);
    context.request_id = request_id;
    context.invoked_function_arn = event.invoked_function_arn;
    context.trace_id = event.trace_id;
    context.client_context = event.client_context;
    context.cognito_identity = event.cognito_identity;
    context.tenant_id = event.tenant_id;
    context.deadline =
        std::chrono::system_clock::time_point(std::chrono::milliseconds(event.deadline_ms));
    set_trace_variable(event.trace_id);
    set_log_request_id(request_id);

    Transport::Sent sent = Transport::Sent::kDone;
    bool answered = false;
    ExceptionInfo failure;
    try {
      answer = function.invoke(function.state, event.payload, context);
      answered = true;
    } catch (...) {
      failure = current_exception_info();
    }
    if (answered) {
      sent = transport.respond(request_id, answer);
      std::string().swap(answer);
    } else {
      log::error("the handler failed",
                 {{"errorType", failure.type}, {"errorMessage", for_log(failure.message)}});
      sent = transport.fail(request_id, {kHandlerCategory, error_document(failure)});
    }
    set_log_request_id({});
    if (sent == Transport::Sent::kLost) {
      if (Termination::requested()) break;
      Termination::run_hooks();
      return lost(transport);
    }
  }
  Termination::run_hooks();
  return 0;
}

}  // namespace kiln::sdk
