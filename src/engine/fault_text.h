// What AWS says of an invocation that the function did not answer itself. Pure.
#pragma once

#include <string>
#include <string_view>

#include "model/function.h"
#include "sandbox/sandbox_port.h"

namespace kiln::engine {

struct Fault {
  std::string error_type;  // Runtime.ExitError, Runtime.OutOfMemory, …
  std::string document;    // {"errorType": …, "errorMessage": …}
};

Fault exit_fault(const sandbox::Exit& exit, const model::FunctionConfig& config,
                 std::string_view request_id);
// The runtime broke off or overdid its answer.
Fault answer_fault(std::string_view error_type, std::string_view request_id);
Fault timeout_fault(int timeout_s, std::string_view request_id);

}  // namespace kiln::engine
