// The processes of a sandbox that become somebody else's programs: the second one, which becomes
// the function, and those that become its extensions. All of it runs in the process that it is
// about.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "sandbox/launcher.h"

namespace kiln::sandbox {

// Of whom it is the child.
struct Second {
  uint32_t slot;
  const BlankFds& fds;
  Isolation isolation;
  pid_t first;  // the first process, as it sees itself
};

// What it becomes.
struct Program {
  char** argv;
  char** env;
  const char* directory;
  int channel = -1;  // what it finds at kChannelFd, or -1
  int order = -1;    // and at kOrderFd
  int64_t data_limit_bytes = 0;
  StartOrder::Role role = StartOrder::Role::kFunction;
};

// How it ends is said where the engine reads it; what is written first counts.
void report(const BlankFds& fds, ExitStatus::Kind kind, int value);
// Its set-up fails at this step, for errno's reason.
[[noreturn]] void give_up(const BlankFds& fds, std::string_view step);

// All that doesn't depend on the program. Returns the step that failed, for errno's reason, or
// nullptr. System calls only: the second process shares its memory with the first.
const char* settle_second(const Second& second);
// Returns only on failure, with the errno. System calls only, as above.
int become(const Second& second, const Program& program);
// It can't become the function, and says so itself.
[[noreturn]] void give_up_becoming(const Second& second, const Program& program, int why);

}  // namespace kiln::sandbox
