#include "config.h"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace cpu_optimized {
namespace {

void read(const char* name, std::string& value) {
  const char* text = std::getenv(name);
  if (text && *text) value = text;
}

void read(const char* name, int most, int& value) {
  const char* set = std::getenv(name);
  if (!set || !*set) return;
  const std::string_view text = set;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > most) {
    throw std::invalid_argument(std::string(name) + " is '" + set +
                                "'; it must be a whole number from 1 to " + std::to_string(most));
  }
  value = number;
}

}  // namespace

Config Config::from_environment() {
  Config config;
  read("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 1'000'000, config.memory_mb);
  read("TIMEOUT_SECONDS", 900, config.timeout_seconds);
  read("DATABASE_URL", config.database_url);
  read("DB_HOST", config.db_host);
  read("DB_NAME", config.db_name);
  read("DB_USER", config.db_user);
  read("DB_PASSWORD", config.db_password);
  return config;
}

}  // namespace cpu_optimized
