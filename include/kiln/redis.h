// Redis for functions: a pool of connections, the common commands, any other one, pipelines.
//
//   kiln::redis::Client redis({.host = "cache.local"});
//   redis.set("user:1", "Ada", std::chrono::seconds(300));
//   if (const auto name = redis.get("user:1")) greet(*name);
//   const auto replies =
//       redis.run(kiln::redis::Pipeline().add({"INCR", "hits"}).add({"GET", "x"}));
//
// Nothing is connected before the first command. A connection that the server closed while it lay
// idle is opened anew before it is used; one that breaks under a command is dropped, and the next
// command gets another, so that an outage ends with the outage. A cache that is slow is of no use:
// the time-outs are short.
//
// Errors: the types below. Messages name the server, never the password. kiln::PoolTimeout when all
// connections stay in use.
// Threading: any thread. Ownership: the client owns its connections. Cost: one round trip for a
// command and one for a whole pipeline. Not here: TLS, clusters, publish and subscribe, MULTI over
// several calls (in one pipeline it works).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::redis {

// Redis refused the command.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// Redis can't be reached, or the connection broke; whether a command under way was done is unknown.
class Unreachable : public Error {
 public:
  using Error::Error;
};

struct Options {
  std::string host = "127.0.0.1";
  uint16_t port = 6379;
  std::string user{};  // with `password`; empty: the default user
  std::string password{};
  int database = 0;
  size_t max_connections = 10;
  std::chrono::milliseconds connect_timeout{500};
  std::chrono::milliseconds command_timeout{1000};
  std::chrono::milliseconds checkout_timeout{1000};
};

struct Reply {
  enum class Kind { kNothing, kText, kInteger, kList, kError };
  Kind kind = Kind::kNothing;
  std::string text{};  // of kText and kError
  int64_t integer = 0;
  std::vector<Reply> list{};
};

// Commands that are sent together. Redis may do others' commands between them.
class Pipeline {
 public:
  Pipeline& add(std::initializer_list<std::string_view> command) {
    commands_.emplace_back(command.begin(), command.end());
    return *this;
  }
  Pipeline& add(std::vector<std::string> command) {
    commands_.push_back(std::move(command));
    return *this;
  }
  const std::vector<std::vector<std::string>>& commands() const { return commands_; }

 private:
  std::vector<std::vector<std::string>> commands_;
};

class Client {
 public:
  explicit Client(Options options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // get, set and del may be done twice without harm: when the connection breaks under them they
  // are tried once more.
  std::optional<std::string> get(std::string_view key);
  void set(std::string_view key, std::string_view value);
  // REQUIRES: ttl > 0
  void set(std::string_view key, std::string_view value, std::chrono::milliseconds ttl);
  bool del(std::string_view key);  // whether it was there
  int64_t incr(std::string_view key, int64_t by = 1);

  // Any command. Throws Error for an error reply.
  Reply command(std::initializer_list<std::string_view> parts);

  // One reply per command, in their order. An error reply is a reply here: the others were done.
  std::vector<Reply> run(const Pipeline& pipeline);

  size_t open_connections() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace kiln::redis
