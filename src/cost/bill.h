// A month's usage, priced.
//
//   const Bill bill = make_bill({orders, payments}, prices, FreeTier::kNo);
//   bill.total();  bill.of("orders");  bill.of(Item::kDuration);
//
// Tiers hold for the account's whole usage in the Region, per architecture where an item's price
// depends on it; each function bears the average price. Pure; one pass over the usages.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "cost/prices.h"
#include "cost/usage.h"

namespace kiln::cost {

// What AWS gives to every account each month: one million requests, 400,000 GB-seconds, and the
// like. It is divided in proportion to usage. A usage with provisioned capacity has no share in
// Lambda's, as AWS has it: "does not apply to functions enabling Provisioned Concurrency".
enum class FreeTier { kNo, kYes };

struct Line {
  std::string function = {};
  Architecture architecture = Architecture::kX86_64;
  Item item = Item::kRequests;
  double amount = 0;                // in the item's unit, free ones included
  double free = 0;                  // of these
  std::optional<double> cost = {};  // USD; nothing: the Region's prices lack this item
};

struct Bill {
  std::vector<Line> lines;  // by function in the order of the usages, then by item; none of 0

  double total() const;  // USD, without what has no price
  double of(std::string_view function) const;
  double of(Item item) const;
  // Lines that could not be priced: the total is at least total().
  std::vector<Line> unpriced() const;
};

Bill make_bill(const std::vector<Usage>& usages, const Prices& prices, FreeTier free_tier);

// USD for one invocation in the first tier: request, duration, ephemeral storage. Nothing when one
// of their prices is not known.
std::optional<double> invocation_cost(const Prices& prices, Architecture architecture,
                                      const Invocation& invocation);

}  // namespace kiln::cost
