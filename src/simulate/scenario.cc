#include "simulate/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/near_word.h"
#include "model/names.h"
#include "model/provisioned_rules.h"

namespace kiln::simulate {
namespace {

constexpr Nanos kLongest = 20LL * 366 * 86'400 * traffic::kSecond;
// What the engine counts, and therefore a simulation.
const std::set<std::string> kMetrics = {"Invocations",
                                        "Errors",
                                        "Throttles",
                                        "Duration",
                                        "ConcurrentExecutions",
                                        "UnreservedConcurrentExecutions",
                                        "ClaimedAccountConcurrency",
                                        "ProvisionedConcurrentExecutions",
                                        "ProvisionedConcurrencyUtilization",
                                        "ProvisionedConcurrencyInvocations",
                                        "ProvisionedConcurrencySpilloverInvocations",
                                        "AsyncEventsReceived",
                                        "AsyncEventAge",
                                        "AsyncEventsDropped"};

Result<void> check_rate(double rate, const std::string& what) {
  if (rate >= 0 && rate <= 1) return {};
  return wrong_scenario(
      fmt::format("{} is {:g}; it is a part of all invocations, from 0 to 1", what, rate));
}

Result<void> check_function(const Scenario& scenario, const SimulatedFunction& function) {
  if (!function.config.latest) return wrong_scenario("a function has no configuration");
  const std::string& name = function.config.name();
  const model::FunctionConfig& config = *function.config.latest;
  if (config.memory_mb < 128 || config.memory_mb > 10'240)
    return wrong_scenario(
        fmt::format("{} has {} MB of memory; Lambda has 128 to 10240", name, config.memory_mb));
  if (config.timeout_s < 1 || config.timeout_s > 900)
    return wrong_scenario(
        fmt::format("{} has a timeout of {} s; Lambda has 1 to 900", name, config.timeout_s));
  for (const auto& [qualifier, provisioned] : function.config.provisioned) {
    if (provisioned.requested < 1)
      return wrong_scenario(fmt::format("{} has {} provisioned for '{}'; it must be 1 or more",
                                        name, provisioned.requested, qualifier));
    if (const auto checked = model::check_provisioned_qualifier(qualifier); !checked)
      return wrong_scenario(name + " has provisioned concurrency for '" + qualifier +
                            "': " + checked.error().message);
    int others = 0;
    for (const SimulatedFunction& other : scenario.functions)
      if (&other != &function) others += model::claimed_by_configuration(other.config);
    if (!model::resolve_qualifier(function.config, qualifier, 1))
      return wrong_scenario(fmt::format("{} has no version or alias '{}'", name, qualifier));
    if (const auto checked = model::check_provisioned(
            function.config, qualifier, provisioned.requested, scenario.quota, others);
        !checked)
      return wrong_scenario(name + ": " + checked.error().message);
  }
  for (const Source& source : function.sources) {
    if (!model::resolve_qualifier(function.config, source.qualifier, 1))
      return wrong_scenario(fmt::format("{} has no version or alias '{}'", name, source.qualifier));
    if (const auto checked = check_rate(source.error_rate.value_or(0), "the error rate of " + name);
        !checked)
      return checked;
  }
  for (const double rate : {function.behaviour.error_rate, function.behaviour.crash_rate})
    if (const auto checked = check_rate(rate, "the error rate of " + name); !checked)
      return checked;
  return {};
}

// " (did you mean Errors?)", or nothing.
std::string near_metric(const telemetry::MetricKey& key) {
  if (key.metric_namespace != "AWS/Lambda") return "";
  const std::string near = near_word(key.name, {kMetrics.begin(), kMetrics.end()});
  return near.empty() ? "" : " (did you mean " + near + "?)";
}

Result<void> check_metric(const Scenario& scenario, const telemetry::AlarmConfig& alarm,
                          const telemetry::MetricKey& key) {
  if (key.metric_namespace != "AWS/Lambda" || !kMetrics.contains(key.name))
    return wrong_scenario(
        fmt::format("the alarm {} watches {} {}, which a simulation doesn't make{}", alarm.name,
                    key.metric_namespace, key.name, near_metric(key)));
  for (const auto& [dimension, value] : key.dimensions)
    if (dimension == "FunctionName" &&
        std::none_of(
            scenario.functions.begin(), scenario.functions.end(),
            [&name = value](const auto& function) { return function.config.name() == name; }))
      return wrong_scenario(fmt::format(
          "the alarm {} watches the function {}, which is not simulated", alarm.name, value));
  return {};
}

Result<Nanos> length_of(const Scenario& scenario) {
  if (scenario.length > 0) return scenario.length;
  Nanos longest = 0;
  for (const SimulatedFunction& function : scenario.functions)
    for (const Source& source : function.sources) {
      const Nanos length = source.traffic.length();
      if (length == traffic::kNever)
        return wrong_scenario(
            "the traffic has no end; say how long to simulate: --for, or length in a scenario");
      // The last of several known times is to be in it.
      longest = std::max(longest, length + 1);
    }
  return longest;
}

}  // namespace

SimulatedFunction make_function(const FunctionShape& shape) {
  auto config = std::make_shared<model::FunctionConfig>();
  config->name = shape.name;
  config->memory_mb = shape.memory_mb;
  config->timeout_s = shape.timeout_s;
  config->ephemeral_mb = shape.ephemeral_mb;
  SimulatedFunction function;
  function.config.latest = config;
  function.config.reserved_concurrency = shape.reserved;
  if (shape.provisioned > 0) {
    auto version = std::make_shared<model::FunctionConfig>(*config);
    version->version = "1";
    function.config.versions[1] = version;
    function.config.aliases["live"] = {"live", "1", {}, {}, {}};
    function.config.provisioned["live"] = {shape.provisioned, {}};
  }
  return function;
}

Platform Platform::aws() {
  Platform platform;
  platform.allocation = {std::chrono::seconds(60), 10'000, 100};
  return platform;
}

Platform Platform::kiln() { return {}; }

Result<void> check_alarm(const Scenario& scenario, const telemetry::AlarmConfig& alarm) {
  if (alarm.metric)
    if (auto checked = check_metric(scenario, alarm, alarm.metric->metric); !checked)
      return checked;
  for (const telemetry::MetricQuery& query : alarm.metrics)
    if (query.metric_stat)
      if (auto checked = check_metric(scenario, alarm, query.metric_stat->metric); !checked)
        return checked;
  return {};
}

Result<Nanos> check(const Scenario& scenario) {
  if (scenario.functions.empty()) return wrong_scenario("there is no function to simulate");
  const double speed = scenario.platform.speed;
  if (!(speed >= 1 && speed <= 10'000))
    return wrong_scenario(fmt::format("the speed is {:g}; it must be from 1 to 10000", speed));
  if (scenario.platform.idle_lifetime <= Duration(0))
    return wrong_scenario("an idle lifetime of 0 would end every environment at once");
  std::set<std::string> names;
  int claimed = 0;
  for (const SimulatedFunction& function : scenario.functions) {
    if (const auto checked = check_function(scenario, function); !checked) return checked.error();
    if (!names.insert(function.config.name()).second)
      return wrong_scenario("there are two functions " + function.config.name());
    claimed += model::claimed_by_configuration(function.config);
  }
  if (claimed > scenario.quota.concurrency - scenario.quota.min_unreserved)
    return wrong_scenario(
        fmt::format("reserved and provisioned concurrency are {} together; the account has "
                    "{}, of which {} stay unreserved",
                    claimed, scenario.quota.concurrency, scenario.quota.min_unreserved));
  for (const telemetry::AlarmConfig& alarm : scenario.alarms)
    if (const auto checked = check_alarm(scenario, alarm); !checked)
      return wrong_scenario(checked.error().message +
                            "; take it out, or watch a metric of AWS/Lambda of what is simulated");
  for (const Change& change : scenario.changes)
    if (!names.contains(change.function) || change.at < 0)
      return wrong_scenario("a change is of the function '" + change.function +
                            "', which is not simulated");
  const auto length = length_of(scenario);
  if (!length) return length;
  if (*length <= 0)
    return wrong_scenario("there is nothing to simulate: no requests and no length");
  if (*length > kLongest) return wrong_scenario("a simulation may reach over 20 years");
  if (scenario.warm_up < 0 || scenario.warm_up >= *length)
    return wrong_scenario("the warm-up must end before the simulation does");
  return length;
}

}  // namespace kiln::simulate
