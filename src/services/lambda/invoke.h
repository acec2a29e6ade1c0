// POST …/invocations and its relatives: from the request's headers to the engine and back. The hot
// path: it reads each header once, checks that the payload is JSON, and copies nothing.
#pragma once

#include <string_view>

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/reply.h"

namespace kiln::services {

// Three operations have one way. InvokeWithResponseStream answers with an event stream
// (event_stream_answer.h); InvokeAsync, the deprecated one, is an Invoke of type Event.
enum class InvokeForm { kInvoke, kResponseStream, kAsync };

// `function_segment`: the percent-decoded path segment; `qualifier`: the decoded query parameter,
// or empty. Threading: on a loop of the engine; `reply` is called on it, or, with
// kResponseStream, on the function's.
void handle_invoke(engine::Engine& engine, net::Request&& request,
                   std::string_view function_segment, std::string_view qualifier, InvokeForm form,
                   Reply reply);

}  // namespace kiln::services
