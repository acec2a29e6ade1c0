// The evaluation of the alarms in the book: metric alarms by their data, then composite alarms by
// the states of others, then the scaling actions that run again.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/arn.h"
#include "base/json_access.h"
#include "base/time_format.h"
#include "telemetry/alarm_book.h"
#include "telemetry/query_run.h"

namespace kiln::telemetry {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kMinute = 60;
constexpr int64_t kTen = 10;

int64_t floor_seconds(WallTime now, int64_t unit) {
  const int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  return seconds - (seconds % unit + unit) % unit;
}

bool is_scaling_policy(const std::string& action) {
  return is_arn_of(action, "autoscaling") && action.find(":scalingPolicy:") != action.npos;
}

// Puts the points of a series into the periods of a window.
void fill(const Series& series, int64_t start_s, int64_t period_s,
          const std::function<void(size_t, double)>& put, size_t size) {
  for (const auto& [time_s, value] : series.points) {
    if (time_s < start_s) continue;
    const auto at = static_cast<size_t>((time_s - start_s) / period_s);
    if (at < size) put(at, value);
  }
}

AlarmWindow empty_window(const AlarmConfig& config, int64_t end_s) {
  const int64_t period = config.period_s();
  const int range = evaluation_range(config.evaluation_periods);
  AlarmWindow window;
  for (int64_t i = range; i > 0; --i) window.times.push_back(end_s - i * period);
  window.points.resize(static_cast<size_t>(range));
  return window;
}

// AWS: "Only the latest 3 hours of data can be used for evaluating the alarm's conditions."
constexpr int64_t kInsightsSeconds = 3 * 3600;

AlarmWindow read_window(const AlarmConfig& config, int64_t end_s, const FetchSeries& fetch,
                        const ListMetrics& list) {
  AlarmWindow window = empty_window(config, end_s);
  const int64_t start_s = window.times.front();
  Series series;
  if (config.metric) {
    series = fetch(*config.metric, start_s, end_s);
  } else {
    const QuerySources sources{fetch, "", end_s, list, config.region, kInsightsSeconds};
    auto results = run_detailed(config.metrics, start_s, end_s, sources);
    if (results && !results->empty()) series = std::move(results->front().result.series);
  }
  fill(
      series, start_s, config.period_s(),
      [&](size_t at, double value) { window.points[at] = value; }, window.points.size());
  return window;
}

void read_sample_counts(const AlarmConfig& config, int64_t end_s, const FetchSeries& fetch,
                        const FetchSeries& counts, AlarmWindow& window) {
  if (!config.metric) return;
  window.sample_counts.assign(window.points.size(), 0);
  const int64_t start_s = window.times.front();
  MetricStat metric = *config.metric;
  if (!counts) metric.stat = "SampleCount";
  fill((counts ? counts : fetch)(metric, start_s, end_s), start_s, config.period_s(),
       [&](size_t at, double value) { window.sample_counts[at] = value; }, window.points.size());
}

FiredAction fired_action(std::shared_ptr<const AlarmSnapshot> alarm, const std::string& action,
                         std::optional<double> latest_value, FiredAction::Cause cause) {
  return {std::move(alarm), action, latest_value, cause};
}

std::shared_ptr<const AlarmSnapshot> snapshot(const Alarm& alarm, const std::string& account,
                                              AlarmStatus previous) {
  auto out = std::make_shared<AlarmSnapshot>();
  out->account = account;
  out->config = alarm.config;
  if (alarm.rule) out->rule = alarm.rule->text();
  out->suppressor = alarm.suppressor;
  out->status = alarm.status;
  out->previous = std::move(previous);
  out->configuration_updated = alarm.configuration_updated;
  return out;
}

}  // namespace

bool AlarmBook::due(WallTime now) const {
  const bool minute = floor_seconds(now, kMinute) > last_minute_s_;
  const bool ten = floor_seconds(now, kTen) > last_ten_s_;
  if (!ten) return false;
  if (!stale_.empty()) return true;
  for (const auto& [region, alarms] : regions_)
    for (const auto& [name, alarm] : alarms)
      if (minute || (alarm.is_composite() ? alarm.suppression.is_over(now)
                                          : alarm.config.period_s() < kMinute))
        return true;
  return false;
}

std::vector<FiredAction> AlarmBook::evaluate(WallTime now, const FetchSeries& fetch,
                                             const FetchSeries& fetch_sample_counts,
                                             const ListMetrics& list) {
  const Sources sources{fetch, fetch_sample_counts, list};
  std::vector<FiredAction> fired;
  const int64_t minute = floor_seconds(now, kMinute);
  const int64_t ten = floor_seconds(now, kTen);
  const bool minute_over = minute > last_minute_s_;
  const bool ten_over = ten > last_ten_s_;
  last_minute_s_ = std::max(last_minute_s_, minute);
  last_ten_s_ = std::max(last_ten_s_, ten);
  for (auto& [region, alarms] : regions_) {
    for (auto& [name, alarm] : alarms) {
      if (alarm.is_composite()) continue;
      const bool often = alarm.config.period_s() < kMinute;
      if (often ? ten_over : minute_over)
        evaluate_metric(alarm, often ? ten : minute, now, sources, fired);
    }
  }
  evaluate_composites(now, fired);
  step_suppressions(now, fired);
  if (!minute_over) return fired;
  refire(now, fired);
  for (const auto& [region, name] : std::exchange(unsaved_, {})) {
    const Alarm* alarm = find(region, name);
    if (alarm && !save(*alarm)) unsaved_.insert({region, name});
  }
  constexpr int64_t kHour = 3600;
  if (minute >= last_prune_s_ + kHour) {
    history_.prune(now);
    last_prune_s_ = minute;
  }
  return fired;
}

void AlarmBook::evaluate_metric(Alarm& alarm, int64_t end_s, WallTime now, const Sources& sources,
                                std::vector<FiredAction>& fired) {
  const AlarmConfig& config = alarm.config;
  AlarmWindow window = read_window(config, end_s, sources.fetch, sources.list);
  const bool counts_decide = config.low_sample_count_percentile == "ignore";
  if (counts_decide) read_sample_counts(config, end_s, sources.fetch, sources.counts, window);
  AlarmVerdict verdict = evaluate_alarm(config, window, alarm.status.state, now);
  alarm.latest_value = verdict.latest_value;
  alarm.recent_values = std::move(verdict.recent_values);
  if (verdict.state == alarm.status.state) return;
  if (!counts_decide) {
    // Only the texts of a change show them.
    read_sample_counts(config, end_s, sources.fetch, sources.counts, window);
    verdict = evaluate_alarm(config, window, alarm.status.state, now);
  }
  transition(alarm, {verdict.state, std::move(verdict.reason), std::move(verdict.reason_data), now},
             fired);
}

void AlarmBook::transition(Alarm& alarm, AlarmStatus status, std::vector<FiredAction>& fired) {
  const std::string& region = alarm.config.region;
  const std::string& name = alarm.config.name;
  AlarmStatus previous = std::exchange(alarm.status, std::move(status));
  alarm.transitioned = alarm.status.updated;
  if (const auto& suppressor = alarm.suppressor)
    alarm.suppression.transitioned(*suppressor, suppressor_in_alarm(alarm), alarm.transitioned);
  if (!save(alarm)) unsaved_.insert({region, name});
  history_.add(region, name, state_item(previous, alarm.status, alarm.is_composite()));
  if (on_transition_) on_transition_(alarm, previous.state);
  mark_parents(alarm);
  if (!alarm.suppression.pending) run_actions(alarm, std::move(previous), fired);
}

void AlarmBook::run_actions(const Alarm& alarm, AlarmStatus previous,
                            std::vector<FiredAction>& fired) const {
  if (!alarm.config.actions.enabled) return;
  const auto& actions = alarm.config.actions.of(alarm.status.state);
  if (actions.empty()) return;
  const auto now = snapshot(alarm, account_, std::move(previous));
  for (const std::string& action : actions)
    fired.push_back(fired_action(now, action, alarm.latest_value, FiredAction::Cause::kTransition));
}

void AlarmBook::mark_parents(const Alarm& child) {
  const std::string& region = child.config.region;
  for (const auto& [name, alarm] : list(region)) {
    if (!alarm.is_composite()) continue;
    const auto names = children(alarm);
    if (std::find(names.begin(), names.end(), child.config.name) != names.end())
      stale_.emplace(Key{region, name}, Trigger::kChild);
  }
}

// An alarm after those that it depends on, so that none sees a state that is about to change.
std::vector<AlarmBook::Key> AlarmBook::composites_in_order() const {
  std::vector<Key> order;
  for (const auto& [region, alarms] : regions_) {
    std::set<std::string> open;
    for (const auto& [name, alarm] : alarms)
      if (alarm.is_composite()) open.insert(name);
    for (bool progress = true; progress && !open.empty();) {
      progress = false;
      for (auto name = open.begin(); name != open.end();) {
        const auto names = children(alarms.at(*name));
        const bool waits = std::any_of(names.begin(), names.end(), [&](const std::string& child) {
          return open.contains(child);
        });
        if (waits) {
          ++name;
          continue;
        }
        order.emplace_back(region, *name);
        name = open.erase(name);
        progress = true;
      }
    }
  }
  return order;
}

void AlarmBook::evaluate_composites(WallTime now, std::vector<FiredAction>& fired) {
  if (stale_.empty()) return;
  for (const Key& key : composites_in_order()) {
    const auto stale = stale_.find(key);
    if (stale == stale_.end()) continue;
    const Trigger trigger = stale->second;
    stale_.erase(stale);
    Alarm& alarm = *edit(key.first, key.second);
    const bool holds = alarm.rule->evaluate([&](const std::string& reference) {
      const Alarm* child = find(key.first, name_of(key.first, reference));
      return child ? child->status.state : AlarmState::kInsufficientData;
    });
    const AlarmState state = holds ? AlarmState::kAlarm : AlarmState::kOk;
    if (state != alarm.status.state)
      transition(alarm, composite_status(alarm, state, trigger, now), fired);
  }
}

AlarmStatus AlarmBook::composite_status(const Alarm& alarm, AlarmState state, Trigger trigger,
                                        WallTime now) const {
  std::vector<const Alarm*> triggering;
  for (const std::string& name : children(alarm))
    if (const Alarm* child = find(alarm.config.region, name)) triggering.push_back(child);
  const auto arn = [&](const Alarm& of) {
    return alarm_arn(of.config.region, account_, of.config.name);
  };
  std::string reason =
      fmt::format("{} was {} and its alarm rule evaluates to {}", arn(alarm),
                  trigger == Trigger::kCreated ? "created" : "updated", to_text(state));
  const Alarm* newest = nullptr;
  if (trigger == Trigger::kChild && !triggering.empty())
    newest = *std::max_element(
        triggering.begin(), triggering.end(),
        [](const Alarm* a, const Alarm* b) { return a->transitioned < b->transitioned; });
  // Of ALARM those that are in ALARM, of OK all; but what a change brought names the one that
  // changed.
  if (state == AlarmState::kAlarm)
    std::erase_if(triggering, [](const Alarm* a) { return a->status.state != AlarmState::kAlarm; });
  if (newest && (triggering.empty() || state != AlarmState::kAlarm)) triggering = {newest};
  if (newest) {
    reason =
        fmt::format("{} transitioned to {} at {:%A %d %B, %Y %H:%M:%S} UTC", arn(*newest),
                    to_text(newest->status.state),
                    fmt::gmtime(static_cast<std::time_t>(floor_seconds(newest->transitioned, 1))));
  }
  ordered_json alarms = ordered_json::array();
  for (const Alarm* child : triggering)
    alarms.push_back({{"arn", arn(*child)},
                      {"state",
                       {{"value", to_text(child->status.state)},
                        {"timestamp", format_lambda_time(child->transitioned)}}}});
  ordered_json data;
  data["triggeringAlarms"] = std::move(alarms);
  return {state, std::move(reason), json_dump(data), now};
}

void AlarmBook::refire(WallTime now, std::vector<FiredAction>& fired) {
  for (const auto& [region, alarms] : regions_) {
    for (const auto& [name, alarm] : alarms) {
      // A change in this very moment has run its actions.
      if (!alarm.config.actions.enabled || alarm.transitioned == now) continue;
      if (alarm.suppression.by != SuppressedBy::kNothing) continue;
      std::shared_ptr<const AlarmSnapshot> shot;
      for (const std::string& action : alarm.config.actions.of(alarm.status.state)) {
        if (!is_scaling_policy(action)) continue;
        if (!shot) shot = snapshot(alarm, account_, alarm.status);
        fired.push_back(
            fired_action(shot, action, alarm.latest_value, FiredAction::Cause::kRefire));
      }
    }
  }
}

}  // namespace kiln::telemetry
