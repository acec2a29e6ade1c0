// One connection to Redis. Threading: one thread at a time. Ownership: the connection.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kiln/redis.h"

struct redisContext;

namespace kiln::redis {

// Redis did not answer in time: asking again would only double the wait.
class Silent : public Unreachable {
 public:
  using Unreachable::Unreachable;
};

using Command = std::span<const std::string_view>;

class Connection {
 public:
  // Connects and, where the options say so, authenticates. Throws Unreachable or Error. Borrows the
  // options.
  explicit Connection(const Options& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  bool usable() const;
  // Opens the connection anew when the server has closed it since its last use.
  void refresh();
  void reopen();

  void send(Command command);  // queues it
  Reply receive();             // throws Unreachable

 private:
  void open();
  void close();
  Reply checked(Command command);
  [[noreturn]] void broken();
  std::string place() const;

  const Options& options_;
  redisContext* context_ = nullptr;
};

}  // namespace kiln::redis
