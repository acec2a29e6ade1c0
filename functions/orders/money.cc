#include "money.h"

#include <algorithm>

namespace orders {

std::optional<Cents> parse_cents(std::string_view text) {
  const size_t dot = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, dot);
  const std::string_view decimals = text.substr(std::min(dot + 1, text.size()));
  const auto all_digits = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (whole.empty() || whole.size() > 9 || decimals.size() > 2 || !all_digits(whole) ||
      !all_digits(decimals) || (dot < text.size() && decimals.empty())) {
    return std::nullopt;
  }
  Cents cents = 0;
  for (const char c : whole) cents = cents * 10 + (c - '0');
  for (size_t i = 0; i < 2; ++i) {
    cents = cents * 10 + (i < decimals.size() ? decimals[i] - '0' : 0);
  }
  if (cents == 0) return std::nullopt;
  return cents;
}

std::optional<Cents> cents_of(kiln::JsonView value) {
  constexpr int64_t kMostWhole = kMaxCents / 100;
  if (const auto text = value.text()) return parse_cents(*text);
  if (!value.is_number()) return std::nullopt;
  if (const auto cents = parse_cents(value.written())) return cents;
  const double number = *value.number();
  if (!(number > 0) || number >= static_cast<double>(kMostWhole + 1)) return std::nullopt;
  // The shortest form of a number of at most fifteen digits is the decimal one that is nearest to
  // it, and so is what the division gives.
  const auto cents = static_cast<Cents>(number * 100 + 0.5);
  if (cents == 0 || static_cast<double>(cents) / 100 != number) return std::nullopt;
  return cents;
}

nlohmann::json to_amount(Cents cents) {
  if (cents % 100 == 0) return cents / 100;
  return static_cast<double>(cents) / 100;
}

void add_amount(kiln::sdk::JsonObject& object, Cents cents) {
  if (cents % 100 == 0) return object.add("amount", cents / 100);
  object.add("amount", static_cast<double>(cents) / 100);
}

}  // namespace orders
