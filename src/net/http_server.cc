#include "net/http_server.h"

#include <net/if.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <mutex>
#include <set>

#include "net/http_connection.h"

namespace kiln::net {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;

struct HttpServer::Impl : std::enable_shared_from_this<Impl> {
  Impl(std::vector<IoLoop*> l, HttpLimits li, SessionFactory f)
      : loops(std::move(l)),
        limits(li),
        factory(std::move(f)),
        acceptor(loops[0]->executor()),
        pause(loops[0]->executor()) {}

  void accept() {
    IoLoop& loop = *loops[next];
    next = (next + 1) % loops.size();
    auto socket = std::make_shared<TcpSocket>(loop.executor());
    acceptor.async_accept(*socket,
                          [self = shared_from_this(), &loop, socket](boost::system::error_code ec) {
                            if (self->closed) return;
                            if (!ec) {
                              self->take(std::move(*socket), loop);
                              return self->accept();
                            }
                            // Out of descriptors: take a breath instead of spinning; a connection
                            // that ends frees one.
                            self->pause.expires_after(std::chrono::milliseconds(50));
                            self->pause.async_wait([self](boost::system::error_code) {
                              if (!self->closed) self->accept();
                            });
                          });
  }

  // The accepted socket belongs to the loop that is next in turn.
  void take(TcpSocket socket, IoLoop& loop) {
    loop.dispatch([self = shared_from_this(), &loop, socket = std::move(socket)]() mutable {
      auto connection = std::make_shared<HttpConnection>(std::move(socket), loop, self->limits);
      auto session = self->factory(*connection);
      if (!session) return;
      {
        std::lock_guard lock(self->mutex);
        if (self->closed) return;
        self->connections.insert(connection);
        self->connections_sweep();
      }
      connection->start(std::move(session));
    });
  }

  // Forgets connections that have gone; amortised by doubling.
  void connections_sweep() {
    if (connections.size() < sweep_at) return;
    std::erase_if(connections, [](const auto& weak) { return weak.expired(); });
    sweep_at = std::max<size_t>(64, connections.size() * 2);
  }

  std::vector<IoLoop*> loops;
  HttpLimits limits;
  SessionFactory factory;
  Acceptor acceptor;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      pause;
  size_t next = 0;
  uint16_t port = 0;
  std::mutex mutex;
  std::atomic<bool> closed = false;
  size_t sweep_at = 64;
  std::set<std::weak_ptr<HttpConnection>, std::owner_less<>> connections;
};

HttpServer::HttpServer(std::vector<IoLoop*> loops, HttpLimits limits, SessionFactory factory)
    : impl_(std::make_shared<Impl>(std::move(loops), limits, std::move(factory))) {}

HttpServer::~HttpServer() { close(); }

Result<void> HttpServer::listen(const std::string& host, uint16_t port, Reach reach) {
  const std::string where = host + ":" + std::to_string(port);
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, ec);
  if (ec)
    return Error{
        ErrorKind::kInvalid, "InvalidHost",
        "'" + host + "' is not an IP address; use 127.0.0.1 or an address of this machine"};
  const auto failed = [&](const char* step) {
    return Error{
        ErrorKind::kUnavailable, "CannotListen",
        std::string("cannot listen on ") + where + ": " + step + ": " + ec.message() +
            (ec == asio::error::address_in_use ? "; choose another --port, or stop what uses it"
                                               : "")};
  };
  auto& acceptor = impl_->acceptor;
  acceptor.open(address.is_v4() ? tcp::v4() : tcp::v6(), ec);
  if (ec) return failed("socket");
  acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (reach == Reach::kLoopbackDevice &&
      setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo") != 0) {
    ec.assign(errno, boost::system::system_category());
    return failed("SO_BINDTODEVICE lo");
  }
  acceptor.bind({address, port}, ec);
  if (ec) return failed("bind");
  acceptor.listen(4096, ec);
  if (ec) return failed("listen");
  impl_->port = acceptor.local_endpoint().port();
  impl_->loops[0]->dispatch([impl = impl_] { impl->accept(); });
  return {};
}

uint16_t HttpServer::port() const { return impl_->port; }

void HttpServer::close() {
  if (impl_->closed.exchange(true)) return;
  std::set<std::weak_ptr<HttpConnection>, std::owner_less<>> connections;
  {
    std::lock_guard lock(impl_->mutex);
    connections.swap(impl_->connections);
  }
  impl_->loops[0]->post([impl = impl_] {
    boost::system::error_code ec;
    impl->acceptor.close(ec);
    impl->pause.cancel();
  });
  for (const auto& weak : connections)
    if (auto connection = weak.lock())
      connection->loop().post([connection] { connection->close(); });
}

}  // namespace kiln::net
