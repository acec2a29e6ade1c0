// Advice about a function's settings: what to set, why, what it will change, how sure that is, and
// how to set it. Values.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/statistics.h"
#include "scaling/target_tracking.h"

namespace kiln::advise {

struct SetReserved {
  std::optional<int> units;  // nullopt: none
};
// `unscale`: a scalable target is there, with its policies, and goes before.
struct SetProvisioned {
  std::string qualifier;
  int units = 0;  // 0: none
  bool unscale = false;
};
struct SetTracking {
  std::string qualifier;
  std::string policy;
  int min = 0, max = 0;
  double target = 0.7;
  std::string statistic = "Average";  // of ProvisionedConcurrencyUtilization, or Maximum
  bool unscale = false;
};
struct SetSchedule {
  std::string qualifier;
  struct Entry {
    std::string name, cron;
    int min = 0, max = 0;
  };
  int min = 0, max = 0;  // of the scalable target
  std::vector<Entry> entries;
  bool unscale = false;
};
struct SetMemory {
  int memory_mb = 0;
};
struct SetTimeout {
  int seconds = 0;
};
struct SetIdleAlarm {
  std::string qualifier;
  int minutes = 30;
};
using Setting = std::variant<SetReserved, SetProvisioned, SetTracking, SetSchedule, SetMemory,
                             SetTimeout, SetIdleAlarm>;

enum class Confidence { kLow, kMedium, kHigh };
std::string_view to_text(Confidence confidence);  // "low", "medium", "high"

// What the settings lead to.
struct Outcome {
  Estimate cold_share, throttle_share, p99_ms, monthly_cost, most_in_use;
};

struct Advice {
  Setting setting;
  std::string title;  // "Reserve 40"
  std::string reason;
  Outcome now, then;      // simulated with the settings as they are, and with this one
  bool simulated = true;  // false: the setting changes none of these
  Confidence confidence = Confidence::kLow;
  std::string confidence_reason;
  std::string trap;         // what is easily got wrong here, or ""
  std::string simple_rule;  // what concurrency_controller's rules say, where they say something
};

// "reserved", "provisioned", "targetTracking", "schedule", "memory", "timeout", "idleAlarm"
std::string_view kind_of(const Setting& setting);

struct Where {
  std::string function;
  std::string region;
  std::string alias = {};  // by which it is called; what versions freeze changes with a new version
};
// TargetTrackingScalingPolicyConfiguration of PutScalingPolicy, as JSON.
std::string tracking_configuration(const SetTracking& setting, const Where& where);
// The AWS CLI's commands that set it, one a line. `aws`: how it is started, "kiln aws" for Kiln's.
std::vector<std::string> commands(const Setting& setting, const Where& where,
                                  const std::string& aws);
// The lines of a SAM template that say the same, with the place they belong to.
std::string template_patch(const Setting& setting, const Where& where);

}  // namespace kiln::advise
