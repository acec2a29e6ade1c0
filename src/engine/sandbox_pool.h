// The execution environments of one function on its loop: reuse, most recently used first, and
// replacement when the function's code or configuration changes. Environments of provisioned
// concurrency are apart from the others: the provisioner starts them, and they serve from the
// moment that it says so.
//
// An invocation whose environment waits for its turn to start is given to another one that is free
// sooner, and no environment starts for it.
//
// Which environment may take an invocation is its state's answer alone; the lists here follow it by
// on_change. An invocation that finds none waits for one that has answered and is on its way back.
// Threading: its loop only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/environment.h"
#include "engine/room_rule.h"
#include "engine/wake_rule.h"

namespace kiln::engine {

// What the pool's owner hears and decides.
class PoolOwner {
 public:
  virtual void on_invocation_end(Invocation& invocation, const InvocationEnd& end) = 0;
  // Whether an invocation may have a new environment: the scaling rate. False: it is throttled.
  virtual bool may_start_environment() = 0;
  // One that it has asked for isn't started after all.
  virtual void on_start_dropped() {}
  virtual void refuse_environment(Invocation&& invocation) = 0;
  // An environment that start_ahead() made has finished its Init phase, or failed to, or has ended.
  virtual void on_ahead_ready(Environment& environment) = 0;
  virtual void on_ahead_failed(Environment& environment) = 0;
  virtual void on_ahead_gone(Environment& environment) = 0;
  // An environment could not be started, for what the machine lacks.
  virtual void on_machine_fault(const std::string&) {}
  // Ends an idle environment of another version, by room_rule.h. `then` is called later, on the
  // loop: when that has gone, or, with false, if there is none.
  virtual void make_room(const model::ConfigPtr& wanted, std::function<void(bool made)> then) = 0;
  // What an environment for an invocation is forked of; nullptr: nothing. An error: it can't have
  // one now.
  virtual Result<std::shared_ptr<sandbox::ForkSource>> snapshot_of(const model::ConfigPtr&) {
    return std::shared_ptr<sandbox::ForkSource>();
  }

 protected:
  ~PoolOwner() = default;
};

class SandboxPool final : private EnvironmentOwner, private net::Scheduled {
 public:
  // Answers where the code of a version is.
  using FindTask = std::function<TaskFolder(const model::FunctionConfig&)>;
  SandboxPool(EnvironmentHost& host, PoolOwner& owner, FindTask find_task);
  ~SandboxPool();

  // Runs the invocation on `config`: on an idle environment of its kind, on one that is about to be
  // idle, else on a new one.
  void invoke(const model::ConfigPtr& config, Invocation&& invocation);

  // Starts a provisioned environment; on_ahead_… of the owner follows.
  Environment& start_ahead(const model::ConfigPtr& config);
  // From now on it serves. REQUIRES: on_ahead_ready was called for it.
  void serve_ahead(Environment& environment);
  // No new invocation for it; it ends after the one in hand.
  void retire(Environment& environment);

  // Starts an environment under a debugger; the next invocation of `config` waits for it, and each
  // later one gets it while it is free. There is one at a time: one that is there is given up.
  void debug(const model::ConfigPtr& config, const DebugLaunch& launch);
  // Gives up the environment that is debugged. False: there is none.
  bool stop_debugging();

  // Environments of configurations that are not among `current` end after what they have in hand,
  // also those that start later, for invocations that are here already.
  void keep_only(const std::vector<model::ConfigPtr>& current);
  // Environments that exist now end after their current invocation.
  void retire_all();
  void abandon_all(const Error& error);
  // The one that ends so that one of `wanted` fits on the machine, by room_rule.h; nullopt: none.
  std::optional<IdleEnvironment> longest_idle(const model::FunctionConfig* wanted) const;
  // Ends it; `gone` is called when what it held is free. REQUIRES: there is one.
  void end_longest_idle(const model::FunctionConfig* wanted, std::function<void()> gone);
  // Called once when the last environment has gone; at once when there is none.
  void when_empty(std::function<void()> then);
  bool empty() const { return all_.empty() && without_room_.empty(); }
  size_t size() const { return all_.size(); }
  size_t idle_count() const;
  // Those that have begun.
  uint64_t cold_starts() const {
    uint64_t begun = cold_starts_;
    for (const auto& [config, version] : versions_)
      for (const Environment* environment : version.on_demand.queued)
        begun -= environment->waits_for_turn() ? 1 : 0;
    return begun;
  }
  // Calls visit(environment) for each.
  template <class Visit>
  void each(Visit&& visit) const {
    for (const auto& [environment, owned] : all_) visit(*environment);
  }

 private:
  // Environments of one version and kind.
  struct Ready {
    explicit Ready(size_t processors) : wake_rule(processors) {}
    std::vector<Environment*> idle;       // most recently used last
    std::vector<Environment*> returning;  // answered, not back yet
    std::vector<Environment*> at_work;
    std::deque<Waiting> waiters;
    size_t environments = 0;  // that may come to stand in the lists above
    size_t staged = 0;        // wait, too: each for one of those at work
    // Wait for their turn to start, or have come to it since.
    std::deque<Environment*> queued;
    WakeRule wake_rule;
    SteadyTime stir_at{};  // the next of those in reserve is used

    // Never more than there are idle and returning.
    size_t waiting() const { return waiters.size() + staged; }
  };
  struct Version {
    explicit Version(size_t processors) : on_demand(processors), provisioned(processors) {}
    Ready on_demand;
    Ready provisioned;
    Ready& of(Initialization initialization) {
      return initialization == Initialization::kProvisioned ? provisioned : on_demand;
    }
  };
  struct Placed {
    model::ConfigPtr config;
    Invocation invocation;
  };

  // One whose environment could not start, while another environment ends.
  struct WithoutRoom {
    model::ConfigPtr config;
    TaskFolder task;  // the code stays on the disk
    Invocation invocation;
    Error fault;
    SteadyTime until;
  };

  // EnvironmentOwner
  void on_invocation_end(Invocation& invocation, const InvocationEnd& end) override {
    owner_.on_invocation_end(invocation, end);
  }
  void on_given_back(Environment& environment, Invocation&& invocation) override;
  void on_no_room(Environment& environment, Invocation&& invocation, const Error& fault) override;
  void on_init_failed(Environment& environment) override {
    if (environment.initialization() == Initialization::kProvisioned)
      owner_.on_ahead_failed(environment);
  }
  void on_late(Environment& environment) override;
  void on_change(Environment& environment) override;
  void on_gone(Environment& environment) override;
  SteadyTime on_time(SteadyTime now) override;

  Version& version_of(const model::ConfigPtr& config) {
    return versions_.try_emplace(config, host_.processors).first->second;
  }
  // While it lives, an environment that refuses leaves its invocation to whoever is placing.
  class Placing {
   public:
    explicit Placing(bool& placing) : placing_(placing) { placing_ = true; }
    ~Placing() { placing_ = false; }

   private:
    bool& placing_;
  };
  void place(const model::ConfigPtr& config, Invocation&& invocation);
  void place_given_back();
  // Hands the invocation to the environment that is debugged. False: it is busy, or of other code.
  bool reuse_debugged(const model::ConfigPtr& config, Invocation& invocation);
  void end_debugged(const Error& error);
  // Hands the invocation to an environment that is there, or has it wait for one that is at work or
  // on its way back. False: there is none.
  bool reuse(Ready& ready, Invocation& invocation);
  void start_for(const model::ConfigPtr& config, Invocation&& invocation);
  void start_of(std::shared_ptr<sandbox::ForkSource> source, const model::ConfigPtr& config,
                Invocation&& invocation);
  void try_again(uint64_t number, bool has_room);
  void tell_if_empty();
  Environment& make(const model::ConfigPtr& config, Initialization initialization);
  Environment* find_longest_idle(const model::FunctionConfig* wanted) const;
  // It goes when the loop comes round. False: it was none of this pool's.
  bool bury(Environment& environment);
  // After its end: those that were to be its get another.
  void replace(Environment& environment, Ready* ready, bool was_debugged);
  // Takes it out of the lists that it stands in.
  static void unlist(Ready& ready, Environment& environment);
  void give(Ready& ready, Environment& environment, Invocation&& invocation);
  // REQUIRES: one is idle.
  void give_idle(Ready& ready, bool longest_idle, Invocation&& invocation);
  // Takes the one that has waited longest out of its row. REQUIRES: there is one.
  static Invocation next_waiting(Ready& ready);
  static Invocation next_staged(Ready& ready, Environment& environment);
  // Wakes idle environments for those that wait; all of them, or while few are at work.
  void wake(Ready& ready, bool all);
  // What those who wait for their turn to start are for is done by idle ones.
  void relieve(Ready& ready);
  void end_work(Ready& ready, Environment& environment);
  // Shows those at work what they are to do next.
  void stage(Ready& ready);
  // The last that was staged for the one that has most to do waits again. False: there is none, or
  // its function has taken it.
  static bool take_one_back(Ready& ready);
  // Those staged for it wait again for anybody, but for what the function has taken.
  void unstage(Ready& ready, Environment& environment);
  static void wait_again(Ready& ready, Environment& environment);
  static void take_back_late(Ready& ready, Environment& environment, SteadyTime now);
  // Before it is retired.
  void let_go(Environment& environment);
  bool is_outdated(const model::ConfigPtr& config) const;
  // Those that are there and for which `ends` is true.
  void retire_those(const std::function<bool(const model::ConfigPtr&)>& ends);
  void wait(Ready& ready, SteadyTime now, SteadyTime until, Invocation&& invocation);
  // Those for whom none comes back get an environment of their own.
  void settle(const model::ConfigPtr& config, Ready& ready);
  SteadyTime lose_patience(const model::ConfigPtr& config, Ready& ready, SteadyTime now);

  EnvironmentHost& host_;
  PoolOwner& owner_;
  FindTask find_task_;
  std::map<model::ConfigPtr, Version> versions_;
  std::optional<std::vector<model::ConfigPtr>> current_;  // as keep_only() was told
  std::map<Environment*, std::unique_ptr<Environment>> all_;
  std::vector<std::unique_ptr<Environment>> dead_;
  std::map<Environment*, bool> ahead_;  // not yet serving; whether its owner knows it ready
  std::deque<Placed> given_back_;
  std::map<uint64_t, WithoutRoom> without_room_;
  uint64_t last_without_room_ = 0;
  // In none of the lists above.
  struct Debugged {
    Environment* environment = nullptr;
    std::optional<Invocation> waiter;  // for its Init phase, or for its return
    std::optional<DebugLaunch> again;  // how the next one starts, with DebugRepeat::kEach
  } debugged_;
  bool placing_ = false;
  std::function<void()> when_empty_;
  uint64_t cold_starts_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kiln::engine
