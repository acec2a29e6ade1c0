// Provisioned concurrency of one function: starts as many environments as are configured for each
// version, lets none of them serve before all are ready, replaces what is lost, and ends what is no
// longer wanted. While more are being made, those that serve go on serving.
//
// An Init phase that fails ends the whole allocation: state kFailed until it is configured again.
// What is lost is replaced at once, unless that goes on: then with pauses.
// Threading: the function's loop only.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine/provisioned_board.h"
#include "engine/sandbox_pool.h"
#include "model/admission.h"

namespace kiln::engine {

class Provisioner final : private net::Scheduled {
 public:
  // `delay`: from the change of the configuration to the first start, as AWS takes a minute or two.
  Provisioner(net::IoLoop& loop, SandboxPool& pool, model::FunctionAdmission& admission,
              ProvisionedBoard& board, Duration delay);
  ~Provisioner();

  struct Target {
    int units = 0;
    std::string configured;  // when; another time is another allocation
  };
  // What is wanted now, by version.
  void set_targets(const std::map<model::ConfigPtr, Target>& targets);
  // Ends what it has and starts nothing more.
  void close() { closing_ = true; }

  void on_ready(Environment& environment);
  void on_failed(Environment& environment);
  void on_gone(Environment& environment);
  int ready() const;

 private:
  struct Version {
    model::ConfigPtr config;
    int target = 0;
    std::string configured;
    ProvisionedState state = ProvisionedState::kInProgress;
    std::string reason;
    std::set<Environment*> starting;
    std::set<Environment*> waiting;  // ready; not all are
    std::set<Environment*> serving;
    SteadyTime start_at{};
    model::RateLimit replacements;
  };

  SteadyTime on_time(SteadyTime now) override;
  void change_target(Version& version, int target);
  void launch(Version& version);
  void serve_if_all_are_ready(Version& version);
  void retire_some(std::set<Environment*>& environments, size_t keep);
  void retire_everything(Version& version);
  void report(const Version& version);
  Version* version_of(const Environment& environment);

  net::IoLoop& loop_;
  SandboxPool& pool_;
  model::FunctionAdmission& admission_;
  ProvisionedBoard& board_;
  Duration delay_;
  std::map<model::ConfigPtr, Version> versions_;
  bool closing_ = false;
};

}  // namespace kiln::engine
