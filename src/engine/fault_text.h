// What AWS says of an invocation that the function did not answer itself. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/function.h"
#include "sandbox/sandbox_port.h"

namespace kiln::engine {

struct Fault {
  std::string error_type;  // Runtime.ExitError, Runtime.OutOfMemory, …
  std::string document;    // {"errorType": …, "errorMessage": …}
};

Fault exit_fault(const sandbox::Exit& exit, const model::FunctionConfig& config,
                 std::string_view request_id);
// If the machine lacked what a sandbox takes, which is no fault of the function: what its callers
// are told, and may try again.
std::optional<Error> machine_fault(const sandbox::Exit& exit, const model::FunctionConfig& config);
// The runtime broke off or overdid its answer.
Fault answer_fault(std::string_view error_type, std::string_view request_id);
Fault timeout_fault(int timeout_s, std::string_view request_id);

}  // namespace kiln::engine
