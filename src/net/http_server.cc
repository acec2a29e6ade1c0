#include "net/http_server.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <set>

#include "base/fence.h"
#include "base/mutex.h"
#include "net/http_connection.h"
#include "net/http_crowd.h"
#include "net/http_date.h"

namespace kiln::net {
namespace {

// Of one turn, so that a storm of connections starves nobody.
constexpr int kAcceptsPerTurn = 64;
// Out of descriptors: a breath instead of spinning; a connection that ends frees one.
constexpr auto kPause = std::chrono::milliseconds(50);

struct Address {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

// nullopt: no address of IPv4 or IPv6.
bool parse_address(const std::string& host, uint16_t port, Address& out) {
  auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    out.size = sizeof v4;
    return true;
  }
  in6_addr parsed = {};
  if (::inet_pton(AF_INET6, host.c_str(), &parsed) != 1) return false;
  v6 = {};
  v6.sin6_addr = parsed;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  out.size = sizeof v6;
  return true;
}

// How to go on after an error of socket(), bind(), or listen().
const char* next_step(int error) {
  switch (error) {
    case EADDRINUSE:
      return "; choose another with --port (0 takes a free one), or end what uses it: `ss -ltnp` "
             "shows it";
    case EACCES:
      return "; choose a --port above 1023, or run Kiln as root";
    case EADDRNOTAVAIL:
      return "; choose a --host that is an address of this machine";
    default:
      return "";
  }
}

constexpr std::string_view kNewConnection = "a new connection";

}  // namespace

struct HttpServer::Impl final : std::enable_shared_from_this<Impl>, Polled, Scheduled {
  Impl(std::vector<IoLoop*> l, HttpLimits li, SessionFactory f)
      : loops(std::move(l)), limits(li), factory(std::move(f)) {
    const size_t each = std::max<size_t>(1, limits.connections / loops.size());
    const uint64_t room = BodyRoom::of_each(limits.body_bytes, loops.size(), limits.largest_body);
    for (size_t i = 0; i < loops.size(); ++i)
      crowds.push_back(std::make_shared<HttpCrowd>(each, room));
  }

  // Polled: connections wait, or may wait.
  void on_events(uint32_t) override {
    for (int left = kAcceptsPerTurn; listener; --left) {
      if (left == 0) return loops[0]->again(*this);
      UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      const int why = errno;
      if (socket) {
        if (!fenced(kNewConnection, [&] { deal(std::move(socket)); })) return come_later();
        continue;
      }
      if (why == EINTR || why == ECONNABORTED) continue;
      if (why == EMFILE) fenced(kNewConnection, [&] { make_room(); });
      if (why != EAGAIN && why != EWOULDBLOCK) come_later();
      return;
    }
  }
  // Nothing tells again of those that wait.
  void come_later() { loops[0]->schedule(this, loops[0]->clock().steady_now() + kPause); }
  SteadyTime on_time(SteadyTime) override {
    on_events(EPOLLIN);
    return SteadyTime::max();
  }

  // The accepted socket belongs to the loop that has the fewest; of several, to the one that is
  // next in turn.
  void deal(UniqueFd socket) {
    size_t at = next;
    for (size_t i = 0; i < loops.size(); ++i)
      if (crowds[i]->size() < crowds[at]->size()) at = i;
    next = (at + 1) % loops.size();
    loops[at]->dispatch([self = shared_from_this(), at, socket = std::move(socket),
                         expected = HttpCrowd::Expected(*crowds[at])]() mutable {
      fenced(kNewConnection, [&] { self->take(std::move(socket), at, std::move(expected)); });
    });
  }

  // Descriptors have run out: each loop closes one connection.
  void make_room() {
    for (size_t i = 0; i < loops.size(); ++i)
      loops[i]->dispatch([self = shared_from_this(), i] { self->drop_one(*self->crowds[i]); });
  }

  bool drop_one(HttpCrowd& crowd) {
    HttpConnection* const one = crowd.least_missed();
    if (one == nullptr) return false;
    ++dropped;
    one->drop();
    return true;
  }

  void refuse(UniqueFd socket, const IoLoop& loop) {
    ++refused;
    Response response;
    response.status = 503;
    response.body =
        R"({"message":"Kiln works on as many requests as it may have connections; raise the limit )"
        R"(of open files (ulimit -Hn, LimitNOFILE= of systemd).","Type":"Service"})";
    std::string text;
    write_head(text, response, false);
    add_date(text, response, loop);
    text += response.body;
    ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(socket.get(), SHUT_WR);
    // Unread bytes would reset the connection, and the peer might lose the answer.
    char unread[4096];
    while (::recv(socket.get(), unread, sizeof unread, MSG_DONTWAIT) > 0) {
    }
  }

  void take(UniqueFd socket, size_t at, HttpCrowd::Expected expected) {
    IoLoop& loop = *loops[at];
    const std::shared_ptr<HttpCrowd>& crowd = crowds[at];
    if (crowd->is_full() && !drop_one(*crowd)) return refuse(std::move(socket), loop);
    auto connection = std::make_shared<HttpConnection>(std::move(socket), loop, limits, crowd);
    expected.has_joined();
    auto session = factory(*connection);
    if (!session) return;
    {
      const MutexLock lock(mutex);
      if (closed) return;
      connections.insert(connection);
      connections_sweep();
    }
    connection->start(std::move(session));
  }

  // Forgets connections that have gone; amortised by doubling.
  void connections_sweep() KILN_REQUIRES(mutex) {
    if (connections.size() < sweep_at) return;
    std::erase_if(connections, [](const auto& weak) { return weak.expired(); });
    sweep_at = std::max<size_t>(64, connections.size() * 2);
  }

  void stop_listening() {
    if (!listener) return;
    loops[0]->remove(*this, listener.get());
    loops[0]->cancel(this);
    listener.reset();
  }

  std::vector<IoLoop*> loops;
  HttpLimits limits;
  SessionFactory factory;
  UniqueFd listener;
  std::vector<std::shared_ptr<HttpCrowd>> crowds;  // of the loops
  size_t next = 0;
  std::atomic<uint64_t> dropped = 0, refused = 0;
  uint16_t port = 0;
  Mutex mutex;
  std::atomic<bool> closed = false;
  size_t sweep_at KILN_GUARDED_BY(mutex) = 64;
  std::set<std::weak_ptr<HttpConnection>, std::owner_less<>> connections KILN_GUARDED_BY(mutex);
};

HttpServer::HttpServer(std::vector<IoLoop*> loops, HttpLimits limits, SessionFactory factory)
    : impl_(std::make_shared<Impl>(std::move(loops), limits, std::move(factory))) {}

HttpServer::~HttpServer() { close(); }

Result<void> HttpServer::listen(const std::string& host, uint16_t port, Reach reach) {
  Address address;
  if (!parse_address(host == "localhost" ? "127.0.0.1" : host, port, address))
    return Error{
        ErrorKind::kInvalid, "InvalidHost",
        "'" + host + "' is not an IP address; use 127.0.0.1 or an address of this machine"};
  const auto failed = [&](const char* step) {
    const int error = errno;
    return Error{ErrorKind::kUnavailable,
                 std::string(error == EADDRINUSE ? kAddressInUse : "CannotListen"),
                 "can't listen on " + host + ":" + std::to_string(port) + ": " + step + ": " +
                     std::strerror(error) + next_step(error)};
  };
  const auto* const where = reinterpret_cast<const sockaddr*>(&address.storage);
  UniqueFd socket(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return failed("socket");
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (reach == Reach::kLoopbackDevice &&
      ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo") != 0)
    return failed("SO_BINDTODEVICE lo");
  if (::bind(socket.get(), where, address.size) != 0) return failed("bind");
  if (::listen(socket.get(), 4096) != 0) return failed("listen");
  Address bound;
  bound.size = sizeof bound.storage;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.size) != 0)
    return failed("getsockname");
  // The port is at the same place for both families.
  impl_->port = ntohs(reinterpret_cast<const sockaddr_in&>(bound.storage).sin_port);
  impl_->loops[0]->dispatch([impl = impl_, socket = std::move(socket)]() mutable {
    if (impl->closed) return;
    impl->listener = std::move(socket);
    impl->loops[0]->hold(impl);
    impl->loops[0]->add(*impl, impl->listener.get(), EPOLLIN | EPOLLET);
  });
  return {};
}

uint16_t HttpServer::port() const { return impl_->port; }

ConnectionCounts HttpServer::connections() const {
  ConnectionCounts out{0, impl_->dropped, impl_->refused, 0, 0};
  for (const auto& crowd : impl_->crowds) {
    out.open += crowd->size();
    out.requests_dropped += crowd->made_way();
    out.requests_refused += crowd->found_none();
  }
  return out;
}

void HttpServer::close() {
  if (impl_->closed.exchange(true)) return;
  std::set<std::weak_ptr<HttpConnection>, std::owner_less<>> connections;
  {
    const MutexLock lock(impl_->mutex);
    connections.swap(impl_->connections);
  }
  impl_->loops[0]->post([impl = impl_] {
    impl->stop_listening();
    impl->loops[0]->drop(impl.get());
  });
  for (const auto& weak : connections)
    if (auto connection = weak.lock()) {
      IoLoop& loop = connection->loop();
      // Moved: the last owner may be this one, and the connection ends on its loop alone.
      loop.post([connection = std::move(connection)] { connection->close(); });
    }
}

}  // namespace kiln::net
