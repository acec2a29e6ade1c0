#include "config.h"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace optimized_cold_start {
namespace {

void read(const char* name, std::string& value) {
  const char* text = std::getenv(name);
  if (text && *text) value = text;
}

void read(const char* name, int least, int most, int& value) {
  const char* set = std::getenv(name);
  if (!set || !*set) return;
  const std::string_view text = set;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    throw std::invalid_argument(std::string(name) + " is '" + set +
                                "'; it must be a whole number from " + std::to_string(least) +
                                " to " + std::to_string(most));
  }
  value = number;
}

}  // namespace

Config Config::from_environment() {
  Config config;
  read("MAX_RETRY_ATTEMPTS", 0, 100, config.max_retry_attempts);
  read("TIMEOUT_SECONDS", 1, 900, config.timeout_seconds);
  read("BATCH_SIZE", 1, 1'000'000, config.batch_size);
  read("CACHE_TTL", 0, 31'536'000, config.cache_ttl);
  read("DATABASE_URL", config.database_url);
  read("DB_HOST", config.db_host);
  read("DB_NAME", config.db_name);
  read("DB_USER", config.db_user);
  read("DB_PASSWORD", config.db_password);
  read("REDIS_HOST", config.redis_host);
  read("REDIS_PORT", 1, 65535, config.redis_port);
  read("SQLITE_PATH", config.sqlite_path);
  return config;
}

}  // namespace optimized_cold_start
