// Database: where orders go and what fetch_data looks up. PostgreSQL when it is configured, else
// SQLite in a file, so that trying the function needs no server. The tables are those of
// schema.sql.
//
// Threading: any thread. Ownership: owns its connections. Errors: kiln::postgres::Error or
// kiln::sqlite::Error; afterwards the next call tries again, so that an outage ends with the
// outage.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "config.h"

namespace optimized_cold_start {

struct Order {
  std::string user_id;
  std::string amount;  // decimal digits, so that no sum is rounded on its way
};

struct Item {
  std::string id;
  std::string value;
  std::string timestamp;  // 2026-01-02T03:04:05.678Z
};

class Database {
 public:
  virtual ~Database() = default;

  // Stores the order with status 'pending' and returns its id. Either the order is stored, or it
  // threw and nothing is; only when the connection breaks in the very commit nobody knows, and it
  // throws.
  virtual int64_t insert_order(const Order& order) = 0;
  virtual std::optional<Item> find_item(const std::string& id) = 0;
};

// A pool of 1 to 20 connections; opens none yet. `budget`: the time of one invocation; connecting
// and a statement together take less.
std::unique_ptr<Database> open_postgres(const Config& config, std::chrono::milliseconds budget);
// Opens the file, and makes the tables with a few rows in it.
std::unique_ptr<Database> open_sqlite(const Config& config);

inline std::unique_ptr<Database> open_database(const Config& config,
                                               std::chrono::milliseconds budget) {
  return config.has_postgres() ? open_postgres(config, budget) : open_sqlite(config);
}

}  // namespace optimized_cold_start
