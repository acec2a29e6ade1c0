// The configuration of the three functions, read from the environment once, in init.
//
//   PRIORITY_LEVEL        CRITICAL, STANDARD, BATCH, or another name; goes into answers and rows
//   MAX_PROCESSING_TIME   seconds that a request may take, 1 to 900
//   PAYMENT_LIMIT         the highest amount that is authorised; without it there is none
//   DATABASE_URL, or DB_HOST, DB_NAME, DB_USER, DB_PASSWORD
//                         PostgreSQL; without them SQLite
//   SQLITE_PATH           /tmp/orders.db
//
// Threading and ownership: a plain value.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "money.h"

namespace orders {

struct Config {
  std::string priority_level;
  std::chrono::seconds max_processing_time{30};
  std::optional<Cents> payment_limit = {};
  std::string database_url = {};
  std::string db_host = {};
  std::string db_name = {};
  std::string db_user = {};
  std::string db_password = {};
  std::string sqlite_path = "/tmp/orders.db";

  bool has_postgres() const { return !database_url.empty() || !db_host.empty(); }

  // `config` holds what is not in the environment. Throws std::invalid_argument, which names the
  // variable.
  static Config from_environment(Config config);
};

}  // namespace orders
