// RuntimeApiDouble: a Lambda Runtime API for tests, down to the bytes of what is posted. Each
// connection has a thread of its own, so that a function may fetch several events at once.
//
//   RuntimeApiDouble api({"first event", "second event"});
//   run_a_function_against(api.address());
//   api.posts();
//
// The events are given out in their order, under the request ids "0", "1", … and trace ids
// "trace-0", …; when all of them are answered, `next` is answered with status 500, which ends a
// function. (Sooner it would end loops that have an event on its way to them.)
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace kiln::testing {

class RuntimeApiDouble {
 public:
  struct Post {
    std::string head;  // the request line and the headers
    std::string body;  // decoded where it was chunked
    std::vector<std::string> chunks;
    std::string trailers;
  };

  explicit RuntimeApiDouble(std::vector<std::string> events)
      : events_(std::move(events)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_.get(), 64);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    accepting_ = std::thread([this] { accept(); });
  }
  // REQUIRES: the function has ended.
  ~RuntimeApiDouble() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    accepting_.join();
    for (std::thread& thread : threads_) thread.join();
  }

  const std::string& address() const { return address_; }
  std::vector<Post> posts() {
    const std::lock_guard lock(mutex_);
    return posts_;
  }

 private:
  void accept() {
    while (true) {
      UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      threads_.emplace_back([this, c = std::move(client)] { serve(c.get()); });
    }
  }

  void serve(int fd) {
    Holder holder(*this);
    std::string buffer;
    while (true) {
      Post post;
      if (!take_until(fd, buffer, "\r\n\r\n", post.head)) return;
      if (post.head.starts_with("GET ")) {
        holder.ended();
        send(fd, next(holder));
        continue;
      }
      if (!read_body(fd, buffer, post)) return;
      {
        const std::lock_guard lock(mutex_);
        posts_.push_back(std::move(post));
      }
      holder.ended();
      send(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    }
  }

  // Whether a connection has an event that is not answered. It has none when it is closed.
  class Holder {
   public:
    explicit Holder(RuntimeApiDouble& api) : api_(api) {}
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() { ended(); }
    void began() {  // REQUIRES: the mutex is held
      holds_ = true;
      ++api_.held_;
    }
    void ended() {
      if (!holds_) return;
      holds_ = false;
      const std::lock_guard lock(api_.mutex_);
      --api_.held_;
      api_.answered_.notify_all();
    }

   private:
    RuntimeApiDouble& api_;
    bool holds_ = false;
  };

  std::string next(Holder& holder) {
    std::unique_lock lock(mutex_);
    if (next_ == events_.size()) {
      answered_.wait(lock, [this] { return held_ == 0; });
      return "HTTP/1.1 500 End\r\nContent-Length: 0\r\n\r\n";
    }
    const std::string number = std::to_string(next_);
    const std::string& body = events_[next_++];
    holder.began();
    return "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: " + number +
           "\r\nLambda-Runtime-Trace-Id: trace-" + number +
           "\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  static bool read_body(int fd, std::string& buffer, Post& post) {
    if (post.head.find("Transfer-Encoding: chunked") == std::string::npos) {
      const size_t at = post.head.find("Content-Length: ");
      const size_t size = at == std::string::npos ? 0 : std::stoul(post.head.substr(at + 16));
      return take(fd, buffer, size, post.body);
    }
    while (true) {
      std::string line;
      if (!take_until(fd, buffer, "\r\n", line)) return false;
      const size_t size = std::stoul(line, nullptr, 16);
      if (size == 0) break;
      std::string chunk;
      std::string line_end;
      if (!take(fd, buffer, size, chunk) || !take(fd, buffer, 2, line_end)) return false;
      post.body += chunk;
      post.chunks.push_back(std::move(chunk));
    }
    std::string line;
    while (take_until(fd, buffer, "\r\n", line)) {
      if (line == "\r\n") return true;
      post.trailers += line;
    }
    return false;
  }

  static bool more(int fd, std::string& buffer) {
    char piece[65536];
    const ssize_t n = ::recv(fd, piece, sizeof piece, 0);
    if (n > 0) buffer.append(piece, static_cast<size_t>(n));
    return n > 0;
  }
  static bool take(int fd, std::string& buffer, size_t size, std::string& out) {
    while (buffer.size() < size) {
      if (!more(fd, buffer)) return false;
    }
    out = buffer.substr(0, size);
    buffer.erase(0, size);
    return true;
  }
  static bool take_until(int fd, std::string& buffer, const char* end, std::string& out) {
    size_t at;
    while ((at = buffer.find(end)) == std::string::npos) {
      if (!more(fd, buffer)) return false;
    }
    return take(fd, buffer, at + std::string(end).size(), out);
  }
  static void send(int fd, const std::string& bytes) {
    (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  std::vector<std::string> events_;
  std::mutex mutex_;
  std::condition_variable answered_;
  size_t next_ = 0;
  size_t held_ = 0;  // events that are given out and not answered
  std::vector<Post> posts_;
  UniqueFd listener_;
  std::string address_;
  std::vector<std::thread> threads_;  // of accepting_, then of the destructor
  std::thread accepting_;
};

}  // namespace kiln::testing
