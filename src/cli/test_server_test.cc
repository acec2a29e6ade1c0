// The test server itself; it is built only into the test program.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "base/check.h"
#include "tests/support/cli_server.h"

namespace kiln::cli {

TestServer::TestServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  KILN_CHECK(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  KILN_CHECK(listen(listener_.get(), 16) == 0);
  KILN_CHECK(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  std::array<int, 2> ends{};
  KILN_CHECK(pipe(ends.data()) == 0);
  stop_read_ = UniqueFd(ends[0]);
  stop_write_ = UniqueFd(ends[1]);
  thread_ = std::thread([this] { run(); });
}

TestServer::~TestServer() {
  stop_write_.reset();
  thread_.join();
  for (std::thread& connection : connections_) connection.join();
}

std::string TestServer::endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<TestRequest> TestServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void TestServer::run() {
  while (true) {
    std::array<pollfd, 2> waits{{{listener_.get(), POLLIN, 0}, {stop_read_.get(), POLLIN, 0}}};
    poll(waits.data(), waits.size(), -1);
    if (waits[1].revents != 0) return;
    UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) continue;
    connections_.emplace_back([this, fd = std::move(connection)] { serve_connection(fd.get()); });
  }
}

void TestServer::serve_connection(int fd) {
  std::string buffer;
  while (true) {
    size_t head_end = 0;
    size_t body_size = 0;
    TestRequest request;
    while (true) {  // until a whole request is there
      head_end = buffer.find("\r\n\r\n");
      if (head_end != std::string::npos) {
        const std::string head = buffer.substr(0, head_end);
        size_t line_start = head.find("\r\n");
        const std::string first = head.substr(0, line_start);
        const size_t blank = first.find(' ');
        request.method = first.substr(0, blank);
        request.target = first.substr(blank + 1, first.rfind(' ') - blank - 1);
        while (line_start != std::string::npos) {
          const size_t next = head.find("\r\n", line_start + 2);
          const std::string line = head.substr(line_start + 2, next - line_start - 2);
          std::string name = line.substr(0, line.find(": "));
          std::transform(name.begin(), name.end(), name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
          request.headers[name] = line.substr(line.find(": ") + 2);
          line_start = next;
        }
        const auto length = request.headers.find("content-length");
        body_size = length == request.headers.end()
                        ? 0
                        : std::strtoull(length->second.c_str(), nullptr, 10);
        if (buffer.size() >= head_end + 4 + body_size) break;
      }
      std::array<pollfd, 2> waits{{{fd, POLLIN, 0}, {stop_read_.get(), POLLIN, 0}}};
      poll(waits.data(), waits.size(), -1);
      if (waits[1].revents != 0) return;
      std::array<char, 65536> block{};
      const ssize_t count = ::read(fd, block.data(), block.size());
      if (count <= 0) return;
      buffer.append(block.data(), static_cast<size_t>(count));
    }
    request.body = buffer.substr(head_end + 4, body_size);
    buffer.erase(0, head_end + 4 + body_size);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const TestResponse response = [&] {
      const std::lock_guard one_at_a_time(handling_);
      return handler_(request);
    }();
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + " Status\r\n";
    for (const auto& [name, value] : response.headers) out += name + ": " + value + "\r\n";
    out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n" + response.body;
    size_t sent = 0;
    while (sent < out.size()) {
      const ssize_t count = send(fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<size_t>(count);
    }
  }
}

}  // namespace kiln::cli
