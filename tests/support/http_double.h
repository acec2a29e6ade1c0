// HttpDouble: a scripted HTTP server for tests of HTTP clients, down to the single byte.
//
//   HttpDouble server([](const HttpDouble::Request& request) {
//     return HttpDouble::Reply{.bytes = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"};
//   });
//   connect_to(server.address());
//
// Serves one connection after the other on a free port of 127.0.0.1. The script runs on the
// server's thread. The destructor ends the server at once, also when a client hangs.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <thread>

#include "base/unique_fd.h"

namespace kiln::testing {

class HttpDouble {
 public:
  struct Request {
    std::string head;  // the request line and the headers
    std::string body;
    int connection;  // 1 for the first, 2 for the next
  };
  enum class Then { kKeep, kClose, kReset };
  struct Reply {
    std::string bytes;
    size_t piece = 0;  // send so many bytes at a time; 0: all at once
    Then then = Then::kKeep;
  };
  using Script = std::function<Reply(const Request&)>;

  explicit HttpDouble(Script script)
      : script_(std::move(script)),
        listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        stop_(::eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_.get(), 16);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpDouble() {
    const uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
  }

  const std::string& address() const { return address_; }

  static std::string response(int status, std::string_view headers, std::string_view body) {
    return "HTTP/1.1 " + std::to_string(status) + " Status\r\n" + std::string(headers) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }

 private:
  // False: the test is over.
  bool wait_readable(int fd) {
    pollfd fds[2] = {{fd, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    ::poll(fds, 2, -1);
    return fds[1].revents == 0;
  }

  void serve() {
    for (int number = 1; wait_readable(listener_.get()); ++number) {
      const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      const int on = 1;
      ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      serve_connection(client.get(), number);
    }
  }

  void serve_connection(int fd, int number) {
    std::string buffer;
    while (true) {
      Request request;
      request.connection = number;
      if (!read_request(fd, buffer, request)) return;
      const Reply reply = script_(request);
      const size_t piece = reply.piece ? reply.piece : reply.bytes.size();
      for (size_t sent = 0; sent < reply.bytes.size();) {
        const size_t size = std::min(piece, reply.bytes.size() - sent);
        const ssize_t n = ::send(fd, reply.bytes.data() + sent, size, MSG_NOSIGNAL);
        if (n <= 0) return;
        sent += static_cast<size_t>(n);
      }
      if (reply.then == Then::kReset) {
        const linger now{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      }
      if (reply.then != Then::kKeep) return;
    }
  }

  bool read_request(int fd, std::string& buffer, Request& request) {
    const auto more = [&] {
      if (!wait_readable(fd)) return false;
      char piece[65536];
      const ssize_t n = ::recv(fd, piece, sizeof piece, 0);
      if (n > 0) buffer.append(piece, static_cast<size_t>(n));
      return n > 0;
    };
    size_t end;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return false;
    }
    request.head = buffer.substr(0, end + 2);
    buffer.erase(0, end + 4);
    size_t size = 0;
    const size_t at = request.head.find("Content-Length: ");
    if (at != std::string::npos) size = std::stoul(request.head.substr(at + 16));
    while (buffer.size() < size) {
      if (!more()) return false;
    }
    request.body = buffer.substr(0, size);
    buffer.erase(0, size);
    return true;
  }

  Script script_;
  UniqueFd listener_;
  UniqueFd stop_;
  std::string address_;
  std::thread thread_;
};

}  // namespace kiln::testing
