#include "cost/prices.h"

#include <charconv>

namespace kiln::cost {
namespace {

struct ItemText {
  std::string_view name, key, unit;
};

// In the order of Item.
constexpr std::array<ItemText, kItems> kTexts = {{
    {"requests", "requests", "requests"},
    {"duration", "duration", "GB-seconds"},
    {"provisioned capacity", "provisionedCapacity", "GB-seconds"},
    {"provisioned duration", "provisionedDuration", "GB-seconds"},
    {"ephemeral storage", "ephemeralStorage", "GB-seconds"},
    {"SnapStart cache", "snapStartCache", "GB-seconds"},
    {"SnapStart restore", "snapStartRestore", "GB"},
    {"streamed bytes", "streamedBytes", "GB"},
    {"log ingestion", "logIngestion", "GB"},
    {"log storage", "logStorage", "GB-months"},
    {"alarms", "alarms", "alarm metrics"},
    {"custom metrics", "metrics", "metrics"},
}};

const ItemText& text_of(Item item) { return kTexts[static_cast<size_t>(item)]; }

std::optional<unsigned> number_in_text(std::string_view text) {
  unsigned number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string_view name_of(Architecture architecture) {
  return architecture == Architecture::kX86_64 ? "x86_64" : "arm64";
}

std::optional<Architecture> architecture_named(std::string_view name) {
  for (const Architecture architecture : kArchitectures) {
    if (name_of(architecture) == name) return architecture;
  }
  return std::nullopt;
}

std::string_view name_of(Item item) { return text_of(item).name; }
std::string_view key_of(Item item) { return text_of(item).key; }
std::string_view unit_of(Item item) { return text_of(item).unit; }
bool depends_on_architecture(Item item) { return item < Item::kLogIngestion; }

const std::vector<Tier>& Prices::of(Item item, Architecture architecture) const {
  return tiers[static_cast<size_t>(architecture)][static_cast<size_t>(item)];
}

std::vector<Tier>& Prices::of(Item item, Architecture architecture) {
  return tiers[static_cast<size_t>(architecture)][static_cast<size_t>(item)];
}

std::optional<double> first_price(const Prices& prices, Item item, Architecture architecture) {
  const std::vector<Tier>& tiers = prices.of(item, architecture);
  if (tiers.empty()) return std::nullopt;
  return tiers.front().price;
}

std::optional<int64_t> age_in_days(const Prices& prices, WallTime now) {
  const std::string_view date = prices.date;
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  const auto year = number_in_text(date.substr(0, 4));
  const auto month = number_in_text(date.substr(5, 2));
  const auto day = number_in_text(date.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day then{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!then.ok()) return std::nullopt;
  return (std::chrono::floor<std::chrono::days>(now) - std::chrono::sys_days(then)).count();
}

}  // namespace kiln::cost
