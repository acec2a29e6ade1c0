// The server of the floors: HTTP/1.1 by nothing but epoll, read and write. It answers any request
// that has a Content-Length with its body, or with what the process behind it makes of that
// (bench/hop.h). No time limits, no error answers: a request that it does not understand closes the
// connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bench/hop.h"
#include "bench/http_text.h"

namespace kiln::bench {

struct Connection {
  int fd = -1;
  std::string in;
};

inline int listen_on(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(fd, 1024) != 0) {
    std::perror("floor_server: listen");
    std::exit(1);
  }
  return fd;
}

inline uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

inline bool send_echo(int fd, std::string_view body) {
  std::string out = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n";
  out += body;
  size_t sent = 0;
  while (sent < out.size()) {
    const ssize_t written = send(fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (written <= 0) return false;
    sent += static_cast<size_t>(written);
  }
  return true;
}

// Answers every whole request in the buffer. False: close the connection.
inline bool answer(Connection& connection, Hop* hop) {
  std::array<char, 16384> block;
  const ssize_t count = recv(connection.fd, block.data(), block.size(), 0);
  if (count <= 0) return false;
  connection.in.append(block.data(), static_cast<size_t>(count));
  while (true) {
    const MessageSize size = measure_message(connection.in);
    if (size.bad) return false;
    if (!size.complete) return true;
    const auto body = std::string_view(connection.in).substr(size.head, size.body);
    const bool done = hop ? hop->ask(connection.fd, body) : send_echo(connection.fd, body);
    if (!done) return false;
    connection.in.erase(0, size.head + size.body);
  }
}

[[noreturn]] inline void serve(int listener, Hop* hop) {
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::map<int, std::unique_ptr<Connection>> connections;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  if (hop) {
    event.data.ptr = hop;
    epoll_ctl(poll, EPOLL_CTL_ADD, hop->bell(), &event);
  }
  // One whose caller has gone meanwhile is sent to nobody, or to the next with its descriptor.
  const auto pass_on = [](int fd, std::string_view body) { send_echo(fd, body); };
  std::array<epoll_event, 128> events{};
  while (true) {
    bool answered = false;
    if (hop) {
      hop->sleeps();
      answered = hop->take(pass_on) > 0;
    }
    const int ready =
        epoll_wait(poll, events.data(), static_cast<int>(events.size()), answered ? 0 : -1);
    if (hop) hop->wakes();
    for (int i = 0; i < ready; ++i) {
      void* const whose = events[static_cast<size_t>(i)].data.ptr;
      auto* connection = static_cast<Connection*>(whose);
      if (hop && whose == hop) {
        hop->heard();
      } else if (connection == nullptr) {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) continue;
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        auto fresh = std::make_unique<Connection>();
        fresh->fd = fd;
        event.data.ptr = fresh.get();
        connections[fd] = std::move(fresh);
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
      } else if (!answer(*connection, hop)) {
        close(connection->fd);
        connections.erase(connection->fd);
      }
    }
  }
}

}  // namespace kiln::bench
