#include "engine/provisioner.h"

#include <algorithm>

namespace kiln::engine {

using model::ProvisionedState;

// What an allocation asks for.
class Provisioner::Port {
 public:
  Port(Provisioner& owner, const Version& version) : owner_(owner), version_(version) {}
  Environment* start() { return &owner_.pool_.start_ahead(version_.config); }
  void serve(Environment* environment) { owner_.pool_.serve_ahead(*environment); }
  void retire(Environment* environment) { owner_.pool_.retire(*environment); }
  static bool is_idle(const Environment* environment) { return environment->available(); }
  void changed() { owner_.report(version_); }

 private:
  Provisioner& owner_;
  const Version& version_;
};

Provisioner::Provisioner(LoopPort& loop, SandboxPool& pool, model::FunctionAdmission& admission,
                         ProvisionedBoard& board, Duration delay)
    : loop_(loop), pool_(pool), admission_(admission), board_(board) {
  rules_.delay = delay;
}

Provisioner::~Provisioner() { loop_.cancel(this); }

void Provisioner::set_targets(const std::map<model::ConfigPtr, Target>& targets) {
  std::vector<model::ConfigPtr> unwanted;
  for (const auto& [config, version] : versions_)
    if (!targets.contains(config)) unwanted.push_back(config);
  for (const auto& config : unwanted) {
    auto version = versions_.extract(config);
    admission_.forget_provisioned(config->version);
    board_.erase(config->region, config->name, config->version);
    Port port(*this, version.mapped());
    version.mapped().allocation.drop(port);
  }
  const SteadyTime now = loop_.clock().steady_now();
  for (const auto& [config, target] : targets) {
    Version& version = versions_.try_emplace(config, config, rules_).first->second;
    Port port(*this, version);
    version.allocation.set_target(target.units, target.configured, now, port);
    if (version.allocation.state() == ProvisionedState::kInProgress)
      loop_.schedule(this, version.allocation.wanted_at());
  }
}

SteadyTime Provisioner::on_time(SteadyTime now) {
  SteadyTime next = SteadyTime::max();
  if (closing_) return next;
  for (auto& [config, version] : versions_) {
    Port port(*this, version);
    next = std::min(next, version.allocation.on_time(now, port));
  }
  return next;
}

void Provisioner::on_ready(Environment& environment) {
  Version* version = version_of(environment);
  if (!version || closing_) return pool_.retire(environment);
  Port port(*this, *version);
  if (!version->allocation.on_ready(&environment, loop_.clock().steady_now(), port))
    pool_.retire(environment);
}

void Provisioner::on_failed(Environment& environment) {
  Version* version = version_of(environment);
  if (!version) return;
  const auto fault = environment.machine_fault();
  // One that replaces another is started again when this has gone: the others serve meanwhile.
  if (fault && version->allocation.state() == ProvisionedState::kReady) return;
  version->failed_for = fault ? fault->message : "FUNCTION_ERROR_INIT_FAILURE";
  Port port(*this, *version);
  version->allocation.on_failed(&environment, port);
}

void Provisioner::on_gone(Environment& environment) {
  Version* version = version_of(environment);
  if (!version || closing_) return;
  Port port(*this, *version);
  const SteadyTime at = version->allocation.on_gone(&environment, loop_.clock().steady_now(), port);
  if (at != SteadyTime::max()) loop_.schedule(this, at);
}

void Provisioner::report(const Version& version) {
  const model::FunctionConfig& config = *version.config;
  const Allocation& allocation = version.allocation;
  admission_.set_provisioned(config.version, allocation.target(), allocation.serving());
  ProvisionedStatus status;
  status.state = allocation.state();
  status.allocated = status.available = allocation.serving();
  if (status.state == ProvisionedState::kFailed) status.reason = version.failed_for;
  board_.set(config.region, config.name, config.version, status);
}

Provisioner::Version* Provisioner::version_of(const Environment& environment) {
  const auto found = versions_.find(environment.config());
  return found == versions_.end() ? nullptr : &found->second;
}

int Provisioner::ready() const {
  int count = 0;
  for (const auto& [config, version] : versions_) count += version.allocation.serving();
  return count;
}

}  // namespace kiln::engine
