// One connection with its prepared statements. It waits with deadlines of its own: libpq's blocking
// calls would wait for a silent server as long as TCP does.
//
// Threading: one thread at a time. Ownership: the connection.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "kiln/postgres.h"
#include "sdk/clients/postgres/libpq.h"
#include "sdk/clients/postgres/rows.h"

namespace kiln::postgres {

// The server did not answer in time: asking again would only double the wait.
class Silent : public Unreachable {
  using Unreachable::Unreachable;
};

class Connection {
 public:
  // Connects. Throws Unreachable, or Error for options that make no sense. Borrows the options.
  explicit Connection(const Options& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Connected, and in no transaction.
  bool usable() const;
  bool in_transaction() const;

  // Opens the connection anew when the server has closed it since its last use.
  void refresh();
  void reopen();

  // Throws Unreachable, Conflict or Error.
  Rows execute(std::string_view sql, std::span<const Parameter> parameters);
  // BEGIN, ROLLBACK: no parameters, not prepared.
  void command(const char* sql);
  void commit();

 private:
  using Clock = std::chrono::steady_clock;
  using Result = std::unique_ptr<Rows::Data>;

  void open();
  void close();
  void wait_for_handshake();
  // Waits for `events` of the socket; false at the deadline.
  bool wait(short events, Clock::time_point deadline) const;
  // Takes the answer to what was queued; `sent` is what libpq said to that.
  Result answer(int sent);
  Result checked(Result result);
  [[noreturn]] void broken(const std::string& problem);
  std::string problem() const;
  std::string place() const;

  const Libpq& pq_;
  const Options& options_;
  PGconn* connection_ = nullptr;
  std::unordered_map<std::string, std::string> prepared_;  // name by statement
  uint64_t next_name_ = 0;
};

}  // namespace kiln::postgres
