#include "sdk/core/socket_io.h"

#include <sys/socket.h>

#include <cerrno>

namespace kiln::sdk {

bool send_all(int fd, std::span<iovec> parts) {
  while (true) {
    while (!parts.empty() && parts.front().iov_len == 0) parts = parts.subspan(1);
    if (parts.empty()) return true;
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    auto left = static_cast<size_t>(sent);
    while (left > 0) {
      iovec& part = parts.front();
      const size_t taken = left < part.iov_len ? left : part.iov_len;
      part.iov_base = static_cast<char*>(part.iov_base) + taken;
      part.iov_len -= taken;
      left -= taken;
      if (part.iov_len == 0) parts = parts.subspan(1);
    }
  }
}

ssize_t receive(int fd, char* data, size_t size) {
  while (true) {
    const ssize_t got = ::recv(fd, data, size, 0);
    if (got >= 0 || errno != EINTR) return got;
  }
}

}  // namespace kiln::sdk
