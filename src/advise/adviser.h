// One advice after the other on a scenario that takes on each of them. Private to this folder.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "advise/advise.h"

namespace kiln::advise {

class Adviser {
 public:
  Adviser(const simulate::Scenario& scenario, size_t function, const Observed& observed,
          const Goals& goals, const simulate::StudyOptions& options);

  Result<std::vector<Advice>> go();

 private:
  struct Trial {
    simulate::Scenario scenario;
    Outcome outcome;
    simulate::RunResult example;
    double reserve_throttles = 0, account_throttles = 0;  // of all tries
  };
  using Change = std::function<void(simulate::Scenario&)>;

  // nullopt: the scenario can't be, as more provisioned than reserved.
  std::optional<Trial> attempt(const Change& change) const;
  // The least whole number in (low, high] with which the goal is kept, as far as `high` keeps it.
  // `settle` sets it.
  std::optional<int> least(int low, int high,
                           const std::function<void(simulate::Scenario&, int)>& set,
                           const std::function<bool(const Trial&)>& keeps) const;
  void take(Advice advice, Trial trial);
  void set_confidence(Advice& advice) const;

  bool is_slower(const Trial& trial, int size, int size_now) const;
  void advise_memory();
  void advise_timeout();
  void advise_reserved();
  void raise_reserved();
  void lower_reserved();
  void advise_provisioned();
  void find_provisioned();
  void lower_provisioned();
  void advise_idle();

  bool keeps_cold(const Trial& trial) const;
  bool keeps_throttles(const Trial& trial) const;
  std::string qualifier() const;  // that provisioned concurrency may be set for, or ""
  bool is_scaled() const;         // that qualifier
  const scaling::TrackingPolicy* tracking() const;
  std::vector<std::pair<SetTracking, Trial>> tracking_trials(int most) const;
  std::optional<std::pair<SetSchedule, Trial>> schedule_trial() const;
  std::string average_trap(const Trial& trial) const;
  std::string simple_rule(std::optional<int> chosen) const;
  simulate::SimulatedFunction& function(simulate::Scenario& scenario) const {
    return scenario.functions[index_];
  }
  const simulate::SimulatedFunction& function() const { return now_.scenario.functions[index_]; }

  size_t index_;
  const Observed& observed_;
  const Goals& goals_;
  const simulate::StudyOptions& options_;
  Trial now_;  // with the advice so far
  std::optional<Error> error_;
  std::vector<Advice> out_;
};

// Provisioned concurrency of one qualifier, without scaling; 0: none.
void set_fixed(simulate::Scenario& scenario, size_t function, const std::string& qualifier,
               int units);
void set_tracking(simulate::Scenario& scenario, size_t function, const SetTracking& setting);
void set_schedule(simulate::Scenario& scenario, size_t function, const SetSchedule& setting);

}  // namespace kiln::advise
