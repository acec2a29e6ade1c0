#include "sdk/clients/postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace kiln::postgres {
namespace {

// Past it statements are sent whole each time: a program that makes its statements up by the
// thousand would fill the server's memory.
constexpr size_t kMaxPrepared = 256;

std::string without_line_end(const char* text) {
  std::string message = text ? text : "";
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return message;
}

void ignore_notice(void*, const char*) {}

}  // namespace

Connection::Connection(const Options& options) : pq_(Libpq::get()), options_(options) { open(); }

Connection::~Connection() { close(); }

void Connection::close() {
  if (connection_) pq_.finish(connection_);
  connection_ = nullptr;
  prepared_.clear();
}

void Connection::open() {
  // libpq's own message repeats the text, and with it the password.
  if (!options_.url.empty()) {
    PQconninfoOption* parsed = pq_.conninfoParse(options_.url.c_str(), nullptr);
    if (!parsed) {
      throw Error(
          "the database's URL can't be read; it has the form "
          "postgresql://user:password@host:port/database");
    }
    pq_.conninfoFree(parsed);
  }
  const std::string server_options =
      "-c statement_timeout=" + std::to_string(options_.statement_timeout.count());
  const std::string port = options_.port ? std::to_string(options_.port) : "";
  std::vector<const char*> keys;
  std::vector<const char*> values;
  const auto add = [&](const char* key, const std::string& value) {
    if (value.empty()) return;
    keys.push_back(key);
    values.push_back(value.c_str());
  };
  // What stands before the URL is a default that the URL may change. Without gssencmode libpq asks
  // Kerberos first.
  keys.push_back("gssencmode");
  values.push_back("disable");
  add("options", server_options);
  add("application_name", options_.application_name);
  if (!options_.url.empty()) {
    add("dbname", options_.url);
  } else {
    add("host", options_.host);
    add("port", port);
    add("dbname", options_.database);
    add("user", options_.user);
    add("password", options_.password);
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = pq_.connectStartParams(keys.data(), values.data(), options_.url.empty() ? 0 : 1);
  if (!connection_) throw std::bad_alloc();
  pq_.setNoticeProcessor(connection_, ignore_notice, nullptr);
  try {
    wait_for_handshake();
    if (pq_.setnonblocking(connection_, 1) != 0) throw Unreachable(place() + ": " + problem());
  } catch (...) {
    close();
    throw;
  }
}

void Connection::wait_for_handshake() {
  const auto deadline = Clock::now() + options_.connect_timeout;
  PostgresPollingStatusType state =
      pq_.status(connection_) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) {
      throw Unreachable(place() + " can't be reached: " + problem());
    }
    const int events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait(static_cast<short>(events), deadline)) {
      throw Unreachable(place() + " can't be reached: no answer within " +
                        std::to_string(options_.connect_timeout.count()) + " ms");
    }
    state = pq_.connectPoll(connection_);
  }
}

bool Connection::usable() const {
  return connection_ && pq_.status(connection_) == CONNECTION_OK &&
         pq_.transactionStatus(connection_) == PQTRANS_IDLE;
}

bool Connection::in_transaction() const {
  return connection_ && pq_.transactionStatus(connection_) != PQTRANS_IDLE;
}

void Connection::reopen() {
  close();
  open();
}

// On an idle connection there is nothing to read but the server's farewell. Rarely it is a change
// of a setting instead; opening anew is right then, too.
void Connection::refresh() {
  if (!usable() || wait(POLLIN, Clock::now())) reopen();
}

bool Connection::wait(short events, Clock::time_point deadline) const {
  pollfd waiting{pq_.socket(connection_), events, 0};
  if (waiting.fd < 0) return true;  // it has failed: what comes next says how
  while (true) {
    int limit = -1;
    if (deadline != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      limit = static_cast<int>(std::clamp<int64_t>(left.count(), 0, INT32_MAX));
    }
    const int ready = ::poll(&waiting, 1, limit);
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return true;
  }
}

Connection::Result Connection::answer(int sent) {
  if (!connection_) throw Unreachable("the connection to the database is closed");
  const auto deadline = options_.statement_timeout.count() == 0
                            ? Clock::time_point::max()
                            : Clock::now() + options_.statement_timeout + options_.network_timeout;
  if (sent != 1) broken(problem());
  Result first;
  while (true) {
    const int unsent = pq_.flush(connection_);
    if (unsent < 0) break;  // the server's last words may be there to read
    if (unsent == 0 && !pq_.isBusy(connection_)) {
      Result next(std::make_unique<Rows::Data>(pq_, pq_.getResult(connection_)));
      if (!next->result) break;
      const auto status = pq_.resultStatus(next->result);
      if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
        broken("COPY is not supported here");
      }
      if (!first) first = std::move(next);
      continue;
    }
    const short events = static_cast<short>(unsent ? POLLIN | POLLOUT : POLLIN);
    if (!wait(events, deadline)) {
      const std::string message = place() + " was silent for too long; the connection is closed";
      close();
      throw Silent(message);
    }
    if (!pq_.consumeInput(connection_)) break;
  }
  if (!first || pq_.status(connection_) != CONNECTION_OK) broken(problem());
  return first;
}

Connection::Result Connection::checked(Result result) {
  const auto status = pq_.resultStatus(result->result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
  if (status == PGRES_EMPTY_QUERY) throw Error("the statement is empty");
  const char* field = pq_.resultErrorField(result->result, PG_DIAG_SQLSTATE);
  const std::string state = field ? field : "";
  const std::string message = place() + " refused the statement (" + state +
                              "): " + without_line_end(pq_.resultErrorMessage(result->result));
  if (state == "40001" || state == "40P01") throw Conflict(message, state);
  throw Error(message, state);
}

void Connection::broken(const std::string& problem) {
  const std::string message = "the connection to " + place() + " broke: " + problem;
  close();
  throw Unreachable(message);
}

std::string Connection::problem() const { return without_line_end(pq_.errorMessage(connection_)); }

std::string Connection::place() const {
  const auto text = [](const char* value) { return std::string(value ? value : ""); };
  std::string host = text(pq_.host(connection_));
  if (host.empty()) host = options_.host;
  return "database '" + text(pq_.db(connection_)) + "' at " + host + ":" +
         text(pq_.port(connection_));
}

Rows Connection::execute(std::string_view sql, std::span<const Parameter> parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    const auto& text = parameter.text();
    if (text && text->find('\0') != std::string::npos) {
      throw Error("parameter $" + std::to_string(values.size() + 1) +
                  " holds a NUL, which PostgreSQL's texts can't");
    }
    values.push_back(text ? text->c_str() : nullptr);
  }
  const int count = static_cast<int>(values.size());
  const std::string statement(sql);
  for (bool first_time = true;; first_time = false) {
    auto found = prepared_.find(statement);
    if (found == prepared_.end() && prepared_.size() >= kMaxPrepared) {
      return Rows(checked(answer(pq_.sendQueryParams(connection_, statement.c_str(), count, nullptr,
                                                     values.data(), nullptr, nullptr, 0))));
    }
    if (found == prepared_.end()) {
      const std::string name = "kiln_" + std::to_string(next_name_++);
      checked(answer(pq_.sendPrepare(connection_, name.c_str(), statement.c_str(), 0, nullptr)));
      found = prepared_.emplace(statement, name).first;
    }
    try {
      return Rows(checked(answer(pq_.sendQueryPrepared(connection_, found->second.c_str(), count,
                                                       values.data(), nullptr, nullptr, 0))));
    } catch (const Error& e) {
      // The table has changed since, or someone has dropped the statement: prepared anew it works.
      // Neither has done anything. Inside a transaction the rest is refused anyway.
      if (e.sql_state() != "0A000" && e.sql_state() != "26000") throw;
      prepared_.erase(statement);
      if (!first_time || in_transaction()) throw;
    }
  }
}

// COMMIT of a failed transaction succeeds, and rolls back.
void Connection::commit() {
  if (connection_ && pq_.transactionStatus(connection_) == PQTRANS_INERROR) {
    throw Error("a statement of the transaction has failed: it can't be committed", "25P02");
  }
  command("COMMIT");
}

void Connection::command(const char* sql) {
  checked(answer(pq_.sendQueryParams(connection_, sql, 0, nullptr, nullptr, nullptr, nullptr, 0)));
}

}  // namespace kiln::postgres
