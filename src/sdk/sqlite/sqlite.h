// SQLite with exceptions, for stores embedded in functions.
//
//   Database database(path, "CREATE TABLE IF NOT EXISTS t (a TEXT)");
//   Statement insert(database, "INSERT INTO t VALUES (?1)");
//   Statement::Run run(insert);
//   run.bind(1, text);
//   if (const auto row = run.insert()) use(*row);
//
// WAL; what was committed survives the end of the process (a loss of power may cost the last
// commits), and other processes may use the file.
// Threading: one thread at a time. Ownership: statements end before their database; bound texts
// live as long as the run.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace kiln::sqlite {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Database {
 public:
  // Makes the file when it is absent, and runs `schema`, statements that a transaction may hold and
  // that change nothing the second time. Throws Error, which names the file.
  Database(const std::string& path, const char* schema);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  [[noreturn]] void fail() const;  // throws its last error
  sqlite3* handle() const { return handle_; }
  int64_t changes() const;  // rows that the last statement changed

 private:
  const std::string path_;
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  Statement(const Database& database, const char* sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // One run of the statement; ends with the scope, also by an exception.
  class Run {
   public:
    explicit Run(Statement& statement) : s_(statement) {}
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run();

    void bind(int position, std::string_view text);
    void bind(int position, int64_t number);
    void bind_bytes(int position, std::string_view bytes);  // which no text equals
    bool step();                                            // true: there is a row
    void finish();  // to the end: a statement by itself commits there
    // To the end of an INSERT of one row: the row's id, or nothing where ON CONFLICT left it out.
    // RETURNING would have SQLite make a table of its own for the answer.
    std::optional<int64_t> insert();
    bool is_null(int column) const;
    std::string text(int column) const;
    int64_t integer(int column) const;

   private:
    Statement& s_;
  };

 private:
  const Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace kiln::sqlite
