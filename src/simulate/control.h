// The metrics, alarms and scaling of a run, on its metric time. Private to this folder.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "scaling/scaling_book.h"
#include "simulate/result.h"
#include "simulate/scenario.h"
#include "telemetry/control_step.h"
#include "telemetry/function_metrics.h"

namespace kiln::simulate {

using PointSink = std::function<void(std::vector<telemetry::MetricPoint>&)>;

class ControlPort {
 public:
  // Gives all points that were counted since the last call.
  virtual void gather(const PointSink& sink) = 0;
  virtual Result<int> provisioned(const scaling::ResourceId& resource) = 0;
  virtual Result<void> set_provisioned(const scaling::ResourceId& resource, int units) = 0;

 protected:
  ~ControlPort() = default;
};

class Control final : private scaling::CapacityPort, private StatePort {
 public:
  Control(const Scenario& scenario, ControlPort& port);
  ~Control();

  // Makes the alarms, targets, policies and scheduled actions. Error (kInvalid, Scenario).
  Result<void> set_up(WallTime now);
  // Whether there is anything to do at all.
  bool needed() const;
  // A metric of this function is read by an alarm, or one of the whole account.
  bool watches(const std::string& function) const;
  // How long from one step to the next.
  int64_t step_s() const { return step_s_; }
  void step(int64_t end_s);

  void finish(RunResult& result);

 private:
  class Archive;

  Result<int> current(const std::string& region, const scaling::ResourceId& resource) override;
  Result<void> set(const std::string& region, const scaling::ResourceId& resource,
                   int units) override;
  Result<void> save(const std::string&, const std::string&, const std::string&,
                    const std::string&) override {
    return {};
  }
  Result<void> erase_all(const std::vector<Place>&) override { return {}; }
  Result<void> put_alarms(WallTime now);
  void find_watched();
  void note_changes();

  const Scenario& scenario_;
  ControlPort& port_;
  std::unique_ptr<Archive> archive_;
  telemetry::MetricStore metrics_;
  telemetry::AlarmBook alarms_;
  scaling::ScalingBook scaling_;
  telemetry::ControlPorts ports_;
  std::set<telemetry::MetricKey> watched_;
  int64_t step_s_ = 60;
  std::map<std::string, telemetry::AlarmState> states_;
  uint64_t last_activity_ = 0;
  std::vector<AlarmChange> alarm_changes_;
  std::vector<scaling::Activity> activities_;
};

}  // namespace kiln::simulate
