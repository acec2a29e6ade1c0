#include "sandbox/peer_uid.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace kiln::sandbox {
namespace {

struct Pair {
  UniqueFd client, server;
};

sockaddr_storage loopback(int family, const char* text, in_port_t port) {
  sockaddr_storage address = {};
  address.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address);
    v4.sin_port = port;
    ::inet_pton(AF_INET, text, &v4.sin_addr);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    v6.sin6_port = port;
    ::inet_pton(AF_INET6, text, &v6.sin6_addr);
  }
  return address;
}

// A connection to a listener of `listens`, from a socket of `family`. Empty: the machine has none.
Pair connect(int listens, const char* listener_address, int family, const char* address) {
  UniqueFd listener(::socket(listens, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int off = 0;
  if (listens == AF_INET6)
    ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  sockaddr_storage here = loopback(listens, listener_address, 0);
  socklen_t size = sizeof here;
  if (!listener || ::bind(listener.get(), reinterpret_cast<sockaddr*>(&here), size) != 0 ||
      ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&here), &size) != 0)
    return {};
  const in_port_t port = listens == AF_INET ? reinterpret_cast<sockaddr_in&>(here).sin_port
                                            : reinterpret_cast<sockaddr_in6&>(here).sin6_port;
  Pair pair;
  pair.client.reset(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_storage there = loopback(family, address, port);
  if (::connect(pair.client.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0)
    return {};
  pair.server.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return pair;
}

TEST(PeerUid, IsTheUsersWhoConnectsByWhateverAddress) {
  struct Case {
    const char* name;
    int listens;
    const char* listener_address;
    int family;
    const char* address;
  };
  const Case cases[] = {
      {"IPv4", AF_INET, "127.0.0.1", AF_INET, "127.0.0.1"},
      {"IPv6", AF_INET6, "::1", AF_INET6, "::1"},
      {"IPv4 to both", AF_INET6, "::", AF_INET, "127.0.0.1"},
      {"IPv4 in IPv6 to both", AF_INET6, "::", AF_INET6, "::ffff:127.0.0.1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Pair pair = connect(c.listens, c.listener_address, c.family, c.address);
    if (!pair.server) continue;  // no IPv6 here
    EXPECT_EQ(peer_uid(pair.server.get()), ::getuid());
  }
}

TEST(PeerUid, IsNobodysWhereTheKernelTellsOfAListenerOrOfWhatNobodyHolds) {
  struct Case {
    uint8_t state;
    uint32_t inode, uid;
    std::optional<uint32_t> holder;
  };
  const Case cases[] = {
      {TCP_ESTABLISHED, 7, 1000, 1000},    {TCP_ESTABLISHED, 7, 0, 0},
      {TCP_FIN_WAIT2, 0, 1000, 1000},      {TCP_FIN_WAIT2, 0, 0, std::nullopt},
      {TCP_LISTEN, 7, 1000, std::nullopt}, {TCP_LISTEN, 7, 0, std::nullopt},
  };
  for (const Case& c : cases) {
    inet_diag_msg told = {};
    told.idiag_state = c.state;
    told.idiag_inode = c.inode;
    told.idiag_uid = c.uid;
    EXPECT_EQ(holder_of(told), c.holder) << int{c.state} << ' ' << c.inode << ' ' << c.uid;
  }
}

// The kernel calls it root's, or knows whose it was.
TEST(PeerUid, OfWhoHasGoneIsNotRoots) {
  Pair pair = connect(AF_INET, "127.0.0.1", AF_INET, "127.0.0.1");
  ASSERT_TRUE(pair.server);
  pair.client.reset();
  const auto uid = peer_uid(pair.server.get());
  EXPECT_TRUE(!uid || (*uid != 0 && *uid == ::getuid())) << *uid;
}

}  // namespace
}  // namespace kiln::sandbox
