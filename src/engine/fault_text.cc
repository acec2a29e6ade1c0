#include "engine/fault_text.h"

#include <fmt/format.h>
#include <signal.h>

#include <cctype>
#include <cerrno>
#include <cstring>

#include "base/ascii.h"
#include "base/json_text.h"

namespace kiln::engine {
namespace {

// As Go's os package spells them, in which AWS's runtime supervisor is written.
std::string signal_name(int number) {
  switch (number) {
    case SIGHUP:
      return "hangup";
    case SIGINT:
      return "interrupt";
    case SIGQUIT:
      return "quit";
    case SIGILL:
      return "illegal instruction";
    case SIGTRAP:
      return "trace/breakpoint trap";
    case SIGABRT:
      return "aborted";
    case SIGBUS:
      return "bus error";
    case SIGFPE:
      return "floating point exception";
    case SIGKILL:
      return "killed";
    case SIGUSR1:
      return "user defined signal 1";
    case SIGSEGV:
      return "segmentation fault";
    case SIGUSR2:
      return "user defined signal 2";
    case SIGPIPE:
      return "broken pipe";
    case SIGALRM:
      return "alarm clock";
    case SIGTERM:
      return "terminated";
    default:
      return fmt::format("signal {}", number);
  }
}

// Written without a value of the JSON library, which ends the process where memory runs out.
std::string document(std::string_view type, std::string_view message) {
  std::string out = "{\"errorType\":";
  append_json_string(out, type);
  out += ",\"errorMessage\":";
  append_json_string(out, message);
  return out += '}';
}

// As Go writes it.
std::string errno_text(int error) {
  std::string why = std::strerror(error);
  why[0] = ascii::lower(why[0]);
  return why;
}

// Why the program could not be started, in AWS's words where it has them.
std::string entrypoint_text(const sandbox::Exit& exit, const model::FunctionConfig& config) {
  if (!exit.closed_folder.empty())
    return fmt::format("cannot start {}: {}", config.runtime, exit.closed_folder);
  if (!config.runtime.starts_with("provided")) {
    const bool python = config.runtime.starts_with("python");
    const std::string step = exit.error == ENOENT ? fmt::format("install {} on this machine",
                                                                python ? "python3" : "nodejs")
                                                  : "functions must be able to run " + exit.program;
    return fmt::format("cannot start {}: {}; {}", config.runtime, exit.reason, step);
  }
  if (exit.program_missing)
    return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";
  // A bootstrap that is there may still name an interpreter or a loader that is not.
  const bool in_layer = exit.program.starts_with("/opt/");
  return fmt::format("fork/exec {}: {}", in_layer ? "/opt/bootstrap" : "/var/task/bootstrap",
                     errno_text(exit.error));
}

std::string extension_text(const sandbox::Exit& exit) {
  using Kind = sandbox::Exit::Kind;
  if (!exit.extension_text.empty()) return exit.extension_text;
  if (exit.kind == Kind::kNotStarted)
    return fmt::format("fork/exec {}: {}", exit.program, errno_text(exit.error));
  if (exit.kind == Kind::kSignaled) return "signal: " + signal_name(exit.value);
  return exit.value == 0 ? "exit code 0" : fmt::format("exit status {}", exit.value);
}

}  // namespace

Fault exit_fault(const sandbox::Exit& exit, const model::FunctionConfig& config,
                 std::string_view request_id) {
  std::string type = "Runtime.ExitError", what;
  using Kind = sandbox::Exit::Kind;
  if (!exit.extension_error.empty()) {
    type = exit.extension_error;
    what = extension_text(exit);
  } else if (exit.kind == Kind::kNotStarted && exit.error != 0) {
    type = "Runtime.InvalidEntrypoint";
    what = entrypoint_text(exit, config);
  } else if (exit.kind == Kind::kNotStarted) {
    type = "Sandbox.Failure";
    what = exit.reason;
  } else if (exit.kind == Kind::kExited && exit.value == 0) {
    what = "Runtime exited without providing a reason";
  } else if (exit.kind == Kind::kExited) {
    what = fmt::format("Runtime exited with error: exit status {}", exit.value);
  } else {
    what = fmt::format("Runtime exited with error: signal: {}", signal_name(exit.value));
    if (exit.out_of_memory && exit.value == SIGKILL) type = "Runtime.OutOfMemory";
  }
  return {type, document(type, fmt::format("RequestId: {} Error: {}", request_id, what))};
}

std::optional<Error> machine_fault(const sandbox::Exit& exit, const model::FunctionConfig& config) {
  if (exit.kind != sandbox::Exit::Kind::kNotStarted || exit.functions_fault) return std::nullopt;
  // exec says the rest of its program.
  const bool lacks = exit.error == EAGAIN || exit.error == EMFILE || exit.error == ENFILE;
  if (exit.error != 0 && !lacks) return std::nullopt;
  return Error{
      ErrorKind::kInternal, "ServiceException",
      fmt::format("Kiln could not start an environment of {}: {}", config.name, exit.reason)};
}

Fault answer_fault(std::string_view error_type, std::string_view request_id) {
  if (error_type == "Function.ResponseSizeTooLarge") {
    // The one document that has its message first.
    return {
        std::string(error_type),
        fmt::format("{{\"errorMessage\":\"Response payload size exceeded maximum allowed payload "
                    "size ({} bytes).\",\"errorType\":{}}}",
                    sandbox::kMaxResponseBytes, json_string(error_type))};
  }
  std::string what = "the runtime broke off its answer";
  if (error_type == "Runtime.InvalidResponseModeHeader")
    what = "the runtime asked for a response mode that does not exist";
  return {std::string(error_type),
          document(error_type, fmt::format("RequestId: {} Error: {}", request_id, what))};
}

Fault timeout_fault(int timeout_s, std::string_view request_id) {
  return {"Sandbox.Timedout",
          document("Sandbox.Timedout",
                   fmt::format("RequestId: {} Error: Task timed out after {}.00 seconds",
                               request_id, timeout_s))};
}

}  // namespace kiln::engine
