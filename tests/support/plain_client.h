// A client over a plain socket, for what a library would not send. Reads wait for 10 s at most. Its
// receive buffer has one size on every machine, so that a server notices who reads.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <thread>

#include "base/unique_fd.h"

namespace kiln::net {

class PlainClient {
 public:
  explicit PlainClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int buffer = 256 << 10;
    EXPECT_EQ(::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer), 0);
    sockaddr_in a = {};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
  }
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  // The server's kernel has all that was sent.
  void wait_until_received() {
    for (int left = 1; left > 0; std::this_thread::yield())
      if (::ioctl(fd_.get(), SIOCOUTQ, &left) != 0) return;
  }
  // Sends no more, and still reads.
  void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  // Reads until `end` has come, or the connection ends; at most 10 s.
  std::string read_until(std::string_view end) {
    while (in_.find(end) == std::string::npos && read_some()) {
    }
    return in_;
  }
  // Reads so many more. False: the connection ended before.
  bool read_bytes(size_t count) {
    const size_t end = in_.size() + count;
    while (in_.size() < end && read_some()) {
    }
    return in_.size() >= end;
  }
  std::string read_to_close() {
    while (read_some()) {
    }
    return in_;
  }

 private:
  bool read_some() {
    pollfd p = {fd_.get(), POLLIN, 0};
    if (::poll(&p, 1, 10'000) != 1) {
      ADD_FAILURE() << "nothing came within 10 s; so far: " << in_.substr(0, 300);
      return false;
    }
    char chunk[65536];
    const ssize_t n = ::recv(fd_.get(), chunk, sizeof chunk, 0);
    if (n > 0) in_.append(chunk, static_cast<size_t>(n));
    return n > 0;
  }
  UniqueFd fd_;
  std::string in_;
};

}  // namespace kiln::net
