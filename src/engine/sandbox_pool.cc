#include "engine/sandbox_pool.h"

#include <algorithm>

namespace kiln::engine {

SandboxPool::SandboxPool(EnvironmentHost& host, FindTask find_task)
    : host_(host), find_task_(std::move(find_task)) {}
SandboxPool::~SandboxPool() = default;

void SandboxPool::invoke(const model::ConfigPtr& config, Invocation&& invocation) {
  Version& version = versions_[config];
  if (!version.idle.empty()) {
    Environment* environment = version.idle.back();
    version.idle.pop_back();
    return environment->invoke(std::move(invocation));
  }
  if (!version.finishing.empty()) {
    Environment* environment = version.finishing.back();
    version.finishing.pop_back();
    return environment->assign(std::move(invocation));
  }
  auto made = std::make_unique<Environment>(host_, static_cast<EnvironmentOwner&>(*this), config,
                                            find_task_(*config));
  Environment* environment = made.get();
  all_.emplace(environment, std::move(made));
  environment->start(std::move(invocation));
  // What the next cold start will need is made when the loop has nothing better to do.
  host_.sandboxes.loop.post([&cgroups = host_.sandboxes.cgroups] { cgroups.refill(2); });
}

void SandboxPool::keep_only(const std::vector<model::ConfigPtr>& current) {
  std::vector<Environment*> old;
  for (const auto& [environment, owned] : all_)
    if (std::find(current.begin(), current.end(), environment->config()) == current.end())
      old.push_back(environment);
  for (Environment* environment : old) {
    forget(*environment);
    environment->retire();
  }
  std::erase_if(versions_, [&current](const auto& entry) {
    return std::find(current.begin(), current.end(), entry.first) == current.end();
  });
}

void SandboxPool::retire_all() { keep_only({}); }

void SandboxPool::abandon_all(const Error& error) {
  versions_.clear();
  std::vector<Environment*> every;
  for (const auto& [environment, owned] : all_) every.push_back(environment);
  for (Environment* environment : every) environment->abandon(error);
}

void SandboxPool::when_empty(std::function<void()> then) {
  if (all_.empty()) return then();
  when_empty_ = std::move(then);
}

void SandboxPool::on_idle(Environment& environment) {
  Version& version = versions_[environment.config()];
  std::erase(version.finishing, &environment);
  version.idle.push_back(&environment);
}

void SandboxPool::on_finishing(Environment& environment) {
  versions_[environment.config()].finishing.push_back(&environment);
}

void SandboxPool::on_returned(Environment& environment, Invocation&& invocation) {
  invoke(environment.config(), std::move(invocation));
}

void SandboxPool::on_gone(Environment& environment) {
  forget(environment);
  const auto found = all_.find(&environment);
  if (found == all_.end()) return;
  // It is within its own last callback.
  host_.sandboxes.loop.post([dead = std::shared_ptr<Environment>(std::move(found->second))] {});
  all_.erase(found);
  if (all_.empty() && when_empty_) std::exchange(when_empty_, nullptr)();
}

void SandboxPool::forget(Environment& environment) {
  const auto version = versions_.find(environment.config());
  if (version == versions_.end()) return;
  std::erase(version->second.idle, &environment);
  std::erase(version->second.finishing, &environment);
}

}  // namespace kiln::engine
