#include "simulate/control.h"

#include <fmt/format.h>

#include <algorithm>

namespace kiln::simulate {
namespace {

constexpr const char* kAccount = "000000000000";
constexpr const char* kNamespace = "AWS/Lambda";

Error wrong_part(const std::string& what, const Error& error) {
  return {ErrorKind::kInvalid, "Scenario", what + ": " + error.message};
}

void keys_of(const telemetry::AlarmConfig& config, std::set<telemetry::MetricKey>& out) {
  if (config.metric) out.insert(config.metric->metric);
  for (const telemetry::MetricQuery& query : config.metrics)
    if (query.metric_stat) out.insert(query.metric_stat->metric);
}

}  // namespace

// Points that have left the metric store's memory and that an alarm may still look at.
class Control::Archive final : public telemetry::MetricArchive {
 public:
  void resume(int64_t) override {}
  bool write(const std::vector<Point>& points, int64_t now_s) override {
    for (const Point& point : points) series_[point.series][point.time_s] = point.values;
    if (now_s < pruned_s_ + kPruneEveryS) return true;
    pruned_s_ = now_s;
    for (auto& [number, kept] : series_) kept.erase(kept.begin(), kept.lower_bound(now_s - kept_s));
    return true;
  }
  void read(int64_t series, int64_t start_s, int64_t end_s,
            const std::function<void(Point&&)>& visit) override {
    const auto found = series_.find(series);
    if (found == series_.end()) return;
    for (auto at = found->second.lower_bound(start_s);
         at != found->second.end() && at->first < end_s; ++at)
      visit({series, at->first, at->second});
  }
  int64_t add_series(const telemetry::MetricKey&, const std::string&) override { return ++last_; }
  void compact(int64_t) override {}
  std::vector<SeriesInfo> load_series() override { return {}; }

  int64_t kept_s = 3600;  // as far back as the longest alarm looks

 private:
  static constexpr int64_t kPruneEveryS = 1800;
  std::map<int64_t, std::map<int64_t, telemetry::Distribution>> series_;
  int64_t last_ = 0;
  int64_t pruned_s_ = 0;
};

Control::Control(const Scenario& scenario, ControlPort& port)
    : scenario_(scenario),
      port_(port),
      archive_(std::make_unique<Archive>()),
      metrics_(*archive_),
      alarms_(kAccount, static_cast<StatePort&>(*this)),
      scaling_(kAccount, static_cast<StatePort&>(*this), alarms_,
               static_cast<scaling::CapacityPort&>(*this), {}) {
  const PointSink record = [this](std::vector<telemetry::MetricPoint>& points) {
    for (const telemetry::MetricPoint& point : points)
      if (watched_.contains(point.key))
        metrics_.record(point.key, point.unit, point.time_s, point.values);
    points.clear();
  };
  ports_.gather = [this, record] { port_.gather(record); };
  ports_.act = [this](const telemetry::FiredAction& fired, WallTime now) -> Result<void> {
    // Whoever is told of an alarm is no part of a simulation.
    return scaling_.owns_arn(fired.action) ? scaling_.on_alarm(fired, now) : Result<void>();
  };
  ports_.each_minute = [this](WallTime now) { scaling_.each_minute(now); };
}

Control::~Control() = default;

bool Control::needed() const { return !scenario_.alarms.empty() || !scenario_.targets.empty(); }

Result<void> Control::set_up(WallTime now) {
  const std::string& region = scenario_.region;
  for (const scaling::TargetInput& input : scenario_.targets)
    if (const auto done = scaling_.register_target(region, input, now); !done)
      return wrong_part("the scalable target " + input.resource.text(), done.error());
  for (const ScalingPolicy& policy : scenario_.policies)
    if (const auto done = scaling_.put_policy(region, policy.input, now); !done)
      return wrong_part("the scaling policy " + policy.input.name, done.error());
  for (const scaling::ActionInput& action : scenario_.actions)
    if (const auto done = scaling_.put_action(region, action, now); !done)
      return wrong_part("the scheduled action " + action.name, done.error());
  if (const auto done = put_alarms(now); !done) return done;
  find_watched();
  note_changes();
  alarm_changes_.clear();
  return {};
}

Result<void> Control::put_alarms(WallTime now) {
  // Policies have new names here: what alarms call them by is translated.
  std::map<std::string, std::string> arns;
  for (const ScalingPolicy& policy : scenario_.policies) {
    if (policy.arn.empty()) continue;
    const auto& all = scaling_.policies(scenario_.region);
    const auto found = all.find({policy.input.resource.text(), policy.input.name});
    if (found != all.end()) arns[policy.arn] = found->second.arn;
  }
  for (telemetry::AlarmConfig config : scenario_.alarms) {
    config.region = scenario_.region;
    for (auto* actions :
         {&config.actions.ok, &config.actions.alarm, &config.actions.insufficient_data})
      for (std::string& action : *actions)
        if (const auto found = arns.find(action); found != arns.end()) action = found->second;
    const std::string name = config.name;
    if (const auto done = alarms_.put(std::move(config), {}, now); !done)
      return wrong_part("the alarm " + name, done.error());
  }
  return {};
}

void Control::find_watched() {
  for (const auto& [name, alarm] : alarms_.list(scenario_.region)) {
    keys_of(alarm.config, watched_);
    if (alarm.is_composite()) continue;
    if (alarm.config.period_s() < 60) step_s_ = telemetry::kControlStepS;
    const int64_t looks_back_s =
        int64_t{telemetry::evaluation_range(alarm.config.evaluation_periods)} *
        alarm.config.period_s();
    archive_->kept_s = std::max(archive_->kept_s, looks_back_s + 3600);
  }
}

bool Control::watches(const std::string& function) const {
  return std::any_of(watched_.begin(), watched_.end(), [&](const telemetry::MetricKey& key) {
    if (key.metric_namespace != kNamespace) return false;
    if (key.dimensions.empty()) return true;
    return std::any_of(key.dimensions.begin(), key.dimensions.end(), [&](const auto& dimension) {
      return dimension.first == "FunctionName" && dimension.second == function;
    });
  });
}

void Control::step(int64_t end_s) {
  telemetry::control_step(end_s, metrics_, alarms_, ports_);
  if (end_s % 60 == 0) metrics_.flush(end_s);
  note_changes();
}

void Control::note_changes() {
  for (const auto& [name, alarm] : alarms_.list(scenario_.region)) {
    const auto known = states_.try_emplace(name, alarm.status.state).first;
    if (known->second == alarm.status.state) continue;
    alarm_changes_.push_back(
        {alarm.status.updated, name, known->second, alarm.status.state, alarm.status.reason});
    known->second = alarm.status.state;
  }
  uint64_t newest = last_activity_;
  for (const scaling::TargetInput& target : scenario_.targets) {
    const auto& list = scaling_.activities().of(scenario_.region, target.resource.text());
    auto at = list.end();
    while (at != list.begin() && std::prev(at)->number > last_activity_) --at;
    for (; at != list.end(); ++at) {
      activities_.push_back(*at);
      newest = std::max(newest, at->number);
    }
  }
  last_activity_ = newest;
}

void Control::finish(RunResult& result) {
  for (const auto& [name, alarm] : alarms_.list(scenario_.region)) {
    std::set<telemetry::MetricKey> keys;
    keys_of(alarm.config, keys);
    result.alarm_metrics += static_cast<double>(keys.size());
  }
  result.alarm_changes = std::move(alarm_changes_);
  result.activities = std::move(activities_);
}

Result<int> Control::current(const std::string&, const scaling::ResourceId& resource) {
  return port_.provisioned(resource);
}

Result<void> Control::set(const std::string&, const scaling::ResourceId& resource, int units) {
  return port_.set_provisioned(resource, units);
}

}  // namespace kiln::simulate
