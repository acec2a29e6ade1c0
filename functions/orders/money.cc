#include "money.h"

#include <algorithm>
#include <array>
#include <charconv>

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

std::optional<Cents> cents_of(const nlohmann::json& value) {
  if (const auto* text = value.get_ptr<const std::string*>()) return parse_cents(*text);
  if (!value.is_number()) return std::nullopt;
  if (value.is_number_integer()) return parse_cents(value.dump());
  std::array<char, 400> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(),
                                          value.get<double>(), std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  return parse_cents({digits.data(), end});
}

nlohmann::json to_amount(Cents cents) {
  if (cents % 100 == 0) return cents / 100;
  return static_cast<double>(cents) / 100;
}

}  // namespace orders
