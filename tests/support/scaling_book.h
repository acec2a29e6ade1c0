// A ScalingBook over simulated minutes, with real alarms, for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scaling/scaling_book.h"
#include "tests/support/scaling_ports.h"
#include "tests/support/state_doubles.h"

namespace kiln::scaling {

using namespace std::chrono_literals;

constexpr int64_t kDay = 1'758'240'000;  // 2025-09-19T00:00:00Z
const WallTime kMidnight{std::chrono::seconds(kDay)};
constexpr const char* kRegion = "us-east-1";
constexpr const char* kAccount = "000000000000";
const ResourceId kLive{"api", "live"};

class ScalingBookTest : public ::testing::Test {
 protected:
  ScalingBookTest() {
    capacity_.units[kLive.text()] = 10;
    restart();
  }

  // New books from what is stored.
  void restart(StepScaling step_scaling = StepScaling::kRun) {
    book_.reset();
    alarms_ = std::make_unique<telemetry::AlarmBook>(kAccount, port_);
    const auto warn = [this](std::string text) { warnings_.push_back(std::move(text)); };
    book_ = std::make_unique<ScalingBook>(kAccount, port_, *alarms_, capacity_,
                                          ScalingBook::Options{step_scaling, warn});
    const auto documents = port_.documents;
    for (const auto& [key, text] : documents) {
      const auto& [kind, region, name] = key;
      const auto loaded = ScalingBook::owns(kind) ? book_->load(kind, region, name, text)
                                                  : alarms_->load(kind, region, name, text);
      ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    }
  }

  Result<const Target*> add_target(int min, int max, const ResourceId& resource = kLive,
                                   WallTime now = kMidnight) {
    TargetInput input;
    input.resource = resource;
    input.min = min;
    input.max = max;
    return book_->register_target(kRegion, input, now);
  }
  Result<const Policy*> add_policy(const std::string& name,
                                   std::variant<StepPolicy, TrackingPolicy> rule,
                                   WallTime now = kMidnight) {
    return book_->put_policy(kRegion, {kLive, name, std::move(rule)}, now);
  }
  Result<const Policy*> track(const std::string& name = "keep", double target = 0.7) {
    TrackingPolicy rule;
    rule.target = target;
    return add_policy(name, rule);
  }
  Result<void> schedule(const std::string& name, const std::string& when, std::optional<int> min,
                        std::optional<int> max, WallTime now = kMidnight) {
    ActionInput input;
    input.resource = kLive;
    input.name = name;
    input.schedule = when;
    input.limits = ActionInput::Limits{min, max};
    return book_->put_action(kRegion, input, now);
  }

  // An alarm of the user's on the metric "Load", which acts on `policy`.
  void add_alarm(const std::string& name, const std::string& policy, double threshold,
                 telemetry::Comparison comparison) {
    telemetry::AlarmConfig config;
    config.region = kRegion;
    config.name = name;
    config.metric.emplace();
    config.metric->metric = {kRegion, "Mine", "Load", {}};
    config.metric->stat = "Average";
    config.comparison = comparison;
    config.threshold = threshold;
    config.actions.alarm = {book_->policies(kRegion).at({kLive.text(), policy}).arn};
    ASSERT_TRUE(alarms_->put(config, {}, kMidnight).ok());
  }

  // The minute that ends at `minutes` past midnight. `values`: a metric's point in it, if any.
  std::vector<Result<void>> minute(int minutes) {
    const WallTime now = kMidnight + std::chrono::minutes(minutes);
    for (const auto& [metric, value] : values_)
      if (value) points_[metric][epoch_s(now) - 60] = *value;
    const auto fetch = [this](const telemetry::MetricStat& stat, int64_t start_s, int64_t end_s) {
      telemetry::Series series;
      for (const auto& [time_s, value] : points_[stat.metric.name])
        if (time_s >= start_s && time_s < end_s)
          series.points[time_s] = stat.stat == "SampleCount" ? 1 : value;
      return series;
    };
    std::vector<Result<void>> results;
    for (const auto& fired : alarms_->evaluate(now, fetch))
      if (book_->owns_arn(fired.action)) results.push_back(book_->on_alarm(fired, now));
    book_->each_minute(now);
    return results;
  }
  void minutes(int from, int to) {
    for (int i = from; i <= to; ++i) minute(i);
  }

  int units() const { return capacity_.units.at(kLive.text()); }
  const std::deque<Activity>& activities() const {
    return book_->activities().of(kRegion, kLive.text());
  }
  const Target& target() const { return book_->targets(kRegion).at(kLive.text()); }

  static constexpr const char* kUtilization = "ProvisionedConcurrencyUtilization";
  tests::MemoryState port_;
  FakeCapacity capacity_;
  std::vector<std::string> warnings_;
  std::map<std::string, std::optional<double>> values_;
  std::map<std::string, std::map<int64_t, double>> points_;
  std::unique_ptr<telemetry::AlarmBook> alarms_;
  std::unique_ptr<ScalingBook> book_;
};

}  // namespace kiln::scaling
