// What is known of scalable targets, policies and scheduled actions. Values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.h"
#include "scaling/resource_id.h"
#include "scaling/schedule.h"
#include "scaling/step_scaling.h"
#include "scaling/target_tracking.h"

namespace kiln::scaling {

using Tags = std::map<std::string, std::string>;

struct Suspended {
  bool scale_in = false;
  bool scale_out = false;
  bool scheduled = false;
};

// While a scale-out cooldown lasts, `out_base` is the capacity that the next scale-out starts from:
// what has been added since counts towards it.
struct Cooldowns {
  WallTime out_until;
  int out_base = 0;
  WallTime in_until;
};

struct Target {
  std::string region;
  ResourceId resource;
  int min = 0;
  int max = 0;
  std::string role_arn;
  std::string arn;
  WallTime created;
  Suspended suspended;
  Cooldowns cooldowns;
  Tags tags;
};

struct Policy {
  std::string region;
  ResourceId resource;
  std::string name;
  std::string arn;
  WallTime created;
  std::variant<StepPolicy, TrackingPolicy> rule;
  TrackingAlarms alarms;  // of a TrackingPolicy

  const StepPolicy* step() const { return std::get_if<StepPolicy>(&rule); }
  const TrackingPolicy* tracking() const { return std::get_if<TrackingPolicy>(&rule); }
};

struct ScheduledAction {
  std::string region;
  ResourceId resource;
  std::string name;
  std::string arn;
  WallTime created;
  std::string schedule_text;
  std::string time_zone;  // "" = UTC
  Schedule schedule;      // of the two texts above
  std::optional<WallTime> start, end;
  std::optional<int> min, max;
  WallTime done_until;  // what was due up to here has run
};

// arn:aws:autoscaling:REGION:ACCOUNT:scalingPolicy:UUID:resource/lambda/function:F:A:policyName/NAME
// with a new UUID; scheduled actions alike.
std::string new_target_arn(const std::string& region, const std::string& account);
std::string new_policy_arn(const std::string& region, const std::string& account,
                           const ResourceId& resource, const std::string& name);
std::string new_action_arn(const std::string& region, const std::string& account,
                           const ResourceId& resource, const std::string& name);
// Whether an ARN has the form of a scaling policy's.
bool is_policy_arn(const std::string& arn);

}  // namespace kiln::scaling
