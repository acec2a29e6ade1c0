// One function on its loop: admits invocations, runs them on the function's environments, and
// counts. Threading: the function's loop only.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/event_log.h"
#include "engine/function_metrics.h"
#include "engine/provisioner.h"
#include "engine/sandbox_pool.h"
#include "engine/snapshot_keeper.h"
#include "engine/status.h"
#include "model/admission.h"

namespace kiln::engine {

class FunctionRunner final : private PoolOwner {
 public:
  struct Shared {
    EnvironmentHost& environments;
    model::AccountCapacity& account;
    ProvisionedBoard& board;
    const Clock& metric_clock;  // virtual time
    Duration provisioning_delay;
    EventLog& events;
    SnapshotTurns& turns;
    std::function<void(std::function<void()>)> post_worker;  // for what may block
    std::stop_token ending;                                  // of the engine
    // See PoolOwner.
    std::function<void(const model::ConfigPtr& wanted, std::function<void(bool made)> then)>
        make_room;
  };
  FunctionRunner(const Shared& shared, std::string region, std::string name,
                 SandboxPool::FindTask find_task);

  // The function's new value.
  void update(const model::Function& function);
  void invoke(const model::ConfigPtr& config, Invocation&& invocation);
  // The code changed in place.
  void retire_all() {
    pool_.retire_all();
    snapshots_.remake_all();
  }
  // See SandboxPool.
  void debug(const model::ConfigPtr& config, const DebugLaunch& launch) {
    pool_.debug(config, launch);
  }
  bool stop_debugging() { return pool_.stop_debugging(); }
  // Also those at work, whose invocations get an error.
  void end_environments();
  // The function is gone: its environments end after what they have in hand.
  void retire_for_good();
  void abandon_all(const Error& error);
  void when_empty(std::function<void()> then) { pool_.when_empty(std::move(then)); }
  bool empty() const { return pool_.empty(); }
  // See SandboxPool.
  std::optional<IdleEnvironment> longest_idle(const model::FunctionConfig* wanted) const {
    return pool_.longest_idle(wanted);
  }
  void end_longest_idle(const model::FunctionConfig* wanted, std::function<void()> gone) {
    pool_.end_longest_idle(wanted, std::move(gone));
  }

  void collect(std::vector<MetricPoint>& out) { metrics_.collect(out); }
  FunctionStatus status() const;
  void environments(std::vector<EnvironmentStatus>& out) const {
    pool_.each([&out](const Environment& environment) { out.push_back(environment.status()); });
  }

 private:
  void on_invocation_end(Invocation& invocation, const InvocationEnd& end) override;
  bool may_start_environment() override;
  void on_start_dropped() override { admission_.on_start_dropped(); }
  void refuse_environment(Invocation&& invocation) override;
  void on_ahead_ready(Environment& environment) override { provisioner_.on_ready(environment); }
  void on_ahead_failed(Environment& environment) override { provisioner_.on_failed(environment); }
  void on_ahead_gone(Environment& environment) override { provisioner_.on_gone(environment); }
  void on_machine_fault(const std::string& what) override;
  void make_room(const model::ConfigPtr& wanted, std::function<void(bool made)> then) override {
    shared_.make_room(wanted, std::move(then));
  }
  Result<std::shared_ptr<sandbox::ForkSource>> snapshot_of(
      const model::ConfigPtr& config) override {
    return snapshots_.source(config);
  }
  // Says if another interpreter than the runtime's own runs it.
  void remark_on(const std::string& runtime) const;
  void throttle(FunctionMetrics::Way& way, int64_t minute_s, model::Throttle reason,
                InvokeDone& done);
  int64_t metric_minute() const;

  Shared shared_;
  std::string region_;
  std::string name_;
  model::FunctionAdmission admission_;
  FunctionMetrics metrics_;
  SandboxPool pool_;
  Provisioner provisioner_;
  SnapshotKeeper snapshots_;
  int provisioned_configured_ = 0;
  uint64_t invocations_ = 0;
  uint64_t errors_ = 0;
  uint64_t throttles_ = 0;
};

}  // namespace kiln::engine
