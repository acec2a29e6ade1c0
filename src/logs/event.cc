#include "logs/event.h"

#include <string_view>

namespace kiln::logs {
namespace {

constexpr size_t kTimestampDigits = 20, kPartDigits = 18;  // AWS's ids have 56

std::string padded_id_part(uint64_t number, size_t size) {
  const std::string digits = std::to_string(number);
  return digits.size() >= size ? digits : std::string(size - digits.size(), '0') + digits;
}

}  // namespace

std::string event_id(const LogEvent& event) {
  uint64_t hash = 14695981039346656037U;  // FNV-1a
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    hash *= 1099511628211U;
  };
  mix(event.stream);
  mix(event.message);
  return padded_id_part(static_cast<uint64_t>(event.timestamp_ms), kTimestampDigits) +
         padded_id_part(hash % 1'000'000'000'000'000'000U, kPartDigits) +
         padded_id_part(event.ordinal, kPartDigits);
}

}  // namespace kiln::logs
