// Store: where payments and orders go, each request id once. PostgreSQL when it is configured, else
// SQLite in a file, so that trying the functions needs no server. The tables are those of
// schema.sql.
//
// Threading: one thread at a time. Ownership: owns its connection. Errors: TimeUp when `limit` was
// over first, Unreachable when there is no database, else kiln::postgres::Error or
// kiln::sqlite::Error. Whatever was thrown, the same request may be stored again: it is stored at
// most once.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "config.h"
#include "order.h"

namespace orders {

// The database can't be reached: what else is to be stored will fare no better.
class Unreachable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Status { kAuthorized, kDeclined };

// What is stored under a request id.
struct StoredPayment {
  int64_t id;
  Payment payment;
  Status status;
  bool is_new;  // stored by this call
};
struct StoredOrder {
  int64_t id;
  Payment payment;
  bool is_new;
};

class Store {
 public:
  using Milliseconds = std::chrono::milliseconds;

  virtual ~Store() = default;

  // Stores it unless its request id is there, and returns what is there then.
  virtual StoredPayment authorize(const Payment& payment, Status status, Milliseconds limit) = 0;
  virtual StoredOrder insert(const Order& order, Milliseconds limit) = 0;

  // From here on orders are inserted for good together, by commit_batch(), where that is cheaper.
  // What an earlier batch left open is undone.
  virtual void begin_batch() {}
  // Throws when the batch's orders are not stored.
  virtual void commit_batch() {}
  virtual void undo_batch() noexcept {}
};

// A batch that is undone unless it is committed.
class Batch {
 public:
  explicit Batch(Store& store) : store_(store) { store_.begin_batch(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() {
    if (!committed_) store_.undo_batch();
  }
  void commit() {
    store_.commit_batch();
    committed_ = true;
  }

 private:
  Store& store_;
  bool committed_ = false;
};

// Opens no connection yet. `budget`: the time of one request; connecting and a statement together
// take less.
std::unique_ptr<Store> open_postgres(const Config& config, Store::Milliseconds budget);
// Opens the file and makes the tables.
std::unique_ptr<Store> open_sqlite(const Config& config);

inline std::unique_ptr<Store> open_store(const Config& config, Store::Milliseconds budget) {
  return config.has_postgres() ? open_postgres(config, budget) : open_sqlite(config);
}

// Throws RequestIdTaken when what is stored is not what was asked for.
void check_same(const Payment& asked, const Payment& stored);

const char* name_of(Status status);  // authorized, declined

}  // namespace orders
