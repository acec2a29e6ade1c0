// Says in the log where the program crashed: on a deadly signal, and when std::terminate ends it.
//
// Process-wide, as signals are. Cost: 64 KiB of address space; nothing until a crash.
#pragma once

namespace kiln::sdk {

// Takes the deadly signals that the program has given no handler of its own, and std::terminate.
void install_crash_log();

}  // namespace kiln::sdk
