// What a function has provisioned, and what its scaling may provision. Pure.
//
// Values that aren't known count as nothing, so each sum is a lower bound: what is above a limit is
// so whatever the unknown values are.
#pragma once

#include <optional>
#include <string>

#include "lint/model.h"

namespace kiln::lint {

int64_t provisioned_of(const Model& model, size_t function);

// The most that a target's scaling may provision, scheduled actions included; nullopt: unknown.
std::optional<int64_t> most_of(const ScalableTarget& target);
// The sum over a function's versions and aliases, each with its target's most.
int64_t most_provisioned_of(const Model& model, size_t function);

// By account and Region: what is reserved, and what functions without a reserve take.
struct RegionSums {
  int64_t reserved = 0;
  int64_t provisioned = 0;       // of functions without a reserve
  int64_t most_provisioned = 0;  // the same, with scaling
  std::string reserves;          // "Orders 50, Batch 900"
  std::string provisions;        // "Orders 50, Batch 900"
};
std::map<std::string, RegionSums> region_sums(const Model& model);

// "alias live", "version OrdersVersion3".
std::string describe(const Qualifier& qualifier);

}  // namespace kiln::lint
