// Money as whole cents, so that no sum is rounded on its way.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "kiln/json_view.h"
#include "sdk/core/json_object.h"

namespace orders {

using Cents = int64_t;

inline constexpr Cents kMaxCents = 99'999'999'999;  // 999,999,999.99

// A decimal number above 0, with at most two decimals ("12", "12.5", "12.50") and not above
// kMaxCents; nothing for any other text.
std::optional<Cents> parse_cents(std::string_view text);

// The same of a JSON number, by its shortest form, or a text.
std::optional<Cents> cents_of(kiln::JsonView value);

nlohmann::json to_amount(Cents cents);                        // a JSON number: 12.5
void add_amount(kiln::sdk::JsonObject& object, Cents cents);  // the same, under "amount"

}  // namespace orders
