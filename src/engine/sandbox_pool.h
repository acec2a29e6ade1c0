// The execution environments of one function on its loop: reuse, most recently used first, and
// replacement when the function's code or configuration changes. Environments of provisioned
// concurrency are apart from the others: the provisioner starts them, and they serve from the
// moment that it says so. Threading: its loop only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/environment.h"

namespace kiln::engine {

// What the pool's owner hears and decides.
class PoolOwner {
 public:
  virtual void on_invocation_end(Invocation& invocation, double duration_ms,
                                 bool function_error) = 0;
  // Whether an invocation may have a new environment: the scaling rate. False: it is throttled.
  virtual bool may_start_environment() = 0;
  virtual void refuse_environment(Invocation&& invocation) = 0;
  // An environment that start_ahead() made has finished its Init phase, or failed to, or has ended.
  virtual void on_ahead_ready(Environment& environment) = 0;
  virtual void on_ahead_failed(Environment& environment) = 0;
  virtual void on_ahead_gone(Environment& environment) = 0;

 protected:
  ~PoolOwner() = default;
};

class SandboxPool final : private EnvironmentOwner {
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

  // Environments of configurations that are not among `current` end after what they have in hand.
  void keep_only(const std::vector<model::ConfigPtr>& current);
  void retire_all();
  void abandon_all(const Error& error);
  // Called once when the last environment has gone; at once when there is none.
  void when_empty(std::function<void()> then);
  size_t size() const { return all_.size(); }
  size_t idle_count() const;
  uint64_t cold_starts() const { return cold_starts_; }

 private:
  struct Ready {
    std::vector<Environment*> idle;       // most recently used last
    std::vector<Environment*> finishing;  // and not assigned
  };
  struct Version {
    Ready on_demand;
    Ready provisioned;
    Ready& of(Initialization initialization) {
      return initialization == Initialization::kProvisioned ? provisioned : on_demand;
    }
  };

  void on_invocation_end(Invocation& invocation, double duration_ms, bool function_error) override {
    owner_.on_invocation_end(invocation, duration_ms, function_error);
  }
  void on_init_failed(Environment& environment) override { owner_.on_ahead_failed(environment); }
  void on_idle(Environment& environment) override;
  void on_finishing(Environment& environment) override;
  void on_returned(Environment& environment, Invocation&& invocation) override;
  void on_gone(Environment& environment) override;
  // Hands the invocation to an environment that is there. False: there is none.
  static bool reuse(Ready& ready, Invocation& invocation);
  Environment& make(const model::ConfigPtr& config, Initialization initialization);
  void forget(Environment& environment);

  EnvironmentHost& host_;
  PoolOwner& owner_;
  FindTask find_task_;
  std::map<model::ConfigPtr, Version> versions_;
  std::map<Environment*, std::unique_ptr<Environment>> all_;
  std::set<Environment*> ahead_;  // not yet serving
  std::function<void()> when_empty_;
  uint64_t cold_starts_ = 0;
};

}  // namespace kiln::engine
