// Signals that mean nothing to Kiln, and whose default ends a process. Its own processes ignore
// them, so that one sent by mistake ends no engine; a write beyond RLIMIT_FSIZE is an error then,
// too. Functions have them as the kernel gives them.
#pragma once

#include <signal.h>

#include <array>

namespace kiln {

inline constexpr std::array kStraySignals = {SIGUSR1, SIGUSR2,   SIGALRM, SIGVTALRM, SIGPROF,
                                             SIGIO,   SIGSTKFLT, SIGPWR,  SIGXFSZ};

}  // namespace kiln
