// How much provisioned concurrency a function needs: a fixed number, target tracking or a schedule,
// whichever keeps cold starts within the goal at the least cost.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "advise/adviser.h"
#include "model/provisioned_rules.h"

namespace kiln::advise {
namespace {

using simulate::Slice;
using traffic::Nanos;

constexpr const char* kPolicy = "kiln-advice";
constexpr double kTargets[] = {0.5, 0.6, 0.7, 0.8};
constexpr double kWorthwhile = 0.95;  // of the cost: not less, not worth a change
constexpr int kHours = 24;
constexpr double kFewHours = 3;  // tracking and schedules need a load that changes
constexpr double kFewDays = 36;

bool is_of(const scaling::ResourceId& resource, const std::string& function,
           const std::string& qualifier) {
  return resource.function_name == function && resource.qualifier == qualifier;
}

// Takes away what scales the qualifier.
void unscale(simulate::Scenario& scenario, const std::string& function,
             const std::string& qualifier) {
  std::erase_if(scenario.targets, [&](const scaling::TargetInput& target) {
    return is_of(target.resource, function, qualifier);
  });
  std::erase_if(scenario.policies, [&](const simulate::ScalingPolicy& policy) {
    return is_of(policy.input.resource, function, qualifier);
  });
  std::erase_if(scenario.actions, [&](const scaling::ActionInput& action) {
    return is_of(action.resource, function, qualifier);
  });
}

void add_target(simulate::Scenario& scenario, const scaling::ResourceId& resource, int min,
                int max) {
  scaling::TargetInput target;
  target.resource = resource;
  target.min = min;
  target.max = max;
  scenario.targets.push_back(std::move(target));
}

}  // namespace

void set_fixed(simulate::Scenario& scenario, size_t index, const std::string& qualifier,
               int units) {
  model::Function& config = scenario.functions[index].config;
  unscale(scenario, config.name(), qualifier);
  if (units > 0)
    config.provisioned[qualifier] = {units, {}};
  else
    config.provisioned.erase(qualifier);
}

void set_tracking(simulate::Scenario& scenario, size_t index, const SetTracking& setting) {
  const std::string name = scenario.functions[index].config.name();
  set_fixed(scenario, index, setting.qualifier, setting.min);
  const scaling::ResourceId resource{name, setting.qualifier};
  add_target(scenario, resource, setting.min, setting.max);
  scaling::TrackingPolicy policy;
  policy.target = setting.target;
  if (setting.statistic != "Average")
    policy.custom = scaling::CustomMetric{
        telemetry::MetricStat{
            {scenario.region,
             "AWS/Lambda",
             "ProvisionedConcurrencyUtilization",
             {{"FunctionName", name}, {"Resource", name + ":" + setting.qualifier}}},
            60,
            setting.statistic,
            ""},
        {}};
  scenario.policies.push_back({{resource, setting.policy, policy}});
}

void set_schedule(simulate::Scenario& scenario, size_t index, const SetSchedule& setting) {
  const scaling::ResourceId resource{scenario.functions[index].config.name(), setting.qualifier};
  set_fixed(scenario, index, setting.qualifier, setting.min);
  add_target(scenario, resource, setting.min, setting.max);
  for (const SetSchedule::Entry& entry : setting.entries) {
    scaling::ActionInput action;
    action.resource = resource;
    action.name = entry.name;
    action.schedule = entry.cron;
    action.limits = scaling::ActionInput::Limits{entry.min, entry.max};
    scenario.actions.push_back(std::move(action));
  }
}

std::string Adviser::qualifier() const {
  const auto& config = function().config;
  if (!config.provisioned.empty()) return config.provisioned.begin()->first;
  for (const simulate::Source& source : function().sources) {
    const std::string& name = source.qualifier;
    if (!model::check_provisioned_qualifier(name)) continue;
    if (model::check_provisioned(config, name, 1, now_.scenario.quota, 0)) return name;
  }
  return {};
}

bool Adviser::is_scaled() const {
  const std::string of = qualifier();
  return std::any_of(now_.scenario.targets.begin(), now_.scenario.targets.end(),
                     [&](const scaling::TargetInput& target) {
                       return is_of(target.resource, function().config.name(), of);
                     });
}

const scaling::TrackingPolicy* Adviser::tracking() const {
  for (const simulate::ScalingPolicy& policy : now_.scenario.policies)
    if (policy.input.rule && policy.input.resource.function_name == function().config.name())
      if (const auto* tracking = std::get_if<scaling::TrackingPolicy>(&*policy.input.rule))
        return tracking;
  return nullptr;
}

void Adviser::advise_provisioned() {
  if (qualifier().empty() || function().config.reserved_concurrency == 0) return;
  if (!keeps_cold(now_))
    find_provisioned();
  else if (!function().config.provisioned.empty())
    lower_provisioned();
}

// The metric is a sample at each start of an invocation, and its average over a minute is low when
// the number in use goes up and down within the minute, though all of it is needed at its top.
std::string Adviser::average_trap(const Trial& trial) const {
  size_t full = 0;
  for (const Slice& slice : trial.example.functions[index_].slices)
    full += slice.provisioned_ready > 0 && slice.most_provisioned_in_use >= slice.provisioned_ready;
  size_t grown = 0;
  for (const scaling::Activity& activity : trial.example.activities)
    grown += activity.is_scaling() && activity.cause.find("AlarmHigh") != std::string::npos;
  return fmt::format(
      "Target tracking goes by the average of the samples of a minute. In the simulation all "
      "provisioned environments were in use in {} of {} minutes or more, and it scaled out {} "
      "times: "
      "short peaks within a minute spill over unseen. A policy on the Maximum of the same metric "
      "sees them.",
      full, trial.example.functions[index_].slices.size(), grown);
}

std::vector<std::pair<SetTracking, Adviser::Trial>> Adviser::tracking_trials(int most) const {
  std::vector<std::pair<SetTracking, Trial>> out;
  for (const char* statistic : {"Average", "Maximum"})
    for (const double target : kTargets) {
      const SetTracking setting{qualifier(), kPolicy,   1,          std::max(most, 2),
                                target,      statistic, is_scaled()};
      auto trial =
          attempt([&](simulate::Scenario& scenario) { set_tracking(scenario, index_, setting); });
      if (trial) out.emplace_back(setting, std::move(*trial));
    }
  return out;
}

// By the hour of the day: what was needed at most in it, on any day.
std::optional<std::pair<SetSchedule, Adviser::Trial>> Adviser::schedule_trial() const {
  const auto& example = now_.example;
  const auto& slices = example.functions[index_].slices;
  std::array<int, kHours> most{};
  for (size_t i = 0; i < slices.size(); ++i) {
    const int64_t at_s = epoch_s(now_.scenario.start) + static_cast<int64_t>(i) * example.slice_s;
    int& hour = most[static_cast<size_t>(at_s / 3600 % kHours)];
    hour = std::max(hour, slices[i].most_in_use);
  }
  SetSchedule setting;
  setting.qualifier = qualifier();
  setting.unscale = is_scaled();
  setting.max = std::max(1, *std::max_element(most.begin(), most.end()));
  // An hour joins the ones before it unless it needs much less, or any more.
  int level = most[0];
  for (size_t hour = 0; hour < kHours; ++hour) {
    const bool more = most[hour] > level, much_less = most[hour] * 2 < level;
    if (hour > 0 && !more && !much_less) continue;
    level = most[hour];
    setting.entries.push_back({fmt::format("hour-{:02}", hour),
                               fmt::format("cron(0 {} * * ? *)", hour), level, setting.max});
  }
  if (setting.entries.size() < 2) return std::nullopt;
  setting.min = setting.entries.front().min;
  // What is more is there some minutes earlier: allocation takes its time.
  for (size_t i = 1; i < setting.entries.size(); ++i) {
    auto& entry = setting.entries[i];
    if (entry.min <= setting.entries[i - 1].min) continue;
    int hour = 0;
    if (std::sscanf(entry.cron.c_str(), "cron(0 %d", &hour) == 1 && hour > 0)
      entry.cron = fmt::format("cron(55 {} * * ? *)", hour - 1);
  }
  auto trial =
      attempt([&](simulate::Scenario& scenario) { set_schedule(scenario, index_, setting); });
  if (!trial) return std::nullopt;
  return std::pair(setting, std::move(*trial));
}

void Adviser::find_provisioned() {
  const std::string of = qualifier();
  const auto reserved = function().config.reserved_concurrency;
  const int most = std::min(static_cast<int>(std::ceil(now_.outcome.most_in_use.most)),
                            reserved.value_or(1'000'000));
  const auto keeps = [this](const Trial& trial) { return keeps_cold(trial); };
  struct Choice {
    Setting setting;
    Trial trial;
  };
  std::optional<Choice> best;
  const auto consider = [&](Setting setting, Trial trial, double must_save) {
    if (!keeps_cold(trial) || trial.outcome.throttle_share.mean >
                                  now_.outcome.throttle_share.mean + goals_.throttle_share)
      return;
    if (!best ||
        trial.outcome.monthly_cost.mean < must_save * best->trial.outcome.monthly_cost.mean)
      best = Choice{std::move(setting), std::move(trial)};
  };
  const auto units = least(
      0, most, [&](simulate::Scenario& scenario, int n) { set_fixed(scenario, index_, of, n); },
      keeps);
  if (units)
    if (auto trial =
            attempt([&](simulate::Scenario& scenario) { set_fixed(scenario, index_, of, *units); }))
      consider(SetProvisioned{of, *units, is_scaled()}, std::move(*trial), 1);
  // What is more to set up and to understand must save something.
  if (observed_.hours() >= kFewDays)
    if (auto schedule = schedule_trial())
      consider(schedule->first, std::move(schedule->second), kWorthwhile);
  if (observed_.hours() >= kFewHours || tracking())
    for (auto& [setting, trial] : tracking_trials(most))
      consider(setting, std::move(trial), kWorthwhile);
  if (!best) return;

  Advice advice;
  advice.setting = best->setting;
  const std::string why = fmt::format(
      "{:.2g} % of its invocations start cold, and the slowest one in a hundred takes {:.0f} ms.",
      now_.outcome.cold_share.mean * 100, now_.outcome.p99_ms.mean);
  if (const auto* fixed = std::get_if<SetProvisioned>(&best->setting)) {
    advice.title = fmt::format("Provision {} for {}", fixed->units, of);
    advice.reason = why + " The load changes little enough for a fixed number to be cheapest.";
    advice.trap =
        "Provisioned concurrency is billed whether it is used or not, and counts against the "
        "reserve; what is more than it spills over, with cold starts.";
  } else if (const auto* schedule = std::get_if<SetSchedule>(&best->setting)) {
    advice.title =
        fmt::format("Provision {} by the hour, {} to {}", of,
                    std::min_element(schedule->entries.begin(), schedule->entries.end(),
                                     [](const auto& a, const auto& b) { return a.min < b.min; })
                        ->min,
                    schedule->max);
    advice.reason = why + " The load follows the hour of the day.";
    advice.trap = "Hours are UTC, and a day that is unlike those that were seen is not foreseen.";
  } else {
    const auto& setting = std::get<SetTracking>(best->setting);
    advice.title = fmt::format("Let target tracking provision {} to {} for {}, at {:g} of the {}",
                               setting.min, setting.max, of, setting.target, setting.statistic);
    advice.reason = why + " The load changes too much for a fixed number.";
    const SetTracking average{of, kPolicy, setting.min, setting.max, setting.target, "Average"};
    if (setting.statistic == "Average")
      advice.trap = average_trap(best->trial);
    else if (const auto trial = attempt(
                 [&](simulate::Scenario& scenario) { set_tracking(scenario, index_, average); }))
      advice.trap = average_trap(*trial);
  }
  take(std::move(advice), std::move(best->trial));
}

void Adviser::lower_provisioned() {
  const std::string of = qualifier();
  const int configured = function().config.provisioned.at(of).requested;
  if (tracking()) return;  // it comes down by itself
  const auto keeps = [this](const Trial& trial) { return keeps_cold(trial); };
  const auto set = [&](simulate::Scenario& scenario, int n) { set_fixed(scenario, index_, of, n); };
  int units = 0;
  const auto without = attempt([&](simulate::Scenario& scenario) { set(scenario, 0); });
  if (!without) return;
  if (!keeps_cold(*without)) {
    const auto fewest = least(0, configured, set, keeps);
    if (!fewest) return;
    units = *fewest;
  }
  auto trial = attempt([&](simulate::Scenario& scenario) { set(scenario, units); });
  if (!trial || trial->outcome.monthly_cost.mean > kWorthwhile * now_.outcome.monthly_cost.mean)
    return;
  Advice advice;
  advice.setting = SetProvisioned{of, units, is_scaled()};
  advice.title = units == 0
                     ? "Take the provisioned concurrency of " + of + " away"
                     : fmt::format("Provision {} for {} instead of {}", units, of, configured);
  advice.reason = fmt::format(
      "With {} instead of {}, {:.2g} % of the invocations start cold: no more than the goal of "
      "{:.2g} %.",
      units, configured, trial->outcome.cold_share.mean * 100, goals_.cold_share * 100);
  advice.trap =
      "What was seen is what counts here: a higher peak than any of these would spill over.";
  take(std::move(advice), std::move(*trial));
}

// Without invocations there is no metric, and capacity that scaling has added stays for ever.
void Adviser::advise_idle() {
  const auto& slices = now_.example.functions[index_].slices;
  if (slices.empty() || qualifier().empty()) return;
  double idle_s = 0, paid_s = 0;
  for (const Slice& slice : slices) {
    if (slice.provisioned_configured == 0) continue;
    paid_s += static_cast<double>(now_.example.slice_s);
    if (slice.requests == 0) idle_s += static_cast<double>(now_.example.slice_s);
  }
  if (paid_s < 3600 || idle_s < 0.2 * paid_s) return;
  const std::string of = qualifier();
  const std::string name = now_.scenario.functions[index_].config.name();
  const bool has_alarm =
      std::any_of(now_.scenario.alarms.begin(), now_.scenario.alarms.end(), [&](const auto& alarm) {
        return alarm.metric && alarm.missing == telemetry::MissingData::kBreaching &&
               alarm.metric->metric.name == "Invocations";
      });
  if (has_alarm) return;
  Advice advice;
  advice.setting = SetIdleAlarm{of, 30};
  advice.title = "Be told when " + name + ":" + of + " is provisioned and idle";
  advice.reason = fmt::format(
      "It had provisioned concurrency and no request in {:.0f} % of the time. An idle function has "
      "no metrics: scaling alarms turn to INSUFFICIENT_DATA and take nothing away.",
      idle_s / paid_s * 100);
  advice.trap =
      "The alarm must treat missing data as breaching, or it never goes off: nothing is what an "
      "idle function reports.";
  advice.simulated = false;
  advice.now = advice.then = now_.outcome;
  set_confidence(advice);
  out_.push_back(std::move(advice));
}

}  // namespace kiln::advise
