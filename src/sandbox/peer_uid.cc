#include "sandbox/peer_uid.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/thread_owned.h"
#include "base/unique_fd.h"

namespace kiln::sandbox {

std::optional<uint32_t> peer_uid(int socket) {
  static const ThreadOwned<UniqueFd> of_threads;
  UniqueFd& netlink = *of_threads;
  if (!netlink) netlink.reset(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink) return std::nullopt;
  sockaddr_in local = {}, remote = {};
  socklen_t local_size = sizeof local, remote_size = sizeof remote;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &local_size) != 0 ||
      ::getpeername(socket, reinterpret_cast<sockaddr*>(&remote), &remote_size) != 0 ||
      local.sin_family != AF_INET)
    return std::nullopt;

  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } ask = {};
  ask.header.nlmsg_len = sizeof ask;
  ask.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  ask.header.nlmsg_flags = NLM_F_REQUEST;
  ask.request.sdiag_family = AF_INET;
  ask.request.sdiag_protocol = IPPROTO_TCP;
  ask.request.idiag_states = ~0U;
  ask.request.id.idiag_cookie[0] = ask.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  // The other end's own view: its source is our remote.
  ask.request.id.idiag_src[0] = remote.sin_addr.s_addr;
  ask.request.id.idiag_sport = remote.sin_port;
  ask.request.id.idiag_dst[0] = local.sin_addr.s_addr;
  ask.request.id.idiag_dport = local.sin_port;
  if (::send(netlink.get(), &ask, sizeof ask, 0) != sizeof ask) return std::nullopt;
  alignas(struct nlmsghdr) char reply[4096];
  const ssize_t n = ::recv(netlink.get(), reply, sizeof reply, 0);
  const auto* header = reinterpret_cast<const struct nlmsghdr*>(reply);
  if (n < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(struct inet_diag_msg)))) return std::nullopt;
  if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  return static_cast<const struct inet_diag_msg*>(NLMSG_DATA(header))->idiag_uid;
}

}  // namespace kiln::sandbox
