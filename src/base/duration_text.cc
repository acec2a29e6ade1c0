#include "base/duration_text.h"

#include <array>
#include <charconv>
#include <string>

namespace kiln {
namespace {

struct Unit {
  std::string_view name;
  int64_t ns;
};
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kLongest = 100LL * 365 * 86400 * kSecond;

constexpr std::array<Unit, 5> kUnits{{{"ms", kSecond / 1000},
                                      {"s", kSecond},
                                      {"m", 60 * kSecond},
                                      {"h", 3600 * kSecond},
                                      {"d", 86400 * kSecond}}};

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const Error wrong{ErrorKind::kInvalid, "Usage",
                    "'" + std::string(text) +
                        "' is not a duration; write a number and a unit, as in 300ms, 10s, 10m, "
                        "1h30m or 2d"};
  if (text.empty()) return wrong;
  std::string_view rest = text;
  int64_t total = 0;
  while (!rest.empty()) {
    int64_t number = 0;
    const auto [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (ec != std::errc{} || number < 0) return wrong;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    const size_t name_length = std::min(rest.find_first_of("0123456789"), rest.size());
    const std::string_view name = rest.substr(0, name_length);
    rest.remove_prefix(name_length);
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (candidate.name == name) unit = &candidate;
    }
    if (unit == nullptr) return wrong;
    if (number > (kLongest - total) / unit->ns)
      return Error{ErrorKind::kInvalid, "Usage",
                   "'" + std::string(text) + "' is too long; a century (36500d) is the most"};
    total += number * unit->ns;
  }
  return Duration(total);
}

}  // namespace kiln
