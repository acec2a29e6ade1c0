// PostgresFixture: a PostgreSQL server of Debian's package, for the life of the object.
//
//   PostgresFixture postgres;
//   connect(postgres.url());        // trust authentication, super-user kiln
//   postgres.stop();                // an outage …
//   postgres.start();               // … and its end, with the same data on the same port
//
// Needs libpq at link time. Costs about two seconds: make one per test program.
#pragma once

#include <postgresql/libpq-fe.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/server_process.h"

namespace kiln::testing {

class PostgresFixture {
 public:
  PostgresFixture() : account_(Account::unprivileged()), folder_(account_), port_(free_port()) {
    ServerProcess initdb({programs() + "/initdb", "-D", data(), "-U", "kiln", "-A", "trust", "-E",
                          "UTF8", "--locale=C", "--no-sync", "--no-instructions"},
                         folder_.path(), folder_.path() + "/initdb.log", account_, SIGKILL);
    if (initdb.wait() != 0) throw std::runtime_error("initdb failed: " + initdb.log());
    start();
  }
  ~PostgresFixture() { stop(); }

  void start() {
    server_ = std::make_unique<ServerProcess>(
        std::vector<std::string>{programs() + "/postgres", "-D", data(), "-p",
                                 std::to_string(port_), "-k", folder_.path(), "-c",
                                 "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c",
                                 "max_connections=50", "-c", "shared_buffers=16MB"},
        folder_.path(), folder_.path() + "/server.log", account_, SIGQUIT);
    server_->wait_until([&] { return PQping(url().c_str()) == PQPING_OK; });
  }

  // Fast shutdown: breaks the connections that are open.
  void stop() {
    if (server_) server_->end(SIGINT);
    server_.reset();
  }

  int port() const { return port_; }
  std::string url() const {
    return "postgresql://kiln@127.0.0.1:" + std::to_string(port_) + "/postgres";
  }

  // Runs SQL and returns the first column of the first row, or an empty text. Throws when it fails.
  std::string query(const std::string& sql) const {
    PGconn* connection = PQconnectdb(url().c_str());
    PGresult* result = PQexec(connection, sql.c_str());
    const auto status = PQresultStatus(result);
    std::string answer;
    if (status == PGRES_TUPLES_OK && PQntuples(result) > 0) answer = PQgetvalue(result, 0, 0);
    const std::string problem = PQerrorMessage(connection);
    PQclear(result);
    PQfinish(connection);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) throw std::runtime_error(problem);
    return answer;
  }

 private:
  // /usr/lib/postgresql/<newest>/bin
  static std::string programs() {
    std::string newest;
    int best = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
      const int version = std::atoi(entry.path().filename().c_str());
      if (version > best && std::filesystem::exists(entry.path() / "bin/initdb")) {
        best = version;
        newest = entry.path() / "bin";
      }
    }
    return newest;
  }
  std::string data() const { return folder_.path() + "/data"; }

  Account account_;
  TemporaryFolder folder_;
  int port_;
  std::unique_ptr<ServerProcess> server_;
};

}  // namespace kiln::testing
