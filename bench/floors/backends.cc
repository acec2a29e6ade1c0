// Floors of the functions that talk to a database or to the engine.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <memory>
#include <string_view>
#include <vector>

#include "bench/floors/floors.h"
#include "bench/http_text.h"

namespace kiln::bench {
namespace {

[[noreturn]] void die(const std::string& what) {
  std::cerr << "function_floors: " << what << '\n';
  std::exit(1);
}

// The tables and settings of functions/orders/sqlite_store.cc.
class Orders {
 public:
  explicit Orders(const std::string& folder) {
    const std::string path = folder + "/floor.db";
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) die("can't open " + path);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        "CREATE TABLE IF NOT EXISTS payments (id INTEGER PRIMARY KEY AUTOINCREMENT, request_id "
        "TEXT NOT NULL "
        "UNIQUE, user_id TEXT NOT NULL, amount_cents INTEGER NOT NULL, currency TEXT NOT NULL, "
        "status TEXT NOT "
        "NULL, created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));"
        "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, request_id TEXT "
        "NOT NULL "
        "UNIQUE, user_id TEXT NOT NULL, amount_cents INTEGER NOT NULL, currency TEXT NOT NULL, "
        "item_count INTEGER "
        "NOT NULL, customer_name TEXT NOT NULL, customer_email TEXT NOT NULL, customer_status TEXT "
        "NOT NULL, "
        "priority TEXT NOT NULL, received_at INTEGER NOT NULL);");
    insert_payment_ = prepared(
        "INSERT INTO payments (request_id, user_id, amount_cents, currency, status) VALUES "
        "(?1, 'u1', 1250, 'USD', 'authorized') ON CONFLICT (request_id) DO NOTHING");
    find_payment_ = prepared(
        "SELECT id, user_id, amount_cents, currency, status FROM payments WHERE request_id = ?1");
    insert_order_ = prepared(
        "INSERT INTO orders (request_id, user_id, amount_cents, currency, item_count, "
        "customer_name, customer_email, customer_status, priority, received_at) VALUES (?1, 'u1', "
        "1250, 'USD', 3, 'Ada Lovelace', 'ada@example.com', 'valid', 'STANDARD', "
        "1767323045678) ON CONFLICT (request_id) DO NOTHING");
    find_order_ =
        prepared("SELECT id, user_id, amount_cents, currency FROM orders WHERE request_id = ?1");
  }
  Orders(const Orders&) = delete;
  Orders& operator=(const Orders&) = delete;
  ~Orders() {
    for (sqlite3_stmt* statement : {insert_payment_, find_payment_, insert_order_, find_order_})
      sqlite3_finalize(statement);
    sqlite3_close(database_);
  }

  void run(const char* sql) {
    if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
      die(sqlite3_errmsg(database_));
  }

  double payment(std::string_view id) { return stored(insert_payment_, find_payment_, id); }
  double order(std::string_view id) { return stored(insert_order_, find_order_, id); }

 private:
  sqlite3_stmt* prepared(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK)
      die(sqlite3_errmsg(database_));
    return statement;
  }
  // The first column of the first row; -1 without one.
  double first(sqlite3_stmt* statement, std::string_view id) {
    sqlite3_bind_text(statement, 1, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
    double value = -1;
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
      value = static_cast<double>(sqlite3_column_int64(statement, 0));
    }
    if (result != SQLITE_DONE) die(sqlite3_errmsg(database_));
    sqlite3_reset(statement);
    return value;
  }
  double stored(sqlite3_stmt* insert, sqlite3_stmt* find, std::string_view id) {
    const double found = first(find, id);
    if (found >= 0) return found;
    first(insert, id);
    return static_cast<double>(sqlite3_last_insert_rowid(database_));
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_payment_ = nullptr;
  sqlite3_stmt* find_payment_ = nullptr;
  sqlite3_stmt* insert_order_ = nullptr;
  sqlite3_stmt* find_order_ = nullptr;
};

// One kept connection; requests are bytes made before.
class Connection {
 public:
  explicit Connection(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      die("nothing listens at the port");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(fd_); }

  double exchange(const std::string& request) {
    if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
      die("send failed");
    in_.clear();
    std::array<char, 16384> block;
    while (true) {
      const ssize_t count = ::recv(fd_, block.data(), block.size(), 0);
      if (count <= 0) die("the engine closed the connection");
      in_.append(block.data(), static_cast<size_t>(count));
      const MessageSize size = measure_message(in_);
      if (size.bad) die("an answer without a length");
      if (!size.complete) continue;
      if (in_.compare(9, 3, "200") != 0) die("the engine answered " + in_.substr(0, 400));
      return static_cast<double>(size.body);
    }
  }

 private:
  int fd_;
  std::string in_;
};

std::string http(const std::string& line, const std::string& headers, const std::string& body) {
  return line + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string metric_query(const char* id, const char* metric, const char* statistic) {
  return R"({"Id":")" + std::string(id) +
         R"(","ReturnData":true,"MetricStat":{"Metric":{"Namespace":"AWS/Lambda","MetricName":")" +
         metric +
         R"(","Dimensions":[{"Name":"FunctionName","Value":"observed"}]},"Period":60,"Stat":")" +
         statistic + R"("}})";
}

}  // namespace

Floor authorize_again(const std::string& folder) {
  return [orders = std::make_shared<Orders>(folder)] { return orders->payment("bench"); };
}

Floor store_order(const std::string& folder) {
  return [orders = std::make_shared<Orders>(folder), count = 0]() mutable {
    return orders->order("order-" + std::to_string(count++));
  };
}

Floor store_hundred_again(const std::string& folder) {
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.push_back("m" + std::to_string(i));
  return [orders = std::make_shared<Orders>(folder), ids] {
    double sum = 0;
    orders->run("BEGIN IMMEDIATE");
    for (const std::string& id : ids) sum += orders->order(id);
    orders->run("COMMIT");
    return sum;
  };
}

Floor ask_for_metrics(uint16_t port) {
  const auto now = std::time(nullptr);
  const std::string body = R"({"StartTime":)" + std::to_string(now - 300) + R"(,"EndTime":)" +
                           std::to_string(now) +
                           R"(,"ScanBy":"TimestampAscending","MetricDataQueries":[)" +
                           metric_query("concurrent", "ConcurrentExecutions", "Maximum") + "," +
                           metric_query("invocations", "Invocations", "Sum") + "," +
                           metric_query("errors", "Errors", "Sum") + "," +
                           metric_query("throttles", "Throttles", "Sum") + "," +
                           metric_query("duration", "Duration", "Sum") + "," +
                           metric_query("durations", "Duration", "SampleCount") + "]}";
  const std::vector<std::string> requests = {
      http("POST /",
           "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: "
           "GraniteServiceVersion20100801.GetMetricData\r\n",
           body),
      http("GET /2019-09-30/functions/observed/concurrency", "", ""),
      http("GET /2016-08-19/account-settings", "", "")};
  return [connection = std::make_shared<Connection>(port), requests] {
    double sum = 0;
    for (const std::string& request : requests) sum += connection->exchange(request);
    return sum;
  };
}

}  // namespace kiln::bench
