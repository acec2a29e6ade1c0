// Lambda's prices in us-east-1 on x86_64, as far as tests of costs and advice need them.
#pragma once

#include "cost/prices.h"

namespace kiln::tests {

inline cost::Prices virginia_prices() {
  cost::Prices prices;
  const auto x86 = cost::Architecture::kX86_64;
  prices.of(cost::Item::kRequests, x86) = {{.price = 2e-7}};
  prices.of(cost::Item::kDuration, x86) = {{.price = 1.66667e-5}};
  prices.of(cost::Item::kProvisionedDuration, x86) = {{.price = 9.7222e-6}};
  prices.of(cost::Item::kProvisionedCapacity, x86) = {{.price = 4.1667e-6}};
  prices.of(cost::Item::kAlarms, x86) = {{.price = 0.1}};
  return prices;
}

}  // namespace kiln::tests
