// The processes of a sandbox that become somebody else's programs: the second one, which becomes
// the function, and those that become its extensions. All of it runs in the process that it is
// about.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
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

// The programs beside the function: extensions of Lambda's. All calls come from the first process.
class ExtensionProcesses {
 public:
  // Starts them, one after the other.
  void start(const Second& second, const StartOrder& order);
  bool any() const { return left_ > 0; }
  // Waits for a byte of `orders`, or for the end of an extension. False: one has ended. It ends
  // this process where `orders` closes.
  bool wait_for_registration(int orders) const;
  // A child of the first process has ended. Whether it was one of these.
  bool ended(pid_t pid);

 private:
  // No memory but its own is there later.
  std::array<pid_t, StartOrder::kMostExtensions> all_{};
  size_t count_ = 0, left_ = 0;
};

}  // namespace kiln::sandbox
