#include "sandbox/exit_status.h"

#include "sandbox/descriptors.h"

namespace kiln::sandbox {

Exit exit_of(const ExitStatus& status, const std::string& program) {
  Exit exit;
  exit.value = status.value;
  switch (status.kind) {
    case ExitStatus::Kind::kExtensionExited:
      exit.extension_error = "Extension.Crash";
      [[fallthrough]];
    case ExitStatus::Kind::kExited:
      exit.kind = Exit::Kind::kExited;
      return exit;
    case ExitStatus::Kind::kExtensionSignaled:
      exit.extension_error = "Extension.Crash";
      [[fallthrough]];
    case ExitStatus::Kind::kSignaled:
      exit.kind = Exit::Kind::kSignaled;
      return exit;
    case ExitStatus::Kind::kExtensionFailed:
      exit.extension_error = "Extension.LaunchError";
      break;
    case ExitStatus::Kind::kNoProgram:
    case ExitStatus::Kind::kExecFailed:
    case ExitStatus::Kind::kSetupFailed:
      break;
  }
  exit.kind = Exit::Kind::kNotStarted;
  if (status.kind != ExitStatus::Kind::kSetupFailed) {
    exit.error = status.value;
    exit.program = program;
    exit.program_missing = status.kind == ExitStatus::Kind::kNoProgram;
  }
  exit.reason = descriptor_fault(status.value);
  exit.lacks_room = has_run_out(status.value);
  return exit;
}

}  // namespace kiln::sandbox
