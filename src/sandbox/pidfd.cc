#include "sandbox/pidfd.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kiln::sandbox {

bool has_ended(const UniqueFd& pidfd, int wait_ms) {
  struct pollfd one = {pidfd.get(), POLLIN, 0};
  return ::poll(&one, 1, wait_ms) > 0;
}

void send_signal(const UniqueFd& pidfd, int number) {
  if (pidfd) ::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0);
}

}  // namespace kiln::sandbox
