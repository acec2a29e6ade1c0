// Whole writes and single reads on a stream socket, with EINTR and SIGPIPE out of the way.
// Blocking.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <span>

namespace kiln::sdk {

// Sends all the parts, which it uses up. False: the other side is gone (errno).
bool send_all(int fd, std::span<iovec> parts);

// At most `size` bytes. 0: end of the stream; -1: errno.
ssize_t receive(int fd, char* data, size_t size);

}  // namespace kiln::sdk
