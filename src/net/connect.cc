#include "net/connect.h"

#include <fcntl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <memory>

#include "net/asio_thread.h"
#include "net/local_name.h"

namespace kiln::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class Connecting : public std::enable_shared_from_this<Connecting> {
 public:
  using Done = UniqueFunction<void(Result<UniqueFd>)>;
  Connecting(asio::io_context& context, IoLoop::Remote loop, Done done)
      : loop_(std::move(loop)), done_(std::move(done)), resolver_(context), socket_(context) {}

  void start(const std::string& host, const std::string& port) {
    resolver_.async_resolve(
        host, port, [self = shared_from_this()](error_code ec, tcp::resolver::results_type found) {
          if (ec) return self->finish(ec);
          asio::async_connect(self->socket_, found,
                              [self](error_code e, const auto&) { self->finish(e); });
        });
  }

 private:
  void finish(error_code ec) {
    UniqueFd socket;
    if (!ec) socket.reset(socket_.release(ec));
    if (socket) ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    loop_.post([done = std::move(done_), socket = std::move(socket), ec]() mutable {
      if (ec) return done(Error{ErrorKind::kUnavailable, "ConnectFailed", ec.message()});
      done(std::move(socket));
    });
  }

  IoLoop::Remote loop_;
  Done done_;
  tcp::resolver resolver_;
  tcp::socket socket_;
};

}  // namespace

void connect(IoLoop& loop, const std::string& host, const std::string& port,
             UniqueFunction<void(Result<UniqueFd>)> done) {
  const auto context = asio_thread();
  if (!context)
    return loop.post([done = std::move(done), error = context.error()]() mutable { done(error); });
  auto connecting = std::make_shared<Connecting>(**context, loop.remote(), std::move(done));
  asio::post(**context,
             [connecting, host = host_to_connect(host), port] { connecting->start(host, port); });
}

}  // namespace kiln::net
