// Application Auto Scaling of provisioned concurrency: its limits, its policies.
#include <fmt/format.h>

#include <algorithm>

#include "lint/capacity_sums.h"
#include "lint/rule_functions.h"

namespace kiln::lint {
namespace {

constexpr double kLeastTarget = 0.1, kGreatestTarget = 0.9;

bool tracks_utilization(const ScalingPolicy& policy) {
  return policy.type == "TargetTrackingScaling" &&
         (policy.metric == "LambdaProvisionedConcurrencyUtilization" ||
          policy.metric == "ProvisionedConcurrencyUtilization");
}

std::string scaled_thing(const ScalableTarget& target) {
  return readable(target.resource_id.value().value_or(target.origin.logical_id));
}

}  // namespace

void scaling_above_reserved(const Model& model, const Circumstances&, Report& report) {
  for (size_t i = 0; i < model.functions.size(); ++i) {
    const Function& function = model.functions[i];
    const std::optional<int64_t> reserved = function.reserved.value();
    const int64_t most = most_provisioned_of(model, i);
    if (!reserved || most <= *reserved) continue;
    const ScalableTarget* largest = nullptr;
    for (const ScalableTarget& target : model.targets) {
      if (target.function == i && most_of(target) &&
          (largest == nullptr || *most_of(target) > *most_of(*largest)))
        largest = &target;
    }
    if (largest == nullptr) continue;  // without scaling: provisioned_above_reserved
    const int64_t own = *most_of(*largest);
    std::string what = "scaling of " + scaled_thing(*largest) + " goes up to " + n(own);
    if (most > own) what += " (" + n(most) + " with the function's other versions and aliases)";
    report.add(
        largest->origin, largest->capacity.max.place(),
        what + ", and " + function.origin.logical_id + " reserves " + n(*reserved),
        "reserve at least " + n(most) + ", or lower MaxCapacity to fit into " + n(*reserved));
  }
}

void scaling_above_unreserved(const Model& model, const Circumstances& circumstances,
                              Report& report) {
  for (const auto& [region, sums] : region_sums(model)) {
    const int64_t left = circumstances.reservable() - sums.reserved;
    if (left < 0 || sums.provisioned > left || sums.most_provisioned <= left) continue;
    const ScalableTarget* largest = nullptr;
    for (const ScalableTarget& target : model.targets) {
      if (!target.function || !model.functions[*target.function].reserved.is_absent() ||
          model.place_of(target.origin.stack) != region || !most_of(target)) {
        continue;
      }
      if (largest == nullptr || *most_of(target) > *most_of(*largest)) largest = &target;
    }
    if (largest == nullptr) continue;
    report.add(largest->origin, largest->capacity.max.place(),
               "scaling of functions without a reserve goes up to " + n(sums.most_provisioned) +
                   " in " + model.stacks[largest->origin.stack].region + " (" + sums.provisions +
                   "), and " + n(left) + " are left for them",
               "lower MaxCapacity, or reserve less elsewhere");
  }
}

void scaling_minimum_above_maximum(const Model& model, const Circumstances&, Report& report) {
  const auto check = [&](const ScalableTarget& target, const Capacity& capacity) {
    const std::optional<int64_t> min = capacity.min.value(), max = capacity.max.value();
    if (!min || !max || *min <= *max) return;
    report.add(target.origin, capacity.min.place(),
               "MinCapacity " + n(*min) + " of " + scaled_thing(target) + " is above MaxCapacity " +
                   n(*max),
               "MinCapacity must be at most MaxCapacity");
  };
  for (const ScalableTarget& target : model.targets) {
    check(target, target.capacity);
    for (const Capacity& scheduled : target.scheduled) check(target, scheduled);
  }
}

void scaling_overrides_provisioned(const Model& model, const Circumstances&, Report& report) {
  for (const ScalableTarget& target : model.targets) {
    if (!target.alias_or_version) continue;
    const Qualifier& qualifier = model.qualifiers[*target.alias_or_version];
    const std::optional<int64_t> set = qualifier.provisioned.value();
    const std::optional<int64_t> min = target.capacity.min.value();
    const std::optional<int64_t> max = target.capacity.max.value();
    if (!set || !min || !max || *min > *max) continue;
    const std::string what = describe(qualifier) + " provisions " + n(*set) +
                             ", its scaling goes from " + n(*min) + " to " + n(*max);
    if (*set < *min) {
      report.add(target.origin, target.capacity.min.place(),
                 what + ": registering the target sets " + n(*min),
                 "make MinCapacity and ProvisionedConcurrentExecutions the same");
    } else if (*set > *max) {
      report.add(target.origin, target.capacity.max.place(),
                 what + ": registering the target sets " + n(*max),
                 "provision between MinCapacity and MaxCapacity");
    } else if (*set > *min) {
      report.add(Severity::kInfo, target.origin, target.capacity.min.place(),
                 what + ": a policy that scales in goes below " + n(*set),
                 "set MinCapacity to " + n(*set) + " if that many must stay");
    }
  }
}

void scaling_without_provisioned(const Model& model, const Circumstances&, Report& report) {
  for (const ScalableTarget& target : model.targets) {
    if (!target.alias_or_version) continue;
    const Qualifier& qualifier = model.qualifiers[*target.alias_or_version];
    if (!qualifier.provisioned.is_absent()) continue;
    report.add(target.origin, target.resource_id.place(),
               describe(qualifier) + " is scaled and has no ProvisionedConcurrencyConfig",
               "give it one, with MinCapacity as its value");
  }
}

void scaling_on_latest(const Model& model, const Circumstances&, Report& report) {
  for (const ScalableTarget& target : model.targets) {
    if (!target.resource_id.is_known()) continue;
    if (!target.qualifier.empty() && target.qualifier != "$LATEST") continue;
    report.add(
        target.origin, target.resource_id.place(),
        "ResourceId " + scaled_thing(target) +
            (target.qualifier.empty() ? " names neither version nor alias" : " names $LATEST"),
        "name an alias or a published version: function:NAME:ALIAS");
  }
}

void step_scaling_unsupported(const Model& model, const Circumstances&, Report& report) {
  for (const ScalingPolicy& policy : model.policies) {
    if (policy.type != "StepScaling") continue;
    report.add(
        policy.origin, policy.type_place,
        "step scaling of " + readable(policy.resource_id.value().value_or("a function")),
        "use target tracking or scheduled scaling; Kiln runs this policy, AWS documents that "
        "it can't");
  }
}

void tracking_target_fraction(const Model& model, const Circumstances&, Report& report) {
  for (const ScalingPolicy& policy : model.policies) {
    const std::optional<double> target = policy.target_value.value();
    if (!tracks_utilization(policy) || !target) continue;
    if (*target >= kLeastTarget && *target <= kGreatestTarget) continue;
    const bool is_percent = *target > 1 && *target <= 100;
    report.add(*target > 1 || *target <= 0 ? Severity::kError : Severity::kWarning, policy.origin,
               policy.target_value.place(),
               fmt::format("TargetValue {} is no fraction from 0.1 to 0.9", *target),
               is_percent
                   ? fmt::format("utilisation is a fraction: {} % is {}", *target, *target / 100)
                   : "take a fraction from 0.1 to 0.9, such as 0.7");
  }
}

void scaling_idle_trap(const Model& model, const Circumstances&, Report& report) {
  for (const ScalingPolicy& policy : model.policies) {
    if (!tracks_utilization(policy) || !policy.target) continue;
    const ScalableTarget& target = model.targets[*policy.target];
    const std::optional<int64_t> min = target.capacity.min.value(),
                                 max = target.capacity.max.value();
    if (!min || !max || *min >= *max || !target.scheduled.empty()) continue;
    report.add(policy.origin, policy.type_place,
               scaled_thing(target) + " stays at what it was scaled to (up to " + n(*max) +
                   ") while nothing is invoked, and is billed",
               "add a scheduled action that lowers MaxCapacity when no load is expected");
  }
}

}  // namespace kiln::lint
