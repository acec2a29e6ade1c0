// kiln::run: the Lambda run loop. It fetches events, calls the handler, sends what it returns, and
// starts again.
//
//   int main() {
//     return kiln::run([](std::string_view payload, const kiln::Context& context) {
//       return std::string(payload);
//     });
//   }
//
// A handler is any callable std::string(std::string_view payload, const Context&);
// <kiln/json_handler.h> adds handlers that take and return nlohmann::json. Payload and answer are
// JSON text, which this header never looks into. Instead of a handler, run() takes a factory: a
// callable without arguments that returns one. That is the place for the work of init; an exception
// out of it is reported to Lambda as an init error.
//
// An exception out of the handler, of whatever type, is reported as the invocation's error
// {"errorMessage","errorType","stackTrace":[]}, errorType being the C++ type
// ("std::runtime_error"); the loop goes on.
//
// SIGPIPE is ignored from then on, so a connection that breaks is an error and not the end of the
// process.
//
// run() returns the process's exit code: 0 after SIGTERM, 1 when init failed or the runtime
// interface is gone.
//
// Threading: the loop, the handler and the hooks run on the calling thread; the SDK starts none,
// except where AWS_LAMBDA_MAX_CONCURRENCY says that an environment takes several events at a time
// (Lambda Managed Instances): then so many threads call the handler at once, and it must be
// thread-safe. There the environment variable _X_AMZN_TRACE_ID is not set, current_trace_id() is of
// the calling thread, and so are the request ids of log lines.
// Ownership: the handler is moved in and destroyed before run() returns. The payload ends with the
// call. Cost: one event in flight, no copy of the payload, four system calls per invocation over
// HTTP, two over Kiln's direct channel; an idle environment sleeps in one system call.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "kiln/context.h"

namespace kiln {

// The answer's type is exact on purpose: a JSON value that merely converts to text is no payload.
template <class H>
concept EventHandler = requires(H& handler, std::string_view payload, const Context& context) {
  { handler(payload, context) } -> std::same_as<std::string>;
};

template <class F>
concept HandlerFactory = !EventHandler<F> && requires(F & factory) {
  { factory() } -> EventHandler;
};

// Calls `hook` once when Lambda shuts the environment down (SIGTERM), before run() returns: the
// last invocation is over by then, and at most 500 ms are left. Hooks run in the reverse order of
// their registration. Lambda sends SIGTERM only where an extension has registered, so run()
// registers one when init has added a hook; one that the first event adds comes too late for that.
// While no hook is registered a SIGTERM in the middle of an invocation ends the process at once.
void on_shutdown(std::function<void()> hook);

// The trace id of the invocation that the calling thread handles, as Context::trace_id; empty
// outside of one. For libraries that are not handed the context. On threads that the handler starts
// it is what _X_AMZN_TRACE_ID says.
std::string_view current_trace_id();

class ResponseStream;  // <kiln/stream.h>

namespace sdk {

// A handler with its type taken off: `init` makes it, `invoke` or, where it streams, `stream`
// calls it. All may throw.
struct Function {
  void* state;
  void (*init)(void* state);
  std::string (*invoke)(void* state, std::string_view payload, const Context& context);
  void (*stream)(void* state, std::string_view payload, const Context& context,
                 ResponseStream& out) = nullptr;
};

int run(const Function& function);

}  // namespace sdk

template <HandlerFactory F>
int run(F factory) {
  struct State {
    F factory;
    std::optional<std::decay_t<std::invoke_result_t<F&>>> handler;
  };
  State state{std::move(factory), std::nullopt};
  return sdk::run({&state,
                   [](void* s) {
                     auto* self = static_cast<State*>(s);
                     self->handler.emplace(self->factory());
                   },
                   [](void* s, std::string_view payload, const Context& context) {
                     return (*static_cast<State*>(s)->handler)(payload, context);
                   }});
}

template <EventHandler H>
int run(H handler) {
  return sdk::run({&handler, [](void*) {},
                   [](void* h, std::string_view payload, const Context& context) {
                     return (*static_cast<H*>(h))(payload, context);
                   }});
}

}  // namespace kiln
