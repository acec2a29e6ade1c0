// The execution environments of one function on its loop: reuse, most recently used first, and
// replacement when the function's code or configuration changes. Threading: its loop only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/environment.h"

namespace kiln::engine {

class SandboxPool final : private EnvironmentOwner {
 public:
  // Answers where the code of a version is.
  using FindTask = std::function<TaskFolder(const model::FunctionConfig&)>;
  SandboxPool(EnvironmentHost& host, FindTask find_task);
  ~SandboxPool();

  // Runs the invocation on `config`: on an idle environment, on one that is about to be idle, else
  // on a new one.
  void invoke(const model::ConfigPtr& config, Invocation&& invocation);
  // Environments of configurations that are not among `current` end after what they have in hand.
  void keep_only(const std::vector<model::ConfigPtr>& current);
  void retire_all();
  void abandon_all(const Error& error);
  // Called once when the last environment has gone; at once when there is none.
  void when_empty(std::function<void()> then);
  size_t size() const { return all_.size(); }

 private:
  struct Version {
    std::vector<Environment*> idle;       // most recently used last
    std::vector<Environment*> finishing;  // and not assigned
  };

  void on_idle(Environment& environment) override;
  void on_finishing(Environment& environment) override;
  void on_returned(Environment& environment, Invocation&& invocation) override;
  void on_gone(Environment& environment) override;
  void forget(Environment& environment);

  EnvironmentHost& host_;
  FindTask find_task_;
  std::map<model::ConfigPtr, Version> versions_;
  std::map<Environment*, std::unique_ptr<Environment>> all_;
  std::function<void()> when_empty_;
};

}  // namespace kiln::engine
