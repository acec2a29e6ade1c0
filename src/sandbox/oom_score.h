// Whom the kernel ends where memory runs out.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace kiln::sandbox {

// From now on this process, and what it starts, end before the engine, on which all functions
// depend, where the memory of the machine runs out, or of the container that all of Kiln is in.
inline void end_before_others() {
  constexpr int kScore = 500;
  const int fd = ::open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  char text[16] = {};
  if (::read(fd, text, sizeof text - 1) > 0 && std::atoi(text) < kScore) [[maybe_unused]]
    const ssize_t n = ::pwrite(fd, "500", 3, 0);
  ::close(fd);
}

}  // namespace kiln::sandbox
