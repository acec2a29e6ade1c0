// The function's configuration, read from the environment once, in init.
//
//   AWS_LAMBDA_FUNCTION_MEMORY_SIZE 512 (MiB)
//   DATABASE_URL, or DB_HOST, DB_NAME, DB_USER, DB_PASSWORD    PostgreSQL, for database_query
//   TIMEOUT_SECONDS 30                                         of a database's statement
//
// Threading and ownership: a plain value.
#pragma once

#include <string>

namespace cpu_optimized {

struct Config {
  int memory_mb = 512;
  int timeout_seconds = 30;
  std::string database_url{};
  std::string db_host{};
  std::string db_name{};
  std::string db_user{};
  std::string db_password{};

  bool has_database() const { return !database_url.empty() || !db_host.empty(); }

  // Throws std::invalid_argument, which names the variable, when one is not a number or out of
  // range.
  static Config from_environment();
};

}  // namespace cpu_optimized
