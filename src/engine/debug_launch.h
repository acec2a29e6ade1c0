// How an environment is started under a debugger: gdbserver for native programs, Node.js's own
// inspector, debugpy for Python. Pure but for looking for a free port and for programs.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "engine/status.h"
#include "model/function.h"

namespace kiln::sandbox {
struct SandboxSpec;
}

namespace kiln::engine {

// "gdbserver", "inspector", "debugpy", or "profiler".
const char* to_text(Debugger debugger);
Debugger debugger_of(const model::FunctionConfig& config);

// In the environment. The SDK and the bootstraps of Python and Node.js write it.
inline constexpr const char* kProfileFile = "/tmp/.kiln-profile";

// What a debugger needs beside the function, in MiB: limits of a debugged environment grow by it.
inline constexpr int kDebuggerMemoryMb = 256;

// `wanted`, or, if it is 0, the debugger's usual port, or any free one; a profiler has none. Error:
// `wanted` is taken, or the debugger isn't on this machine.
Result<uint16_t> debug_port(Debugger debugger, uint16_t wanted);

// Changes how the environment starts. `spec` is what launch_spec() gave.
void put_under_debugger(sandbox::SandboxSpec& spec, const DebugLaunch& launch);

}  // namespace kiln::engine
