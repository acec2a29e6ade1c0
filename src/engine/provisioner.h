// Provisioned concurrency of one function: starts, replaces and ends environments of each version
// as its model::Allocation says. Threading: the function's loop only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/provisioned_board.h"
#include "engine/sandbox_pool.h"
#include "model/admission.h"
#include "model/allocation.h"

namespace kiln::engine {

class Provisioner final : private net::Scheduled {
 public:
  // `delay`: from the change of the configuration to the first start, as AWS takes a minute or two.
  Provisioner(LoopPort& loop, SandboxPool& pool, model::FunctionAdmission& admission,
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
  using Allocation = model::Allocation<Environment*>;
  struct Version {
    Version(model::ConfigPtr c, const model::AllocationRules& rules)
        : config(std::move(c)), allocation(rules) {}
    model::ConfigPtr config;
    Allocation allocation;
    std::string failed_for;
  };
  class Port;

  SteadyTime on_time(SteadyTime now) override;
  void report(const Version& version);
  Version* version_of(const Environment& environment);

  LoopPort& loop_;
  SandboxPool& pool_;
  model::FunctionAdmission& admission_;
  ProvisionedBoard& board_;
  model::AllocationRules rules_;
  std::map<model::ConfigPtr, Version> versions_;
  bool closing_ = false;
};

}  // namespace kiln::engine
