// RedisFixture: a Redis server of Debian's package, for the life of the object. Keeps nothing over
// stop().
//
//   RedisFixture redis;
//   connect("127.0.0.1", redis.port());
//   redis.stop();    // an outage …
//   redis.start();   // … and its end, empty, on the same port
#pragma once

#include <memory>
#include <string>

#include "tests/support/server_process.h"

namespace kiln::testing {

class RedisFixture {
 public:
  RedisFixture() : port_(free_port()) { start(); }
  ~RedisFixture() { stop(); }

  void start() {
    server_ = std::make_unique<ServerProcess>(
        std::vector<std::string>{"/usr/bin/redis-server", "--port", std::to_string(port_), "--bind",
                                 "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
                                 folder_.path()},
        folder_.path(), folder_.path() + "/server.log", Account{}, SIGKILL);
    server_->wait_until([&] { return answers(); });
  }
  void stop() {
    if (server_) server_->end(SIGTERM);
    server_.reset();
  }

  int port() const { return port_; }

  // Sends one inline command ("GET key") and returns the reply as Redis writes it, or an empty
  // text.
  std::string command(const std::string& line) const {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "";
    const std::string request = line + "\r\n";
    if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
    std::string reply(65536, '\0');
    const ssize_t size = ::recv(fd.get(), reply.data(), reply.size(), 0);
    reply.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return reply;
  }

 private:
  bool answers() const { return command("PING") == "+PONG\r\n"; }

  TemporaryFolder folder_;
  int port_;
  std::unique_ptr<ServerProcess> server_;
};

}  // namespace kiln::testing
