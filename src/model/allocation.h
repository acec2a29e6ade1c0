// Provisioned concurrency of one version: how many environments are started, when they serve, which
// end. None of an allocation serves before all of it is ready; while more are being made, those
// that serve go on serving; what is lost is replaced at once, unless that goes on: then with
// pauses. An Init phase that fails ends the whole allocation, until it is configured again.
//
// Pure: an Environment is whatever its owner knows one by (a pointer, a number), time is an
// argument, and the owner does what it is asked for through a Port:
//
//   Environment start();                 its Init phase begins; on_ready() or on_failed() follows
//   void serve(Environment);             from now on it may take invocations
//   void retire(Environment);            it ends after what it has in hand
//   bool is_idle(Environment);           such ones end first
//   void changed();                      state() or serving() is another one: tell who asks
//
// A Port must not call back into the allocation.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/rate_limit.h"

namespace kiln::model {

enum class ProvisionedState { kInProgress, kReady, kFailed };

struct AllocationRules {
  Duration delay{0};             // from the change of the configuration to the first start
  size_t starting_at_once = 16;  // Init phases at the same time
  double starts_per_second = 0;  // 0: as many as there is room for
};

template <class Environment>
class Allocation {
 public:
  explicit Allocation(const AllocationRules& rules) : rules_(rules) {
    if (rules.starts_per_second > 0)
      starts_.configure(rules.starts_per_second, std::max(1.0, rules.starts_per_second));
  }

  // `configured`: when; after a failure, another time is another attempt.
  template <class Port>
  void set_target(int units, const std::string& configured, SteadyTime now, Port& port) {
    const bool again = state_ == ProvisionedState::kFailed && configured_ != configured;
    configured_ = configured;
    if (target_ != static_cast<size_t>(units) || again)
      change_target(static_cast<size_t>(units), now, port);
  }

  // Starts what is due. Answers when it wants to be called again; SteadyTime::max(): not by itself.
  template <class Port>
  SteadyTime on_time(SteadyTime now, Port& port) {
    if (state_ == ProvisionedState::kFailed) return SteadyTime::max();
    if (start_at_ > now) return start_at_;
    while (serving_.size() + waiting_.size() + starting_.size() < target_ &&
           starting_.size() < rules_.starting_at_once) {
      if (rules_.starts_per_second > 0 && !starts_.take(now)) {
        const auto pause = std::chrono::duration<double>(1 / rules_.starts_per_second);
        return start_at_ = now + std::chrono::duration_cast<SteadyTime::duration>(pause);
      }
      starting_.push_back(port.start());
    }
    return SteadyTime::max();
  }

  // False: it is not of this allocation any more.
  template <class Port>
  bool on_ready(Environment environment, SteadyTime now, Port& port) {
    if (!std::erase(starting_, environment)) return false;
    waiting_.push_back(environment);
    serve_if_all_are_ready(port);
    port.changed();
    (void)on_time(now, port);
    return true;
  }

  template <class Port>
  void on_failed(Environment environment, Port& port) {
    if (!std::erase(starting_, environment)) return;
    state_ = ProvisionedState::kFailed;
    retire_everything(port);
    port.changed();
  }

  // Answers when on_time() is to be called, for a replacement. Not from within this call: the owner
  // may be in the middle of the environment's end.
  template <class Port>
  SteadyTime on_gone(Environment environment, SteadyTime now, Port& port) {
    const size_t erased = std::erase(serving_, environment) + std::erase(waiting_, environment) +
                          std::erase(starting_, environment);
    if (erased == 0) return SteadyTime::max();
    port.changed();
    start_at_ = now;
    if (!replacements_.take(now)) start_at_ += kReplacementPause;
    return start_at_;
  }

  // Nothing is configured any more.
  template <class Port>
  void drop(Port& port) {
    target_ = 0;
    retire_everything(port);
  }

  ProvisionedState state() const { return state_; }
  int target() const { return static_cast<int>(target_); }
  int serving() const { return static_cast<int>(serving_.size()); }
  SteadyTime wanted_at() const { return start_at_; }

 private:
  // Environments that end after their Init phase: as many as are wanted and these are replaced at
  // once, which comes back one in ten seconds; others after a pause.
  static constexpr int kReplacedAtOnce = 10;
  static constexpr double kReplacedPerSecond = 0.1;
  static constexpr std::chrono::seconds kReplacementPause{1};

  template <class Port>
  void change_target(size_t target, SteadyTime now, Port& port) {
    target_ = target;
    replacements_.configure(kReplacedPerSecond, static_cast<double>(target) + kReplacedAtOnce);
    if (serving_.size() >= target) {
      state_ = ProvisionedState::kReady;
      retire_some(starting_, 0, port);
      retire_some(waiting_, 0, port);
      retire_some(serving_, target, port);
    } else {
      state_ = ProvisionedState::kInProgress;
      start_at_ = now + std::chrono::duration_cast<SteadyTime::duration>(rules_.delay);
      // A decrease within an increase.
      const size_t spare = target - serving_.size();
      retire_some(waiting_, std::min(spare, waiting_.size()), port);
      retire_some(starting_, std::min(spare - waiting_.size(), starting_.size()), port);
      serve_if_all_are_ready(port);
    }
    port.changed();
  }

  template <class Port>
  void retire_everything(Port& port) {
    retire_some(starting_, 0, port);
    retire_some(waiting_, 0, port);
    retire_some(serving_, 0, port);
  }

  template <class Port>
  void serve_if_all_are_ready(Port& port) {
    const bool all = serving_.size() + waiting_.size() == target_;
    // A replacement serves at once.
    if (!all && state_ != ProvisionedState::kReady) return;
    for (const Environment& ready : waiting_) {
      port.serve(ready);
      serving_.push_back(ready);
    }
    waiting_.clear();
    state_ = ProvisionedState::kReady;
  }

  template <class Port>
  void retire_some(std::vector<Environment>& environments, size_t keep, Port& port) {
    // Those that are idle go first: they end at once.
    for (const bool idle : {true, false})
      for (size_t i = 0; i < environments.size() && environments.size() > keep;) {
        const Environment environment = environments[i];
        if (port.is_idle(environment) != idle) {
          ++i;
          continue;
        }
        environments.erase(environments.begin() + static_cast<std::ptrdiff_t>(i));
        port.retire(environment);
      }
  }

  AllocationRules rules_;
  size_t target_ = 0;
  std::string configured_;
  ProvisionedState state_ = ProvisionedState::kInProgress;
  std::vector<Environment> starting_;
  std::vector<Environment> waiting_;  // ready; not all are
  std::vector<Environment> serving_;
  SteadyTime start_at_{};
  RateLimit starts_;
  RateLimit replacements_;
};

}  // namespace kiln::model
