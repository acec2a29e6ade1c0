// The function's configuration, read from the environment once, in init.
//
//   MAX_RETRY_ATTEMPTS 3    of a transaction that others undid
//   TIMEOUT_SECONDS 30      of a statement; at most half of an invocation's time
//   BATCH_SIZE 100          read, and of no use to the three actions
//   CACHE_TTL 300           seconds; 0: cache nothing
//   DATABASE_URL, or DB_HOST, DB_NAME, DB_USER, DB_PASSWORD
//                           PostgreSQL; without them SQLite in SQLITE_PATH
//   REDIS_HOST, REDIS_PORT 6379
//                           Redis; without REDIS_HOST a cache in the process
//
// Threading and ownership: a plain value.
#pragma once

#include <string>

namespace optimized_cold_start {

struct Config {
  int max_retry_attempts = 3;
  int timeout_seconds = 30;
  int batch_size = 100;
  int cache_ttl = 300;
  std::string database_url;
  std::string db_host;
  std::string db_name;
  std::string db_user;
  std::string db_password;
  std::string redis_host;
  int redis_port = 6379;
  std::string sqlite_path = "/tmp/optimized_cold_start.db";

  bool has_postgres() const { return !database_url.empty() || !db_host.empty(); }
  bool has_redis() const { return !redis_host.empty(); }

  // Throws std::invalid_argument, which names the variable, when one is not a number or out of
  // range.
  static Config from_environment();
};

}  // namespace optimized_cold_start
