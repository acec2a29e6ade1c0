// What operations of a ScalingBook are asked for. Members that are not given keep their value when
// the thing is already there. Values.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "scaling/scaling_record.h"

namespace kiln::scaling {

struct TargetInput {
  ResourceId resource;
  std::optional<int> min, max;  // both needed for a new target
  std::optional<std::string> role_arn;
  std::optional<bool> suspend_in, suspend_out, suspend_scheduled;
  Tags tags;  // of a new target alone
};

struct PolicyInput {
  using Rule = std::variant<StepPolicy, TrackingPolicy>;
  ResourceId resource;
  std::string name;
  std::optional<Rule> rule;  // needed for a new policy
};

struct ActionInput {
  ResourceId resource;
  std::string name;
  std::optional<std::string> schedule;  // needed for a new action
  std::optional<std::string> time_zone;
  std::optional<WallTime> start, end;  // go when they are not given again
  struct Limits {
    std::optional<int> min, max;  // one at least
  };
  std::optional<Limits> limits;  // needed for a new action
};

}  // namespace kiln::scaling
