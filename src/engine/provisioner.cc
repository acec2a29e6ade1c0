#include "engine/provisioner.h"

#include <algorithm>

namespace kiln::engine {
namespace {

// Init phases of one version at the same time; more would only wait for the processors.
constexpr size_t kStartingAtOnce = 16;
// Environments of one version that end after their Init phase: as many as are wanted and these are
// replaced at once, which comes back one in ten seconds; others after a pause.
constexpr int kReplacedAtOnce = 10;
constexpr double kReplacedPerSecond = 0.1;
constexpr auto kReplacementPause = std::chrono::seconds(1);

}  // namespace

Provisioner::Provisioner(net::IoLoop& loop, SandboxPool& pool, model::FunctionAdmission& admission,
                         ProvisionedBoard& board, Duration delay)
    : loop_(loop), pool_(pool), admission_(admission), board_(board), delay_(delay) {}

Provisioner::~Provisioner() { loop_.cancel(this); }

void Provisioner::set_targets(const std::map<model::ConfigPtr, Target>& targets) {
  std::vector<model::ConfigPtr> unwanted;
  for (const auto& [config, version] : versions_)
    if (!targets.contains(config)) unwanted.push_back(config);
  for (const auto& config : unwanted) {
    auto version = versions_.extract(config);
    admission_.forget_provisioned(config->version);
    board_.erase(config->region, config->name, config->version);
    retire_everything(version.mapped());
  }
  for (const auto& [config, target] : targets) {
    Version& version = versions_[config];
    version.config = config;
    const bool again =
        version.state == ProvisionedState::kFailed && version.configured != target.configured;
    version.configured = target.configured;
    if (version.target != target.units || again) change_target(version, target.units);
  }
}

void Provisioner::change_target(Version& version, int target) {
  version.target = target;
  version.reason.clear();
  version.replacements.configure(kReplacedPerSecond, target + kReplacedAtOnce);
  const auto wanted = static_cast<size_t>(target);
  if (version.serving.size() >= wanted) {
    version.state = ProvisionedState::kReady;
    retire_some(version.starting, 0);
    retire_some(version.waiting, 0);
    retire_some(version.serving, wanted);
  } else {
    version.state = ProvisionedState::kInProgress;
    version.start_at =
        loop_.clock().steady_now() + std::chrono::duration_cast<SteadyTime::duration>(delay_);
    // A decrease within an increase.
    const size_t spare = wanted - version.serving.size();
    retire_some(version.waiting, std::min(spare, version.waiting.size()));
    retire_some(version.starting,
                std::min(spare - version.waiting.size(), version.starting.size()));
    serve_if_all_are_ready(version);
    loop_.schedule(this, version.start_at);
  }
  report(version);
}

SteadyTime Provisioner::on_time(SteadyTime now) {
  SteadyTime next = SteadyTime::max();
  for (auto& [config, version] : versions_) {
    if (version.start_at <= now)
      launch(version);
    else
      next = std::min(next, version.start_at);
  }
  return next;
}

void Provisioner::launch(Version& version) {
  if (closing_ || version.state == ProvisionedState::kFailed) return;
  if (version.start_at > loop_.clock().steady_now()) return;
  while (version.serving.size() + version.waiting.size() + version.starting.size() <
             static_cast<size_t>(version.target) &&
         version.starting.size() < kStartingAtOnce) {
    version.starting.insert(&pool_.start_ahead(version.config));
  }
}

void Provisioner::on_ready(Environment& environment) {
  Version* version = version_of(environment);
  if (!version || version->starting.erase(&environment) == 0) return pool_.retire(environment);
  version->waiting.insert(&environment);
  serve_if_all_are_ready(*version);
  report(*version);
  launch(*version);
}

// None of an allocation serves before all of it is ready; a replacement serves at once.
void Provisioner::serve_if_all_are_ready(Version& version) {
  const bool all =
      version.serving.size() + version.waiting.size() == static_cast<size_t>(version.target);
  if (!all && version.state != ProvisionedState::kReady) return;
  for (Environment* ready : version.waiting) {
    pool_.serve_ahead(*ready);
    version.serving.insert(ready);
  }
  version.waiting.clear();
  version.state = ProvisionedState::kReady;
}

void Provisioner::on_failed(Environment& environment) {
  Version* version = version_of(environment);
  if (!version || version->starting.erase(&environment) == 0) return;
  version->state = ProvisionedState::kFailed;
  version->reason = "FUNCTION_ERROR_INIT_FAILURE";
  retire_everything(*version);
  report(*version);
}

void Provisioner::on_gone(Environment& environment) {
  Version* version = version_of(environment);
  if (!version) return;
  const size_t erased = version->serving.erase(&environment) +
                        version->waiting.erase(&environment) +
                        version->starting.erase(&environment);
  if (erased == 0 || closing_) return;
  report(*version);
  // Not from within the callback of the one that has gone.
  version->start_at = loop_.clock().steady_now();
  if (!version->replacements.take(version->start_at)) version->start_at += kReplacementPause;
  loop_.schedule(this, version->start_at);
}

void Provisioner::retire_some(std::set<Environment*>& environments, size_t keep) {
  // Those that are idle go first: they end at once.
  for (const bool idle : {true, false})
    for (auto it = environments.begin(); it != environments.end() && environments.size() > keep;) {
      Environment* environment = *it;
      if (environment->idle() != idle) {
        ++it;
        continue;
      }
      it = environments.erase(it);
      pool_.retire(*environment);
    }
}

void Provisioner::retire_everything(Version& version) {
  retire_some(version.starting, 0);
  retire_some(version.waiting, 0);
  retire_some(version.serving, 0);
}

void Provisioner::report(const Version& version) {
  const model::FunctionConfig& config = *version.config;
  const int serving = static_cast<int>(version.serving.size());
  admission_.set_provisioned(config.version, version.target, serving);
  ProvisionedStatus status;
  status.state = version.state;
  status.allocated = status.available = serving;
  status.reason = version.reason;
  board_.set(config.region, config.name, config.version, status);
}

Provisioner::Version* Provisioner::version_of(const Environment& environment) {
  const auto found = versions_.find(environment.config());
  return found == versions_.end() ? nullptr : &found->second;
}

int Provisioner::ready() const {
  size_t count = 0;
  for (const auto& [config, version] : versions_) count += version.serving.size();
  return static_cast<int>(count);
}

}  // namespace kiln::engine
