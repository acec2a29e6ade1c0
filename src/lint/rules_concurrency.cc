// Reserved and provisioned concurrency against each other and against the account's.
#include <algorithm>

#include "lint/capacity_sums.h"
#include "lint/rule_functions.h"

namespace kiln::lint {
namespace {

// The qualifier that provisions most: where a finding about the sum is shown.
const Qualifier* largest_provision(const Model& model, size_t function) {
  const Qualifier* largest = nullptr;
  for (const Qualifier* qualifier : model.qualifiers_of(function)) {
    if (!qualifier->provisioned.is_known()) continue;
    if (largest == nullptr || *qualifier->provisioned.value() > *largest->provisioned.value())
      largest = qualifier;
  }
  return largest;
}

std::string list_of_provisions(const Model& model, size_t function) {
  std::string out;
  for (const Qualifier* qualifier : model.qualifiers_of(function)) {
    if (!qualifier->provisioned.is_known()) continue;
    out +=
        (out.empty() ? "" : ", ") + describe(*qualifier) + " " + n(*qualifier->provisioned.value());
  }
  return out;
}

}  // namespace

void provisioned_above_reserved(const Model& model, const Circumstances&, Report& report) {
  for (size_t i = 0; i < model.functions.size(); ++i) {
    const Function& function = model.functions[i];
    const std::optional<int64_t> reserved = function.reserved.value();
    const int64_t provisioned = provisioned_of(model, i);
    if (!reserved || provisioned <= *reserved) continue;
    const Qualifier* largest = largest_provision(model, i);
    report.add(largest->origin, largest->provisioned.place(),
               function.origin.logical_id + " provisions " + n(provisioned) + " (" +
                   list_of_provisions(model, i) + ") and reserves " + n(*reserved),
               "reserve at least " + n(provisioned) + ", or provision at most " + n(*reserved));
  }
}

void provisioned_takes_whole_reserve(const Model& model, const Circumstances&, Report& report) {
  for (size_t i = 0; i < model.functions.size(); ++i) {
    const Function& function = model.functions[i];
    const std::optional<int64_t> reserved = function.reserved.value();
    if (!reserved || *reserved == 0 || provisioned_of(model, i) != *reserved) continue;
    const std::vector<const Qualifier*> all = model.qualifiers_of(i);
    if (std::any_of(all.begin(), all.end(), [](const Qualifier* qualifier) {
          return !qualifier->provisioned.is_absent() && !qualifier->provisioned.is_known();
        })) {
      continue;
    }
    report.add(function.origin, function.reserved.place(),
               function.origin.logical_id + " provisions all " + n(*reserved) +
                   " that it reserves (" + list_of_provisions(model, i) + ")",
               "reserve more than " + n(*reserved) +
                   " if $LATEST, other versions, or bursts above it must run");
  }
}

void reserved_above_account(const Model& model, const Circumstances& circumstances,
                            Report& report) {
  for (const auto& [region, sums] : region_sums(model)) {
    if (sums.reserved <= circumstances.reservable()) continue;
    const Function* largest = nullptr;
    for (const Function& function : model.functions) {
      if (model.place_of(function.origin.stack) != region || !function.reserved.is_known())
        continue;
      if (largest == nullptr || *function.reserved.value() > *largest->reserved.value())
        largest = &function;
    }
    report.add(largest->origin, largest->reserved.place(),
               n(sums.reserved) + " are reserved in " + model.stacks[largest->origin.stack].region +
                   " (" + sums.reserves + "), " + n(circumstances.reservable()) + " can be (" +
                   n(circumstances.account_concurrency) + " less " +
                   n(circumstances.min_unreserved) + " that stay unreserved)",
               "reserve less, or have the account's quota raised and say so with "
               "--account-concurrency");
  }
}

void provisioned_above_unreserved(const Model& model, const Circumstances& circumstances,
                                  Report& report) {
  for (const auto& [region, sums] : region_sums(model)) {
    const int64_t left = circumstances.reservable() - sums.reserved;
    if (left < 0 || sums.provisioned <= left) continue;
    const Qualifier* largest = nullptr;
    for (size_t i = 0; i < model.functions.size(); ++i) {
      const Function& function = model.functions[i];
      if (model.place_of(function.origin.stack) != region || !function.reserved.is_absent())
        continue;
      const Qualifier* candidate = largest_provision(model, i);
      if (candidate != nullptr &&
          (largest == nullptr || *candidate->provisioned.value() > *largest->provisioned.value()))
        largest = candidate;
    }
    report.add(largest->origin, largest->provisioned.place(),
               "functions without a reserve provision " + n(sums.provisioned) + " in " +
                   model.stacks[largest->origin.stack].region + ", and " + n(left) +
                   " are left for them (" + n(circumstances.account_concurrency) + " less " +
                   n(sums.reserved) + " reserved and " + n(circumstances.min_unreserved) +
                   " that stay unreserved)",
               "provision at most " + n(left) + ", or reserve less elsewhere");
  }
}

}  // namespace kiln::lint
