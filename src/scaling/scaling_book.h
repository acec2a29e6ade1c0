// Application Auto Scaling for the provisioned concurrency of Lambda: scalable targets, their
// policies and scheduled actions, and what was done, by region.
//
//   ScalingBook book("000000000000", port, alarms, capacity, {});
//   for (each stored document) if (ScalingBook::owns(kind)) book.load(kind, region, key, text);
//   for (each fired action) if (book.owns_arn(fired.action)) book.on_alarm(fired, now);
//   book.each_minute(now);
//
// Not thread-safe; time comes in as an argument. What changes is saved before it is answered. The
// two alarms of a target tracking policy are made and removed in the AlarmBook. Errors have the
// type names of the API.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/state_port.h"
#include "scaling/activity.h"
#include "scaling/capacity_port.h"
#include "scaling/scaling_input.h"
#include "scaling/wish.h"
#include "telemetry/alarm_book.h"

namespace kiln::scaling {

// AWS knows no step scaling for Lambda.
enum class StepScaling { kRun, kReject };

class ScalingBook {
 public:
  static constexpr const char* kTargetKind = "scalable-target";
  static constexpr const char* kPolicyKind = "scaling-policy";
  static constexpr const char* kActionKind = "scheduled-action";
  static constexpr size_t kMaxPolicies = 50, kMaxActions = 200, kMaxTags = 50;  // of one target

  struct Options {
    StepScaling step_scaling = StepScaling::kRun;
    std::function<void(std::string)> warn;  // may be empty
    Activities::OnAdded on_activity;        // may be empty
  };
  using Key = std::pair<std::string, std::string>;  // a resource's text, a name

  // The ports and the alarms outlive the book.
  ScalingBook(std::string account, StatePort& port, telemetry::AlarmBook& alarms,
              CapacityPort& capacity, Options options);

  static bool owns(const std::string& kind);
  // A document that was given to the port. Kinds of others are refused.
  Result<void> load(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& text);

  // Creates or changes a target, and pulls the capacity into its limits at once.
  Result<const Target*> register_target(const std::string& region, TargetInput input, WallTime now);
  // With its policies, their alarms, and its scheduled actions.
  Result<void> deregister_target(const std::string& region, const ResourceId& resource,
                                 WallTime now);
  Result<const Policy*> put_policy(const std::string& region, PolicyInput input, WallTime now);
  Result<void> delete_policy(const std::string& region, const ResourceId& resource,
                             const std::string& name, WallTime now);
  Result<void> put_action(const std::string& region, ActionInput input, WallTime now);
  Result<void> delete_action(const std::string& region, const ResourceId& resource,
                             const std::string& name);
  Result<void> tag(const std::string& region, const std::string& target_arn, const Tags& tags);
  Result<void> untag(const std::string& region, const std::string& target_arn,
                     const std::vector<std::string>& keys);

  const std::map<std::string, Target>& targets(const std::string& region) const;
  const std::map<Key, Policy>& policies(const std::string& region) const;
  const std::map<Key, ScheduledAction>& actions(const std::string& region) const;
  const Activities& activities() const { return activities_; }
  Result<const Target*> target_by_arn(const std::string& region, const std::string& arn) const;
  std::vector<std::string> alarms_of(const Policy& policy) const {
    return alarm_names(alarms_, policy);
  }

  // Whether an alarm's action is for on_alarm().
  bool owns_arn(const std::string& arn) const { return is_policy_arn(arn); }
  // An alarm acts on a policy: once when its state changes, then each minute. What Lambda refuses
  // is an activity, no error; errors are for the alarm's history.
  Result<void> on_alarm(const telemetry::FiredAction& fired, WallTime now);
  // Runs the scheduled actions that are due. One that was missed while nothing ran is made up for,
  // once.
  void each_minute(WallTime now);

 private:
  template <class Record>
  using Records = std::map<std::string, std::map<Key, Record>>;  // by region
  // The capacity at the beginning of the moment that alarms act in, so that the second one doesn't
  // count what the first one added.
  struct Round {
    WallTime at;
    int base = 0;
    bool scaled = false;
  };

  Target* edit(const std::string& region, const ResourceId& resource);
  Result<void> save(const Target& target);
  // Erases these documents and, with them, the alarms that the policies own: all or none. An alarm
  // that somebody else needs stays.
  Result<void> erase_with_alarms(const std::string& region,
                                 const std::vector<const Policy*>& policies,
                                 std::vector<StatePort::Place> places, WallTime now);
  Result<void> check_rule(const PolicyInput::Rule& rule) const;
  Result<void> check_only_one(const Policy& policy) const;
  Result<void> put_alarms(const Policy& policy, WallTime now);

  void end_stale_cooldowns(Target& target, WallTime now) const;
  void decide(Target& target, int current, WallTime now);
  void scale_out(Target& target, const Wish& wish, int current, Round& round, WallTime now);
  void scale_in(Target& target, const Wish& wish, int current, Round& round, WallTime now);
  bool all_agree(const Target& target, const std::vector<Wish>& in) const;
  // False: refused, which is an activity.
  bool set_capacity(Target& target, int units, const std::string& cause, WallTime now);
  void not_scaled(const Target& target, const Wish& wish, NotScaledReason reason, WallTime now);
  void pull_into_limits(Target& target, WallTime now);
  void run_action(const ScheduledAction& action, WallTime now);

  std::string account_;
  StatePort& port_;
  telemetry::AlarmBook& alarms_;
  CapacityPort& capacity_;
  Options options_;
  Activities activities_;
  std::map<std::string, std::map<std::string, Target>> targets_;
  Records<Policy> policies_;
  Records<ScheduledAction> actions_;
  std::map<Key, Round> rounds_;  // by region and resource
  WallTime pruned_;
};

}  // namespace kiln::scaling
