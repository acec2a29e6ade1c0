#include "engine/sandbox_pool.h"

#include <algorithm>
#include <utility>

#include "base/fence.h"

namespace kiln::engine {
namespace {

constexpr const char* kWhere = "environments";
// An invocation waits this long for an environment that has answered to come back before it starts
// a new one; and up to the second time while such a one is seen at work, as on a busy machine.
constexpr Duration kPatience = std::chrono::milliseconds(50);
constexpr Duration kMostPatience = std::chrono::seconds(1);
// While invocations wait although there are idle environments, each of these is used so often in
// the time that it may be idle: it doesn't end for having been spared.
constexpr int kStirs = 4;

}  // namespace

SandboxPool::SandboxPool(EnvironmentHost& host, PoolOwner& owner, FindTask find_task)
    : host_(host), owner_(owner), find_task_(std::move(find_task)) {}

SandboxPool::~SandboxPool() {
  *alive_ = false;
  host_.loop.cancel(this);
}

// ---- Where an invocation runs

void SandboxPool::invoke(const model::ConfigPtr& config, Invocation&& invocation) {
  if (placing_) return place(config, std::move(invocation));
  {
    const Placing placing(placing_);
    place(config, std::move(invocation));
  }
  if (!given_back_.empty()) place_given_back();
}

void SandboxPool::place(const model::ConfigPtr& config, Invocation&& invocation) {
  if (debugged_.environment || debugged_.again) [[unlikely]]
    if (reuse_debugged(config, invocation)) return;
  Version& version = version_of(config);
  if (invocation.ticket.admission().capacity == model::Capacity::kProvisioned &&
      reuse(version.provisioned, invocation))
    return;
  // Also where a provisioned environment has just been lost: its replacement is not waited for.
  if (reuse(version.on_demand, invocation)) return;
  start_for(config, std::move(invocation));
}

bool SandboxPool::reuse(Ready& ready, Invocation& invocation) {
  // Each that there is may be somebody's already.
  if (ready.waiting() >= ready.idle.size() + ready.returning.size()) return false;
  if (!ready.idle.empty()) {
    bool stirs = false;
    if (host_.processors > 0 &&
        ready.wake_rule.waits(ready.at_work.size(), ready.idle.size(), ready.waiting())) {
      const SteadyTime now = host_.loop.clock().steady_now();
      if (ready.wake_rule.look_is_due(now)) ready.wake_rule.look(now, host_.processors_idle());
      stirs = now >= ready.stir_at;
      if (!stirs) {
        wait(ready, now, ready.wake_rule.patience(now), std::move(invocation));
        stage(ready);
        return true;
      }
      ready.stir_at = now + host_.idle_lifetime / (kStirs * static_cast<int>(ready.idle.size()));
    }
    give_idle(ready, stirs, std::move(invocation));
    return true;
  }
  const SteadyTime now = host_.loop.clock().steady_now();
  wait(ready, now, now + kPatience, std::move(invocation));
  return true;
}

void SandboxPool::wait(Ready& ready, SteadyTime now, SteadyTime until, Invocation&& invocation) {
  ready.waiters.push_back({std::move(invocation), now, until});
  host_.loop.schedule(this, until);
}

void SandboxPool::give(Ready& ready, Environment& environment, Invocation&& invocation) {
  ready.at_work.push_back(&environment);
  environment.place.at_work = ready.at_work.size() - 1;
  environment.place.beside = ready.at_work.size();
  if (host_.processors > 0) environment.place.given_at = host_.loop.clock().steady_now();
  environment.invoke(std::move(invocation));
}

void SandboxPool::give_idle(Ready& ready, bool longest_idle, Invocation&& invocation) {
  const auto at = longest_idle ? ready.idle.begin() : ready.idle.end() - 1;
  Environment* environment = *at;
  ready.idle.erase(at);
  environment->place.idle = false;
  give(ready, *environment, std::move(invocation));
}

Invocation SandboxPool::next_staged(Ready& ready, Environment& environment) {
  Invocation invocation = std::move(environment.place.staged.front().invocation);
  environment.place.staged.erase(environment.place.staged.begin());
  --ready.staged;
  return invocation;
}

Invocation SandboxPool::next_waiting(Ready& ready) {
  Invocation invocation = std::move(ready.waiters.front().invocation);
  ready.waiters.pop_front();
  return invocation;
}

void SandboxPool::wake(Ready& ready, bool all) {
  while (!ready.idle.empty() && (all || ready.at_work.size() < ready.wake_rule.enough())) {
    if (ready.waiters.empty() && !take_one_back(ready)) return;
    give_idle(ready, false, next_waiting(ready));
  }
}

void SandboxPool::end_work(Ready& ready, Environment& environment) {
  const size_t at = environment.place.at_work;
  if (at == SIZE_MAX) return;
  if (host_.processors > 0) {
    const SteadyTime now = host_.loop.clock().steady_now();
    ready.wake_rule.answered(now, now - environment.place.given_at,
                             std::max(environment.place.beside, ready.at_work.size()));
  }
  ready.at_work[at] = ready.at_work.back();
  ready.at_work[at]->place.at_work = at;
  ready.at_work.pop_back();
  environment.place.at_work = SIZE_MAX;
}

// One that isn't needed for long takes nothing on.
void SandboxPool::stage(Ready& ready) {
  if (ready.at_work.size() > ready.wake_rule.enough()) return;
  while (!ready.waiters.empty()) {
    Environment* least = nullptr;
    for (Environment* environment : ready.at_work)
      if (environment->takes_more() && !environment->place.leaves &&
          (!least || environment->place.staged.size() < least->place.staged.size()))
        least = environment;
    if (!least) return;
    // The function must not be shown an event that it can't be staged for.
    least->place.staged.reserve(least->place.staged.size() + 1);
    if (!least->stage(ready.waiters.front().invocation)) return;
    least->place.staged.push_back(std::move(ready.waiters.front()));
    ready.waiters.pop_front();
    ++ready.staged;
  }
}

void SandboxPool::wait_again(Ready& ready, Environment& environment) {
  // It has been taken back: without memory for its place it is answered as lost.
  Waiting waiter = std::move(environment.place.staged.back());
  environment.place.staged.pop_back();
  --ready.staged;
  ready.waiters.push_front(std::move(waiter));
}

bool SandboxPool::take_one_back(Ready& ready) {
  if (ready.staged == 0) return false;
  Environment& most = **std::max_element(ready.at_work.begin(), ready.at_work.end(),
                                         [](const Environment* a, const Environment* b) {
                                           return a->place.staged.size() < b->place.staged.size();
                                         });
  if (!most.take_back()) return false;
  wait_again(ready, most);
  return true;
}

void SandboxPool::unstage(Ready& ready, Environment& environment) {
  while (!environment.place.staged.empty() && environment.take_back())
    wait_again(ready, environment);
}

void SandboxPool::start_for(const model::ConfigPtr& config, Invocation&& invocation) {
  auto source = owner_.snapshot_of(config);
  if (!source) return refuse(invocation, source.error());
  if (!owner_.may_start_environment()) return owner_.refuse_environment(std::move(invocation));
  ++cold_starts_;
  start_of(std::move(*source), config, std::move(invocation));
}

void SandboxPool::start_of(std::shared_ptr<sandbox::ForkSource> source,
                           const model::ConfigPtr& config, Invocation&& invocation) {
  Environment& environment =
      make(config, source ? Initialization::kSnapshot : Initialization::kOnDemand);
  if (source)
    environment.start_restored(std::move(invocation), std::move(source));
  else
    environment.start(std::move(invocation));
  if (environment.waits_for_turn()) {
    version_of(config).on_demand.queued.push_back(&environment);
    environment.place.in_queue = true;
  }
  if (is_outdated(config)) retire(environment);
}

void SandboxPool::relieve(Ready& ready) {
  while (!ready.queued.empty() && ready.waiting() + given_back_.size() < ready.idle.size()) {
    Environment& first = *ready.queued.front();
    ready.queued.pop_front();
    if (!first.waits_for_turn()) continue;
    --cold_starts_;
    owner_.on_start_dropped();
    first.give_way();
  }
}

void SandboxPool::on_given_back(Environment& environment, Invocation&& invocation) {
  given_back_.push_back({environment.config(), std::move(invocation)});
  // Else whoever is placing does it: a row of environments that refuse is no row of calls.
  if (!placing_) place_given_back();
}

void SandboxPool::place_given_back() {
  const Placing placing(placing_);
  while (!given_back_.empty()) {
    Placed next = std::move(given_back_.front());
    given_back_.pop_front();
    // One that can't be placed holds up none of the others.
    fenced(kWhere, [&] { place(next.config, std::move(next.invocation)); });
  }
}

// ---- Environments

Environment& SandboxPool::make(const model::ConfigPtr& config, Initialization initialization) {
  auto made = std::make_unique<Environment>(host_, static_cast<EnvironmentOwner&>(*this), config,
                                            find_task_(*config), initialization);
  Environment* environment = made.get();
  // None may be in no list for want of memory, alive or dead.
  const auto take_up_to = [](auto& list, size_t most) {
    if (list.capacity() < most) list.reserve(2 * most);
  };
  take_up_to(dead_, dead_.size() + all_.size() + 1);
  Ready& ready = version_of(config).of(initialization);
  ++ready.environments;
  for (auto* list : {&ready.idle, &ready.returning, &ready.at_work})
    take_up_to(*list, ready.environments);
  all_.emplace(environment, std::move(made));
  return *environment;
}

Environment& SandboxPool::start_ahead(const model::ConfigPtr& config) {
  Environment& environment = make(config, Initialization::kProvisioned);
  ahead_.emplace(&environment, false);
  environment.start_ahead();
  return environment;
}

void SandboxPool::serve_ahead(Environment& environment) {
  ahead_.erase(&environment);
  on_change(environment);
}

// ---- The one that is debugged

void SandboxPool::debug(const model::ConfigPtr& config, const DebugLaunch& launch) {
  stop_debugging();
  if (launch.repeat == DebugRepeat::kEach) debugged_.again = launch;
  debugged_.environment = &make(config, Initialization::kOnDemand);
  debugged_.environment->start_debugged(launch);
}

bool SandboxPool::stop_debugging() {
  debugged_.again.reset();
  if (!debugged_.environment) return false;
  end_debugged({ErrorKind::kUnavailable, "ServiceException",
                "The environment was being debugged, and `kiln debug` ended it."});
  return true;
}

void SandboxPool::end_debugged(const Error& error) {
  Environment* environment = std::exchange(debugged_.environment, nullptr);
  if (auto waiter = std::exchange(debugged_.waiter, std::nullopt)) refuse(*waiter, error);
  environment->abandon(error);
}

bool SandboxPool::reuse_debugged(const model::ConfigPtr& config, Invocation& invocation) {
  if (is_outdated(config)) return false;
  if (!debugged_.environment) debug(config, DebugLaunch(*debugged_.again));
  Environment& environment = *debugged_.environment;
  if (environment.config() != config) return false;
  if (environment.available()) {
    environment.invoke(std::move(invocation));
    return true;
  }
  using Phase = model::EnvironmentPhase;
  const Phase phase = environment.phase();
  const bool coming = phase == Phase::kInit || phase == Phase::kAway || environment.returning();
  if (!coming || debugged_.waiter) return false;
  debugged_.waiter = std::move(invocation);
  return true;
}

void SandboxPool::retire(Environment& environment) {
  // Who sits at a breakpoint of old code isn't waited for.
  if (&environment == debugged_.environment)
    return end_debugged({ErrorKind::kUnavailable, "ServiceException",
                         "The function changed while it was being debugged; invoke it again."});
  let_go(environment);
  environment.retire();
}

void SandboxPool::let_go(Environment& environment) {
  environment.place.leaves = true;
  if (environment.place.staged.empty()) return;
  // A copy: what follows may end the environment.
  const model::ConfigPtr config = environment.config();
  Ready& ready = version_of(config).of(environment.initialization());
  unstage(ready, environment);
  // What the function has taken has begun, and becomes the one in hand.
  if (!environment.place.staged.empty()) environment.catch_up();
  while (!environment.place.staged.empty()) wait_again(ready, environment);
  settle(config, ready);
}

bool SandboxPool::is_outdated(const model::ConfigPtr& config) const {
  return current_ && std::find(current_->begin(), current_->end(), config) == current_->end();
}

void SandboxPool::keep_only(const std::vector<model::ConfigPtr>& current) {
  current_ = current;
  retire_those([this](const model::ConfigPtr& config) { return is_outdated(config); });
}

void SandboxPool::retire_all() {
  retire_those([](const model::ConfigPtr&) { return true; });
}

void SandboxPool::retire_those(const std::function<bool(const model::ConfigPtr&)>& ends) {
  std::vector<Environment*> old;
  for (const auto& [environment, owned] : all_)
    if (ends(environment->config())) old.push_back(environment);
  for (Environment* environment : old) retire(*environment);
  // None of theirs is available or returning any more, so none waits; some may be at work.
  std::erase_if(versions_, [&ends](const auto& entry) {
    const auto& [config, version] = entry;
    const auto unused = [](const Ready& ready) {
      return ready.waiters.empty() && ready.at_work.empty() && ready.queued.empty();
    };
    return ends(config) && unused(version.on_demand) && unused(version.provisioned);
  });
}

void SandboxPool::abandon_all(const Error& error) {
  debugged_.again.reset();
  if (debugged_.environment) end_debugged(error);
  for (auto& [config, version] : versions_)
    for (Ready* ready : {&version.on_demand, &version.provisioned}) {
      for (Environment* environment : ready->at_work)
        while (!environment->place.staged.empty()) wait_again(*ready, *environment);
      for (auto waiters = std::exchange(ready->waiters, {}); Waiting & waiter : waiters)
        refuse(waiter.invocation, error);
    }
  std::vector<Environment*> every;
  for (const auto& [environment, owned] : all_) every.push_back(environment);
  for (Environment* environment : every) environment->abandon(error);
  for (auto& [number, one] : std::exchange(without_room_, {})) refuse(one.invocation, error);
  tell_if_empty();
}

void SandboxPool::when_empty(std::function<void()> then) {
  when_empty_ = std::move(then);
  tell_if_empty();
}

void SandboxPool::tell_if_empty() {
  if (empty() && when_empty_) std::exchange(when_empty_, nullptr)();
}

size_t SandboxPool::idle_count() const {
  size_t count = debugged_.environment && debugged_.environment->available() ? 1 : 0;
  for (const auto& [config, version] : versions_)
    count += version.on_demand.idle.size() + version.provisioned.idle.size();
  return count;
}

void SandboxPool::on_late(Environment& environment) {
  if (environment.place.staged.empty()) return;
  unstage(version_of(environment.config()).of(environment.initialization()), environment);
}

void SandboxPool::on_change(Environment& environment) {
  if (&environment == debugged_.environment) {
    if (!environment.available() || !debugged_.waiter) return;
    Invocation invocation = *std::exchange(debugged_.waiter, std::nullopt);
    return environment.invoke(std::move(invocation));
  }
  if (const auto ahead = ahead_.find(&environment); ahead != ahead_.end()) {
    if (environment.available() && !std::exchange(ahead->second, true))
      owner_.on_ahead_ready(environment);
    return;
  }
  // A copy: what follows may end its environment.
  const model::ConfigPtr config = environment.config();
  Ready& ready = version_of(config).of(environment.initialization());
  if (environment.place.idle != environment.available() ||
      environment.place.returning != environment.returning()) {
    unlist(ready, environment);
    if (environment.available()) end_work(ready, environment);
    if (environment.returning()) {
      ready.returning.push_back(&environment);
      environment.place.returning = true;
    }
    if (environment.available()) {
      const bool too_many = !ready.idle.empty() && ready.at_work.size() >= ready.wake_rule.enough();
      if (too_many) unstage(ready, environment);
      if (!environment.place.staged.empty()) {
        give(ready, environment, next_staged(ready, environment));
        return stage(ready);
      }
      if (!ready.waiters.empty() && !too_many) {
        give(ready, environment, next_waiting(ready));
        return stage(ready);
      }
      ready.idle.push_back(&environment);
      environment.place.idle = true;
      relieve(ready);
    }
  }
  if (ready.waiting() > 0) settle(config, ready);
}

void SandboxPool::unlist(Ready& ready, Environment& environment) {
  if (std::exchange(environment.place.idle, false)) std::erase(ready.idle, &environment);
  if (std::exchange(environment.place.returning, false)) std::erase(ready.returning, &environment);
}

void SandboxPool::settle(const model::ConfigPtr& config, Ready& ready) {
  wake(ready, false);
  for (size_t i = ready.at_work.size();
       i-- > 0 && ready.waiting() > ready.returning.size() + ready.idle.size();)
    if (ready.staged > 0) unstage(ready, *ready.at_work[i]);
  while (!ready.waiters.empty() && ready.waiting() > ready.returning.size() + ready.idle.size()) {
    // Not by reuse: it has waited for one already.
    start_for(config, next_waiting(ready));
  }
}

void SandboxPool::on_gone(Environment& environment) {
  // First whatever names it, which takes no memory.
  const bool was_debugged = &environment == debugged_.environment;
  if (was_debugged) debugged_.environment = nullptr;
  ahead_.erase(&environment);
  const auto version = versions_.find(environment.config());
  Ready* ready = nullptr;
  if (version != versions_.end()) {
    ready = &version->second.of(environment.initialization());
    unlist(*ready, environment);
    // A version that had no current environment may have been forgotten since it was made.
    if (ready->environments > 0) --ready->environments;
    if (environment.place.in_queue) std::erase(ready->queued, &environment);
    end_work(*ready, environment);
  }
  const bool was_here = bury(environment);
  fenced(kWhere, [&] { replace(environment, ready, was_debugged); });
  if (!was_here) return;
  // Its descriptors are free once its sandbox has been destroyed, which was posted before.
  fenced(kWhere, [&] {
    if (environment.place.when_gone) host_.loop.post(std::move(environment.place.when_gone));
  });
  if (environment.initialization() == Initialization::kProvisioned)
    fenced(kWhere, [&] { owner_.on_ahead_gone(environment); });
  tell_if_empty();
}

bool SandboxPool::bury(Environment& environment) {
  const auto found = all_.find(&environment);
  if (found == all_.end()) return false;
  // It is within its own last callback. make() has taken the memory.
  dead_.push_back(std::move(found->second));
  all_.erase(found);
  // Where this fails, they go with the next one.
  fenced(kWhere, [this] {
    host_.loop.post([this, alive = alive_] {
      if (*alive) dead_.clear();
    });
  });
  return true;
}

void SandboxPool::replace(Environment& environment, Ready* ready, bool was_debugged) {
  const auto fault = environment.machine_fault();
  if (fault && !environment.place.tried_again) owner_.on_machine_fault(fault->message);
  if (was_debugged)
    if (auto waiter = std::exchange(debugged_.waiter, std::nullopt))
      refuse(*waiter, fault.value_or(Error{
                          ErrorKind::kUnavailable, "ServiceException",
                          "The environment that was to be debugged has ended; its log says why."}));
  if (!ready) return;
  while (!environment.place.staged.empty()) wait_again(*ready, environment);
  settle(environment.config(), *ready);
}

// ---- Patience

SteadyTime SandboxPool::on_time(SteadyTime now) {
  SteadyTime next = SteadyTime::max();
  // Starting an environment may add a version.
  std::vector<model::ConfigPtr> waiting;
  for (const auto& [config, version] : versions_)
    if (version.on_demand.waiting() > 0 || version.provisioned.waiting() > 0)
      waiting.push_back(config);
  for (const auto& config : waiting) {
    Version& version = version_of(config);
    next = std::min(next, lose_patience(config, version.provisioned, now));
    next = std::min(next, lose_patience(config, version.on_demand, now));
  }
  std::vector<uint64_t> late;
  for (const auto& [number, one] : without_room_) {
    if (one.until <= now)
      late.push_back(number);
    else
      next = std::min(next, one.until);
  }
  for (const uint64_t number : late) try_again(number, false);
  return next;
}

void SandboxPool::take_back_late(Ready& ready, Environment& environment, SteadyTime now) {
  auto& staged = environment.place.staged;
  const auto is_late = [now](const Waiting& waiter) { return waiter.until <= now; };
  for (Waiting& waiter : staged)
    if (is_late(waiter)) waiter.until = ready.wake_rule.patience(waiter.since);
  while (std::any_of(staged.begin(), staged.end(), is_late)) {
    ready.wake_rule.failed();
    if (environment.take_back()) {
      wait_again(ready, environment);
      continue;
    }
    // The function has it: it is heard of soon.
    for (Waiting& waiter : staged) waiter.until = std::max(waiter.until, now + kPatience);
  }
}

SteadyTime SandboxPool::lose_patience(const model::ConfigPtr& config, Ready& ready,
                                      SteadyTime now) {
  if (ready.staged > 0)
    for (Environment* environment : ready.at_work) take_back_late(ready, *environment, now);
  const auto late = [&ready, now] {
    return std::find_if(ready.waiters.begin(), ready.waiters.end(),
                        [now](const Waiting& waiter) { return waiter.until <= now; });
  };
  for (auto at = late(); at != ready.waiters.end(); at = late()) {
    if (!ready.idle.empty()) {
      at->until = ready.wake_rule.patience(at->since);
      if (at->until > now) continue;
      ready.wake_rule.failed();
      wake(ready, true);
      continue;
    }
    Waiting waiter = std::move(*at);
    ready.waiters.erase(at);
    const bool coming = std::any_of(ready.returning.begin(), ready.returning.end(),
                                    [](Environment* e) { return e->is_running(); });
    if (coming && now < waiter.since + kMostPatience) {
      waiter.until = now + kPatience;
      ready.waiters.push_back(std::move(waiter));
      continue;
    }
    start_for(config, std::move(waiter.invocation));
  }
  SteadyTime next = SteadyTime::max();
  for (const Waiting& waiter : ready.waiters) next = std::min(next, waiter.until);
  for (const Environment* environment : ready.at_work)
    for (const Waiting& waiter : environment->place.staged) next = std::min(next, waiter.until);
  return next;
}

}  // namespace kiln::engine
