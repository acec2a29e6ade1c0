// random_bits(): 64 bits from the kernel that nobody can guess.
//
// std::random_device would do, but it asks for glibc 2.36, and Amazon Linux 2023 has 2.34.
//
// Threading: any thread. Cost: a system call.
#pragma once

#include <sys/random.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace kiln::sdk {

inline uint64_t random_bits() {
  uint64_t bits = 0;
  // So few bytes come whole, or not at all.
  while (::getrandom(&bits, sizeof bits, 0) != sizeof bits) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return bits;
}

}  // namespace kiln::sdk
