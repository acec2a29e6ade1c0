// Environments of a run, and the allocations of provisioned ones.
#include <algorithm>

#include "model/provisioned_rules.h"
#include "simulate/run.h"

namespace kiln::simulate {
namespace {

using Cause = model::EnvironmentCause;
using Effect = model::EnvironmentEffect;
using Life = model::EnvironmentEvent;

Nanos nanos(double ms) { return static_cast<Nanos>(ms * 1e6); }
Nanos nanos(SteadyTime at) {
  return at == SteadyTime::max() ? traffic::kNever : Duration(at.time_since_epoch()).count();
}

}  // namespace

// What an allocation asks for.
class Run::AllocationPort {
 public:
  AllocationPort(Run& run, uint32_t version) : run_(run), version_(version) {}
  uint32_t start() {
    const uint32_t made = run_.make_environment(version_, Cause::kProvisioning);
    run_.start_init(made);
    return made;
  }
  void serve(uint32_t environment) { run_.versions_[version_].provisioned.add(environment); }
  void retire(uint32_t environment) {
    run_.versions_[version_].provisioned.remove(environment);
    run_.on(environment, Life::kRetire);
  }
  bool is_idle(uint32_t environment) const {
    return run_.environments_[environment].state.available();
  }
  void changed() {
    Version& version = run_.versions_[version_];
    run_.functions_[version.function].admission.set_provisioned(
        version.config->version, version.allocation.target(), version.allocation.serving());
  }

 private:
  Run& run_;
  uint32_t version_;
};

uint32_t Run::make_environment(uint32_t number, Cause cause) {
  const Version& version = versions_[number];
  const auto& limits =
      cause == Cause::kProvisioning ? version.provisioned_limits : version.on_demand_limits;
  uint32_t index = 0;
  uint32_t generation = 0;
  if (free_environments_.empty()) {
    index = static_cast<uint32_t>(environments_.size());
    environments_.emplace_back(limits, cause, steady());
  } else {
    index = free_environments_.back();
    free_environments_.pop_back();
    generation = environments_[index].generation + 1;
    environments_[index] = Environment(limits, cause, steady());
  }
  Environment& made = environments_[index];
  made.version = number;
  made.generation = generation;
  made.provisioned = made.ahead = cause == Cause::kProvisioning;
  made.used = true;
  made.started = now_;
  ++functions_[version.function].environments;
  return index;
}

// The Init phase runs until it is over or has taken too long.
void Run::start_init(uint32_t index) {
  Environment& environment = environments_[index];
  const Version& version = versions_[environment.version];
  Function& function = functions_[version.function];
  const double init_ms = version.behaviour->init.draw_ms(function.inits);
  environment.init_ms = init_ms;
  const Nanos ready = now_ + nanos(init_ms);
  const Nanos due = nanos(environment.state.deadline());
  push(std::min(ready, due), ready <= due ? kReady : kDue, index, environment.generation);
}

// The event is with the function: it answers, breaks down or takes too long.
void Run::hand_over(uint32_t index) {
  const Environment& environment = environments_[index];
  const Nanos answers = now_ + nanos(environment.request.duration_ms);
  const Nanos due = nanos(environment.state.deadline());
  push(std::min(answers, due), answers <= due ? kEnd : kDue, index, environment.generation);
}

void Run::on(uint32_t index, Life event) {
  bool ended = false;
  apply(index, environments_[index].state.on(event, steady()), ended);
  // Processes end at once here.
  if (ended) apply(index, environments_[index].state.on(Life::kExit, steady()), ended);
  if (event == Life::kReady && environments_[index].used) become_idle(index);
}

void Run::apply(uint32_t index, const model::EnvironmentEffects& effects, bool& ended) {
  const auto ran_ms = [&] {
    return to_ms(steady() - environments_[index].state.invocation_started());
  };
  for (const Effect effect : effects) {
    Environment& environment = environments_[index];
    switch (effect) {
      case Effect::kSend:
        hand_over(index);
        break;
      case Effect::kStartAgain:
        // The suppressed init is part of the invocation's duration.
        start_init(index);
        environments_[index].init_ms = 0;
        break;
      case Effect::kFinish:
        complete(environment, ran_ms(), environment.request.outcome, false);
        break;
      case Effect::kFinishTimeout:
        complete(environment, ran_ms(), environment.request.outcome, true);
        break;
      case Effect::kFinishExit:
      case Effect::kFinishBroken:
        complete(environment, ran_ms(), Outcome::kCrash, false);
        break;
      case Effect::kTerminate:
      case Effect::kKill:
        ended = true;
        break;
      case Effect::kTellInitFailed: {
        const uint32_t version = environment.version;
        AllocationPort port(*this, version);
        versions_[version].allocation.on_failed(index, port);
        break;
      }
      case Effect::kGone:
        bury(index);
        break;
      case Effect::kEndInit:
      case Effect::kReportInit:
      case Effect::kReportInitEnd:
      case Effect::kReportReinitEnd:
      case Effect::kBegin:
      case Effect::kGiveBack:
      case Effect::kHoldAnswer:
      case Effect::kDeliver:
      case Effect::kFinishAbandoned:
        break;
    }
  }
}

void Run::become_idle(uint32_t index) {
  const Environment& environment = environments_[index];
  if (!environment.state.available()) return;
  Version& version = versions_[environment.version];
  if (!environment.provisioned) return version.on_demand.add(index);
  if (!environment.ahead) return version.provisioned.add(index);
  // It serves when the allocation says so.
  Function& function = functions_[version.function];
  if (now_ >= scenario_.warm_up)
    function.provisioned_billed_ms += static_cast<double>(cost::billed_ms(0, environment.init_ms));
  environments_[index].init_ms = 0;
  environments_[index].ahead = false;
  AllocationPort port(*this, environment.version);
  const uint32_t number = environment.version;
  if (!version.allocation.on_ready(index, steady(), port)) return port.retire(index);
  schedule_provision(number, version.allocation.wanted_at());
}

void Run::bury(uint32_t index) {
  Environment& environment = environments_[index];
  Version& version = versions_[environment.version];
  Function& function = functions_[version.function];
  --function.environments;
  const Nanos end = std::min(now_, length_);
  const Nanos from = std::max(environment.started, scenario_.warm_up);
  if (end > from) function.totals.environment_s += static_cast<double>(end - from) * 1e-9;
  environment.used = false;
  free_environments_.push_back(index);
  if (!environment.provisioned || draining_) return;
  version.provisioned.remove(index);
  AllocationPort port(*this, environment.version);
  schedule_provision(environment.version, version.allocation.on_gone(index, steady(), port));
}

void Run::expire(Version& version) {
  while (!version.on_demand.empty()) {
    const uint32_t index = version.on_demand.oldest();
    const Nanos due = nanos(environments_[index].state.deadline());
    if (due > now_) return;
    version.on_demand.remove_oldest();
    // It ended when its time was over, not now.
    const Nanos now = std::exchange(now_, due);
    on(index, Life::kDue);
    now_ = now;
  }
}

// ---- Configuration

void Run::configure(Function& function) {
  function.provisioned_configured = model::provisioned_total(function.config);
  function.admission.configure(function.config.reserved_concurrency,
                               function.provisioned_configured);
  int claimed = 0;
  for (const Function& each : functions_) claimed += model::claimed_by_configuration(each.config);
  account_.set_claimed_by_configuration(claimed);
  bill_provisioned(function);
  const auto wanted = model::provisioned_by_version(function.config);
  for (uint32_t i = 0; i < function.versions; ++i) {
    const uint32_t number = function.first_version + i;
    Version& version = versions_[number];
    AllocationPort port(*this, number);
    const auto units = wanted.find(version.config->version);
    if (units != wanted.end()) {
      version.allocated = true;
      version.allocation.set_target(units->second, {}, steady(), port);
      if (version.allocation.state() == model::ProvisionedState::kInProgress)
        schedule_provision(number, version.allocation.wanted_at());
    } else if (version.allocated) {
      version.allocated = false;
      function.admission.forget_provisioned(version.config->version);
      version.allocation.drop(port);
    }
  }
}

void Run::schedule_provision(uint32_t version, SteadyTime at) {
  if (at == SteadyTime::max() || draining_) return;
  push(std::max(nanos(at), now_), kProvision, version);
}

void Run::provision(uint32_t number) {
  Version& version = versions_[number];
  if (!version.allocated || draining_) return;
  AllocationPort port(*this, number);
  schedule_provision(number, version.allocation.on_time(steady(), port));
}

// Units are billed from when each was configured until it no longer is; the newest go first.
void Run::bill_provisioned(Function& function) {
  const Nanos now = to_metric(now_), from = to_metric(scenario_.warm_up);
  const bool over = now_ >= length_;
  for (const auto& [qualifier, config] : function.config.provisioned)
    function.provisioned[qualifier];
  for (auto& [qualifier, units] : function.provisioned) {
    const auto found = function.config.provisioned.find(qualifier);
    const size_t wanted = over || found == function.config.provisioned.end()
                              ? 0
                              : static_cast<size_t>(found->second.requested);
    const model::ConfigPtr config = model::resolve_qualifier(function.config, qualifier, 1);
    if (config) units.memory_mb = config->memory_mb;
    units.since.resize(std::max(units.since.size(), wanted), now);
    while (units.since.size() > wanted) {
      const double seconds = static_cast<double>(now - std::max(units.since.back(), from)) * 1e-9;
      units.since.pop_back();
      if (seconds <= 0) continue;
      function.totals.provisioned_s += seconds;
      // A run shows a part of a month: what goes on beyond it is not rounded up.
      function.provisioned_gb_s += over ? cost::gb_seconds(units.memory_mb, seconds * 1000)
                                        : cost::provisioned_gb_seconds(units.memory_mb, 1, seconds);
    }
  }
}

void Run::apply_change(const Change& change) {
  const auto function =
      std::find_if(functions_.begin(), functions_.end(),
                   [&](const Function& each) { return each.config.name() == change.function; });
  if (function == functions_.end()) return;
  if (const auto* reserve = std::get_if<Change::Reserve>(&change.what)) {
    function->config.reserved_concurrency = reserve->units;
  } else {
    const auto& wanted = std::get<Change::Provision>(change.what);
    if (wanted.units > 0)
      function->config.provisioned[wanted.qualifier] = {wanted.units, {}};
    else
      function->config.provisioned.erase(wanted.qualifier);
  }
  configure(*function);
}

Result<int> Run::provisioned(const scaling::ResourceId& resource) {
  for (const Function& function : functions_) {
    if (function.config.name() != resource.function_name) continue;
    const auto found = function.config.provisioned.find(resource.qualifier);
    return found == function.config.provisioned.end() ? 0 : found->second.requested;
  }
  return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
               "Function not found: " + resource.function_name};
}

Result<void> Run::set_provisioned(const scaling::ResourceId& resource, int units) {
  int claimed_by_others = 0;
  Function* wanted = nullptr;
  for (Function& function : functions_) {
    if (function.config.name() == resource.function_name)
      wanted = &function;
    else
      claimed_by_others += model::claimed_by_configuration(function.config);
  }
  if (!wanted || !model::resolve_qualifier(wanted->config, resource.qualifier, 1))
    return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
                 "Function not found: " + resource.text()};
  if (units > 0)
    if (const auto checked = model::check_provisioned(wanted->config, resource.qualifier, units,
                                                      scenario_.quota, claimed_by_others);
        !checked)
      return checked;
  if (units > 0)
    wanted->config.provisioned[resource.qualifier] = {units, {}};
  else
    wanted->config.provisioned.erase(resource.qualifier);
  configure(*wanted);
  return {};
}

}  // namespace kiln::simulate
