// How much of what was sent has arrived.
#pragma once

#include <cstdint>

namespace kiln::net {

// Bytes that the peer of a TCP connection has taken since it was made; 0 where nobody knows. Cost:
// a system call.
uint64_t bytes_taken(int socket);

}  // namespace kiln::net
