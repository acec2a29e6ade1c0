#include "engine/sandbox_pool.h"

#include <algorithm>

namespace kiln::engine {

SandboxPool::SandboxPool(EnvironmentHost& host, PoolOwner& owner, FindTask find_task)
    : host_(host), owner_(owner), find_task_(std::move(find_task)) {}
SandboxPool::~SandboxPool() = default;

bool SandboxPool::reuse(Ready& ready, Invocation& invocation) {
  if (!ready.idle.empty()) {
    Environment* environment = ready.idle.back();
    ready.idle.pop_back();
    environment->invoke(std::move(invocation));
    return true;
  }
  if (!ready.finishing.empty()) {
    Environment* environment = ready.finishing.back();
    ready.finishing.pop_back();
    environment->assign(std::move(invocation));
    return true;
  }
  return false;
}

void SandboxPool::invoke(const model::ConfigPtr& config, Invocation&& invocation) {
  Version& version = versions_[config];
  if (invocation.ticket.admission().capacity == model::Capacity::kProvisioned &&
      reuse(version.provisioned, invocation))
    return;
  // Also where a provisioned environment has just been lost: its replacement is not waited for.
  if (reuse(version.on_demand, invocation)) return;
  if (!owner_.may_start_environment()) return owner_.refuse_environment(std::move(invocation));
  ++cold_starts_;
  make(config, Initialization::kOnDemand).start(std::move(invocation));
}

Environment& SandboxPool::make(const model::ConfigPtr& config, Initialization initialization) {
  auto made = std::make_unique<Environment>(host_, static_cast<EnvironmentOwner&>(*this), config,
                                            find_task_(*config), initialization);
  Environment* environment = made.get();
  all_.emplace(environment, std::move(made));
  // What the next cold start will need is made when the loop has nothing better to do.
  host_.sandboxes.loop.post([&cgroups = host_.sandboxes.cgroups] { cgroups.refill(2); });
  return *environment;
}

Environment& SandboxPool::start_ahead(const model::ConfigPtr& config) {
  Environment& environment = make(config, Initialization::kProvisioned);
  ahead_.insert(&environment);
  environment.start_ahead();
  return environment;
}

void SandboxPool::serve_ahead(Environment& environment) {
  ahead_.erase(&environment);
  versions_[environment.config()].provisioned.idle.push_back(&environment);
}

void SandboxPool::retire(Environment& environment) {
  forget(environment);
  environment.retire();
}

void SandboxPool::keep_only(const std::vector<model::ConfigPtr>& current) {
  std::vector<Environment*> old;
  for (const auto& [environment, owned] : all_)
    if (std::find(current.begin(), current.end(), environment->config()) == current.end())
      old.push_back(environment);
  for (Environment* environment : old) retire(*environment);
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

size_t SandboxPool::idle_count() const {
  size_t count = 0;
  for (const auto& [config, version] : versions_)
    count += version.on_demand.idle.size() + version.provisioned.idle.size();
  return count;
}

void SandboxPool::on_idle(Environment& environment) {
  if (ahead_.contains(&environment)) return owner_.on_ahead_ready(environment);
  Ready& ready = versions_[environment.config()].of(environment.initialization());
  std::erase(ready.finishing, &environment);
  ready.idle.push_back(&environment);
}

void SandboxPool::on_finishing(Environment& environment) {
  versions_[environment.config()]
      .of(environment.initialization())
      .finishing.push_back(&environment);
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
  if (environment.initialization() == Initialization::kProvisioned)
    owner_.on_ahead_gone(environment);
  if (all_.empty() && when_empty_) std::exchange(when_empty_, nullptr)();
}

void SandboxPool::forget(Environment& environment) {
  ahead_.erase(&environment);
  const auto version = versions_.find(environment.config());
  if (version == versions_.end()) return;
  Ready& ready = version->second.of(environment.initialization());
  std::erase(ready.idle, &environment);
  std::erase(ready.finishing, &environment);
}

}  // namespace kiln::engine
