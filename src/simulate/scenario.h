// What a simulation is about: functions as they are configured, how long they take, who calls them,
// and what watches and scales them. Plain data; configurations are those of the rules themselves.
//
//   Scenario scenario;
//   scenario.functions.push_back(make_function({.name = "orders", .memory_mb = 512}));
//   scenario.functions[0].behaviour.duration = *TimeModel::parse("lognormal:80ms,p99=400ms");
//   scenario.functions[0].sources.push_back({*Traffic::parse("50/s")});
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cost/prices.h"
#include "model/admission.h"
#include "model/allocation.h"
#include "model/function.h"
#include "scaling/scaling_input.h"
#include "telemetry/alarm.h"
#include "traffic/arrivals.h"
#include "traffic/time_model.h"

namespace kiln::simulate {

using traffic::Nanos;

inline Error wrong_scenario(std::string message) {
  return {ErrorKind::kInvalid, "Scenario", std::move(message)};
}

// How a version of a function runs.
struct Behaviour {
  traffic::TimeModel duration;  // of an invocation, without Init
  traffic::TimeModel init;      // of a cold start
  double error_rate = 0;        // of invocations: end with a function error
  double crash_rate = 0;        // of invocations: an error after which the environment ends too
};

// Who calls a function.
struct Source {
  traffic::Traffic traffic;
  std::string qualifier = {};  // "" = $LATEST
  enum class Type { kSynchronous, kAsynchronous } type = Type::kSynchronous;
  std::optional<double> error_rate = {};  // of these calls, instead of the function's
  bool errors_last = false;               // an event that fails once fails at every try
};

struct SimulatedFunction {
  model::Function config;                            // versions, aliases, reserve, provisioned, …
  Behaviour behaviour;                               // of all versions but
  std::map<std::string, Behaviour> of_version = {};  // these
  std::map<int, Behaviour> of_memory = {};           // with other memory sizes, as measured
  std::vector<Source> sources = {};
  cost::Architecture architecture = cost::Architecture::kX86_64;
};

struct FunctionShape {
  std::string name = "function";
  int memory_mb = 128;
  int timeout_s = 3;
  int ephemeral_mb = 512;
  std::optional<int> reserved = {};
  // A version "1" and an alias "live" of it are made for these.
  int provisioned = 0;
};
SimulatedFunction make_function(const FunctionShape& shape);

// A policy and, when alarms name it as an action, the ARN by which they do.
struct ScalingPolicy {
  scaling::PolicyInput input;
  std::string arn = {};
};

// What someone changes while it runs.
struct Change {
  Nanos at = 0;
  std::string function = {};
  struct Reserve {
    std::optional<int> units;  // nullopt: none
  };
  struct Provision {
    std::string qualifier;
    int units = 0;
  };
  std::variant<Reserve, Provision> what = Reserve{};
};

// What Lambda does not say of itself, and how Kiln differs from it.
struct Platform {
  Duration idle_lifetime = std::chrono::minutes(10);
  model::AllocationRules allocation;
  // Events of one function, and of all, that are tried at the same time.
  int events_at_once = 32;
  int all_events_at_once = 256;
  // So many times as fast as invocations: metric minutes, schedules and retries.
  double speed = 1;

  // Allocation begins after a minute, at 100 environments a second.
  static Platform aws();
  // As `kiln serve` does by default.
  static Platform kiln();
};

struct Scenario {
  std::string region = "us-east-1";
  std::vector<SimulatedFunction> functions = {};
  model::AccountQuota quota = {};
  std::vector<telemetry::AlarmConfig> alarms = {};
  std::vector<scaling::TargetInput> targets = {};
  std::vector<ScalingPolicy> policies = {};
  std::vector<scaling::ActionInput> actions = {};
  std::vector<Change> changes = {};  // in any order
  Platform platform = Platform::aws();
  WallTime start{std::chrono::seconds(1'767'571'200)};  // 2026-01-05, a Monday, 00:00 UTC
  Nanos length = 0;                                     // traffic's own where 0
  Nanos warm_up = 0;                                    // what begins before is not counted
};

// The length to simulate: the one that is given, or that of the traffic. Error (kInvalid,
// Scenario): there is none, or something in the scenario can't be: it is named.
Result<Nanos> check(const Scenario& scenario);
// Whether a simulation of these functions makes what the alarm watches. Error: as above.
Result<void> check_alarm(const Scenario& scenario, const telemetry::AlarmConfig& alarm);

}  // namespace kiln::simulate
