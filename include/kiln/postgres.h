// PostgreSQL for functions: a pool of connections, prepared statements, transactions.
//
//   kiln::postgres::Database database({.url = "postgresql://app:secret@db.local/shop"});
//   const auto rows = database.read("SELECT id, amount FROM orders WHERE user_id = $1", {user});
//   for (const auto row : rows) total += row.get<double>("amount");
//   const auto id = database.transaction([&](kiln::postgres::Transaction& t) {
//     return t.query("INSERT INTO orders (user_id) VALUES ($1) RETURNING id", {user})[0]
//         .get<int64_t>("id");
//   });
//
// Nothing is connected, and libpq is not even loaded, before the first statement. Each statement is
// prepared once per connection. A connection that the server closed while it lay idle is opened
// anew before it is used; one that breaks under a statement is dropped, and the next statement gets
// another, so that an outage ends with the outage.
//
// Errors: the types below. Messages name the database and its host, never the password.
// Threading: Database from any thread, Rows and Transaction from one. Ownership: Database owns the
// connections and outlives its transactions; Rows own their values. Cost: one round trip for a
// statement, three for a transaction of one; the first use loads libpq (about 4 ms). Not here:
// COPY, LISTEN, binary values, statements in several parts.
#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kiln::postgres {

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, std::string sql_state = "")
      : std::runtime_error(message), sql_state_(std::move(sql_state)) {}
  // What PostgreSQL calls the problem ("23505" unique violation); empty when it did not say.
  const std::string& sql_state() const { return sql_state_; }

 private:
  std::string sql_state_;
};
// The server can't be reached, or the connection to it broke; whether a statement under way was
// done is unknown.
class Unreachable : public Error {
  using Error::Error;
};
// Undone because of other transactions (deadlock, serialisation): doing it again is in order.
class Conflict : public Error {
  using Error::Error;
};

struct Options {
  std::string url{};  // or the parts below; what neither says comes from PGHOST, PGPORT, …
  std::string host{};
  uint16_t port = 0;
  std::string database{};
  std::string user{};
  std::string password{};
  std::string application_name = "kiln";
  size_t min_connections = 1;
  size_t max_connections = 10;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds checkout_timeout{5000};     // kiln::PoolTimeout past it
  std::chrono::milliseconds statement_timeout{30'000};  // the server's; 0: none, the client's too
  std::chrono::milliseconds network_timeout{5000};      // beyond it, for a server that is silent
};

// The value of a $n. Texts hold no NUL.
class Parameter {
 public:
  Parameter(std::nullptr_t) {}
  Parameter(const char* text) : text_(text) {}
  Parameter(std::string_view text) : text_(text) {}
  Parameter(std::string text) : text_(std::move(text)) {}
  Parameter(std::same_as<bool> auto value) : text_(value ? "true" : "false") {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Parameter(T value) : text_(std::to_string(value)) {}
  Parameter(std::floating_point auto value) {
    char digits[40];
    text_.emplace(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  template <class T>
  Parameter(const std::optional<T>& value) {
    if (value) *this = Parameter(*value);
  }
  const std::optional<std::string>& text() const { return text_; }

 private:
  std::optional<std::string> text_;
};

class Row;

// What a statement answered.
class Rows {
 public:
  struct Data;
  explicit Rows(std::unique_ptr<Data> data);
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) noexcept;
  ~Rows();

  size_t size() const;
  bool empty() const { return size() == 0; }
  size_t affected() const;           // rows that INSERT, UPDATE or DELETE changed
  Row operator[](size_t row) const;  // throws std::out_of_range

  class Iterator;
  Iterator begin() const;
  Iterator end() const;

 private:
  friend Row;
  size_t column(std::string_view name) const;                              // throws Error
  std::optional<std::string_view> value(size_t row, size_t column) const;  // nullopt: NULL
  [[noreturn]] void mismatch(size_t row, size_t column, const char* wanted) const;
  std::unique_ptr<Data> data_;
};

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// Refers to its Rows.
class Row {
 public:
  Row(const Rows& rows, size_t row) : rows_(&rows), row_(row) {}

  // T: std::string, std::string_view (ends with the Rows), a number, bool, or std::optional of one.
  // Throws Error, which names the column, when there is no such column, when the value is NULL and
  // T no optional, or when it is no T.
  template <class T>
  T get(std::string_view column) const {
    return at<T>(rows_->column(column));
  }
  template <class T>
  T at(size_t column) const {
    const auto text = rows_->value(row_, column);
    if constexpr (kIsOptional<T>) {
      if (!text) return std::nullopt;
      return at<typename T::value_type>(column);
    } else {
      if (!text) rows_->mismatch(row_, column, "a value");
      if constexpr (std::same_as<T, bool>) {
        if (*text != "t" && *text != "f") rows_->mismatch(row_, column, "a truth value");
        return *text == "t";
      } else if constexpr (std::is_arithmetic_v<T>) {
        T value{};
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
        if (error != std::errc() || end != text->data() + text->size()) {
          rows_->mismatch(row_, column, "a number that fits");
        }
        return value;
      } else {
        return T(*text);
      }
    }
  }

 private:
  const Rows* rows_;
  size_t row_;
};

class Rows::Iterator {
 public:
  Iterator(const Rows& rows, size_t row) : rows_(&rows), row_(row) {}
  Row operator*() const { return {*rows_, row_}; }
  Iterator& operator++() {
    ++row_;
    return *this;
  }
  bool operator==(const Iterator& other) const { return row_ == other.row_; }

 private:
  const Rows* rows_;
  size_t row_;
};

// BEGIN to commit(); without it, ROLLBACK at the end of the scope, also by an exception.
class Transaction {
 public:
  struct Data;
  explicit Transaction(std::unique_ptr<Data> data);
  Transaction(Transaction&&) noexcept;
  ~Transaction();

  Rows query(std::string_view sql, std::span<const Parameter> parameters);
  Rows query(std::string_view sql, std::initializer_list<Parameter> parameters = {}) {
    return query(sql, std::span(parameters.begin(), parameters.size()));
  }
  // When it throws Unreachable, nobody knows whether the transaction was committed.
  void commit();

 private:
  std::unique_ptr<Data> data_;
};

class Database {
 public:
  explicit Database(Options options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // One statement, which is a transaction by itself.
  Rows query(std::string_view sql, std::span<const Parameter> parameters);
  Rows query(std::string_view sql, std::initializer_list<Parameter> parameters = {}) {
    return query(sql, std::span(parameters.begin(), parameters.size()));
  }
  // A statement that changes nothing: done once more when the connection breaks under it.
  Rows read(std::string_view sql, std::span<const Parameter> parameters);
  Rows read(std::string_view sql, std::initializer_list<Parameter> parameters = {}) {
    return read(sql, std::span(parameters.begin(), parameters.size()));
  }

  Transaction begin();
  // Calls work(transaction), commits, and returns what it returned; an exception rolls back and
  // goes to the caller. After a Conflict it is done again, up to `retries` times.
  template <class Work>
  auto transaction(Work&& work, int retries = 0) {
    for (int attempt = 0;; ++attempt) {
      try {
        Transaction t = begin();
        if constexpr (std::is_void_v<std::invoke_result_t<Work&, Transaction&>>) {
          work(t);
          return t.commit();
        } else {
          auto result = work(t);
          t.commit();
          return result;
        }
      } catch (const Conflict&) {
        if (attempt >= retries) throw;
      }
    }
  }

  size_t open_connections() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace kiln::postgres
