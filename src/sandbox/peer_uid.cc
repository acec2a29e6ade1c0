#include "sandbox/peer_uid.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/thread_owned.h"
#include "base/unique_fd.h"

namespace kiln::sandbox {
namespace {

// One end of a connection, as the kernel's answer to questions has it.
struct End {
  uint8_t family = 0;
  uint32_t address[4] = {};
  uint16_t port = 0;
  uint32_t interface = 0;
};

std::optional<End> end_of(const sockaddr_storage& address) {
  End end;
  end.family = static_cast<uint8_t>(address.ss_family);
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    end.address[0] = v4.sin_addr.s_addr;
    end.port = v4.sin_port;
    return end;
  }
  if (address.ss_family != AF_INET6) return std::nullopt;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  end.port = v6.sin6_port;
  end.interface = v6.sin6_scope_id;
  std::memcpy(end.address, &v6.sin6_addr, sizeof end.address);
  // Who connects to an IPv6 listener by IPv4 has an IPv4 socket, or one that is found as such.
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    const uint32_t v4 = end.address[3];
    end = {AF_INET, {v4}, end.port, 0};
  }
  return end;
}

// Answers to other questions, as of one that a signal has cut short, are passed over.
std::optional<inet_diag_msg> answer_to(int netlink, uint32_t number) {
  for (;;) {
    alignas(struct nlmsghdr) char reply[4096];
    // It is there once the question is sent.
    const ssize_t n = ::recv(netlink, reply, sizeof reply, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < static_cast<ssize_t>(sizeof(struct nlmsghdr))) return std::nullopt;
    const auto* header = reinterpret_cast<const struct nlmsghdr*>(reply);
    if (header->nlmsg_seq != number) continue;
    if (n < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(struct inet_diag_msg))) ||
        header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
      return std::nullopt;
    return *static_cast<const struct inet_diag_msg*>(NLMSG_DATA(header));
  }
}

struct Line {
  UniqueFd netlink;
  uint32_t last = 0;  // number of a question
};

}  // namespace

std::optional<uint32_t> holder_of(const inet_diag_msg& told) {
  const bool is_nobodys = told.idiag_inode == 0 && told.idiag_uid == 0;
  if (told.idiag_state == TCP_LISTEN || is_nobodys) return std::nullopt;
  return told.idiag_uid;
}

std::optional<uint32_t> peer_uid(int socket) {
  static const ThreadOwned<Line> of_threads;
  Line& line = *of_threads;
  if (!line.netlink)
    line.netlink.reset(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!line.netlink) return std::nullopt;
  sockaddr_storage here = {}, there = {};
  socklen_t here_size = sizeof here, there_size = sizeof there;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&here), &here_size) != 0 ||
      ::getpeername(socket, reinterpret_cast<sockaddr*>(&there), &there_size) != 0)
    return std::nullopt;
  const auto local = end_of(here), remote = end_of(there);
  if (!local || !remote || local->family != remote->family) return std::nullopt;

  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } ask = {};
  ask.header.nlmsg_len = sizeof ask;
  ask.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  ask.header.nlmsg_flags = NLM_F_REQUEST;
  ask.header.nlmsg_seq = ++line.last;
  ask.request.sdiag_family = local->family;
  ask.request.sdiag_protocol = IPPROTO_TCP;
  ask.request.idiag_states = ~0U;
  ask.request.id.idiag_cookie[0] = ask.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  // The other end's own view: its source is our remote.
  std::memcpy(ask.request.id.idiag_src, remote->address, sizeof remote->address);
  ask.request.id.idiag_sport = remote->port;
  std::memcpy(ask.request.id.idiag_dst, local->address, sizeof local->address);
  ask.request.id.idiag_dport = local->port;
  ask.request.id.idiag_if = local->interface;
  if (::send(line.netlink.get(), &ask, sizeof ask, 0) != sizeof ask) return std::nullopt;
  const auto answer = answer_to(line.netlink.get(), ask.header.nlmsg_seq);
  return answer ? holder_of(*answer) : std::nullopt;
}

}  // namespace kiln::sandbox
