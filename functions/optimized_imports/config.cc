#include "config.h"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace optimized_imports {
namespace {

constexpr int kMaxSeconds = 900;  // as long as a function may run

std::string read(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

Configuration load_configuration(const std::string& env) {
  Configuration configuration;
  if (env == "prod") configuration = {.timeout = std::chrono::seconds(30), .retry_count = 5};
  if (const std::string text = read("TIMEOUT_SECONDS"); !text.empty()) {
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 1 ||
        seconds > kMaxSeconds) {
      throw std::invalid_argument("TIMEOUT_SECONDS is '" + text +
                                  "'; it must be a whole number from 1 to " +
                                  std::to_string(kMaxSeconds));
    }
    configuration.timeout = std::chrono::seconds(seconds);
  }
  return configuration;
}

std::string environment_name() {
  const std::string name = read("ENVIRONMENT");
  return name.empty() ? "dev" : name;
}

}  // namespace optimized_imports
