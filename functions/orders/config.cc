#include "config.h"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace orders {
namespace {

constexpr int kMaxSeconds = 900;  // as long as a function may run

void read(const char* name, std::string& value) {
  const char* text = std::getenv(name);
  if (text && *text) value = text;
}

}  // namespace

Config Config::from_environment(Config config) {
  read("PRIORITY_LEVEL", config.priority_level);
  std::string text;
  read("MAX_PROCESSING_TIME", text);
  if (!text.empty()) {
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 1 ||
        seconds > kMaxSeconds) {
      throw std::invalid_argument("MAX_PROCESSING_TIME is '" + text +
                                  "'; it must be a whole number of seconds from 1 to " +
                                  std::to_string(kMaxSeconds));
    }
    config.max_processing_time = std::chrono::seconds(seconds);
  }
  text.clear();
  read("PAYMENT_LIMIT", text);
  if (!text.empty()) {
    config.payment_limit = parse_cents(text);
    if (!config.payment_limit) {
      throw std::invalid_argument("PAYMENT_LIMIT is '" + text +
                                  "'; it must be an amount like 1000 or 99.50");
    }
  }
  read("DATABASE_URL", config.database_url);
  read("DB_HOST", config.db_host);
  read("DB_NAME", config.db_name);
  read("DB_USER", config.db_user);
  read("DB_PASSWORD", config.db_password);
  read("SQLITE_PATH", config.sqlite_path);
  return config;
}

}  // namespace orders
