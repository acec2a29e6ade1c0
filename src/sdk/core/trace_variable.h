// Where tracing libraries find the invocation's trace id: the environment variable
// _X_AMZN_TRACE_ID, and kiln::current_trace_id().
//
// The variable is written in place: setenv(3) would keep every value it was ever given, about 100
// bytes for each invocation.
//
// Threading: the variable only between invocations, on the loop's thread, while one invocation runs
// at a time; the thread's trace id on any thread.
#pragma once

#include <string_view>

namespace kiln::sdk {

// Empty removes the variable. Values longer than 1,000 bytes are not trace headers and remove it
// too.
void set_trace_variable(std::string_view value);

// What current_trace_id() says on this thread. The text must live until it is set again.
void set_thread_trace_id(std::string_view value);

}  // namespace kiln::sdk
