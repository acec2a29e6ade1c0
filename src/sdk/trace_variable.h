// _X_AMZN_TRACE_ID: the environment variable in which Lambda's tracing libraries look for the
// invocation's trace.
//
// Written in place: setenv(3) would keep every value it was ever given, about 100 bytes for each
// invocation.
//
// Threading: only between invocations, on the loop's thread.
#pragma once

#include <string_view>

namespace kiln::sdk {

// Empty removes the variable. Values longer than 1,000 bytes are not trace headers and remove it
// too.
void set_trace_variable(std::string_view value);

}  // namespace kiln::sdk
