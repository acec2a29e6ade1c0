// The kernel's header has more members than the C library's, and doesn't go with it.
#include "net/bytes_taken.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace kiln::net {

uint64_t bytes_taken(int socket) {
  struct tcp_info info = {};
  socklen_t size = sizeof info;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_acked : 0;
}

}  // namespace kiln::net
