// One prepared SQL statement. Values are bound by position from 1; columns are read by position
// from 0.
//
//   Statement select(database, "SELECT name FROM functions WHERE region = ?");
//   select.bind(1, region);
//   while (select.step()) names.push_back(select.text(0));
//   if (!select.status()) return select.status().error();
//
// The first error stays: later calls do nothing and status() tells it. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/database.h"

struct sqlite3_stmt;

namespace kiln::store {

class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int position, std::string_view text);
  Statement& bind(int position, int64_t number);
  Statement& bind(int position, std::optional<int> number);
  Statement& bind(int position, double number);
  Statement& bind_bytes(int position, std::string_view bytes);

  // True: a row can be read. False: done, or an error.
  bool step();
  // Runs to the end and makes the statement ready for other values.
  Result<void> run();

  std::string text(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;
  bool is_null(int column) const;

  const Result<void>& status() const { return status_; }

 private:
  void note(int code);

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  Result<void> status_;
};

// The database's last error as an Error of type DatabaseError; `what` says what was tried.
Error database_error(sqlite3* db, const std::string& what);

}  // namespace kiln::store
