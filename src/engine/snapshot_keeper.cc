#include "engine/snapshot_keeper.h"

#include <algorithm>

#include "engine/events.h"
#include "model/environment_limits.h"

namespace kiln::engine {
namespace {

// A template waits so long for its turn, or for the port that its function's clients are told.
constexpr Duration kLook = std::chrono::milliseconds(20);
constexpr Duration kPortTakes = std::chrono::seconds(2);

Error not_ready(const SnapshotStatus& status) {
  if (status.phase == model::SnapshotPhase::kFailed)
    return {ErrorKind::kConflict, "ResourceConflictException",
            "The operation cannot be performed at this time. The function is currently in the "
            "following state: Failed. " +
                status.reason};
  return {ErrorKind::kConflict, "SnapStartNotReadyException",
          "Lambda is initializing your function. It will be ready to invoke once your function "
          "state becomes ACTIVE."};
}

}  // namespace

SnapshotKeeper::SnapshotKeeper(EnvironmentHost& host, SnapshotBoard& board, SnapshotTurns& turns,
                               EventLog& events, SandboxPool::FindTask find_task,
                               MakeRoom make_room)
    : host_(host),
      board_(board),
      turns_(turns),
      events_(events),
      find_task_(std::move(find_task)),
      make_room_(std::move(make_room)) {}

SnapshotKeeper::~SnapshotKeeper() {
  *alive_ = false;
  close();
  host_.loop.cancel(this);
}

model::SnapshotState SnapshotKeeper::new_state(const model::FunctionConfig& config) const {
  model::SnapshotLimits limits{};
  limits.init = model::ahead_init_limit(config);
  return {limits, host_.loop.clock().steady_now()};
}

void SnapshotKeeper::set_targets(const std::vector<model::ConfigPtr>& wanted) {
  for (auto at = versions_.begin(); at != versions_.end();) {
    if (std::find(wanted.begin(), wanted.end(), at->first) != wanted.end()) {
      ++at;
      continue;
    }
    drop(at->second);
    board_.erase(*at->first);
    at = versions_.erase(at);
  }
  for (const auto& config : wanted) {
    if (versions_.contains(config)) continue;
    Version& version = versions_.try_emplace(config, new_state(*config)).first->second;
    version.asked = host_.loop.clock().steady_now();
    ask(config, version);
  }
}

void SnapshotKeeper::ask(const model::ConfigPtr& config, Version& version) {
  if (!host_.make_template || host_.isolation == sandbox::Isolation::kNone) {
    SnapshotTemplate::Outcome outcome{
        model::SnapshotEvent::kNotPermitted, {}, "functions run without namespaces"};
    return tell(config, outcome.event, std::move(outcome));
  }
  board_.set(*config, version.status);
  host_.loop.schedule(this, version.state.deadline());
}

void SnapshotKeeper::remake_all() {
  for (auto& [config, version] : versions_) {
    drop(version);
    version.state = new_state(*config);
    version.status = {model::SnapshotPhase::kPending, true, {}, {}};
    ask(config, version);
  }
}

void SnapshotKeeper::close() {
  for (auto& [config, version] : versions_) drop(version);
  versions_.clear();
}

Result<std::shared_ptr<sandbox::ForkSource>> SnapshotKeeper::source(
    const model::ConfigPtr& config) {
  const auto found = versions_.find(config);
  if (found == versions_.end()) return std::shared_ptr<sandbox::ForkSource>();
  Version& version = found->second;
  if (version.state.phase() == model::SnapshotPhase::kActive) return version.made->source();
  if (version.state.phase() == model::SnapshotPhase::kPlain)
    return std::shared_ptr<sandbox::ForkSource>();
  return not_ready(version.status);
}

SteadyTime SnapshotKeeper::on_time(SteadyTime now) {
  SteadyTime next = SteadyTime::max();
  for (auto& [config, version] : versions_) {
    if (version.state.deadline() <= now && !version.made && !may_make(version, now)) {
      next = std::min(next, now + kLook);
      continue;
    }
    if (version.state.deadline() <= now) {
      SnapshotTemplate::Outcome outcome{
          model::SnapshotEvent::kDue, "FunctionError.InitTimeout",
          "The function's init, with the hooks before its snapshot, took too long."};
      if (version.made) version.made->report_timeout();
      tell(config, outcome.event, std::move(outcome));
    }
    if (version.turn_ends <= now) give_back_turn(version);
    next = std::min({next, version.state.deadline(), version.turn_ends});
  }
  return next;
}

bool SnapshotKeeper::may_make(Version& version, SteadyTime now) {
  if (version.waits_for_room) return false;
  // Right after a start the port is not known yet.
  if (host_.endpoint_url.empty() && now < version.asked + kPortTakes) return false;
  if (!version.has_turn) version.has_turn = turns_.take();
  return version.has_turn;
}

void SnapshotKeeper::tell(const model::ConfigPtr& config, model::SnapshotEvent event,
                          SnapshotTemplate::Outcome&& outcome) {
  const auto found = versions_.find(config);
  if (found == versions_.end()) return;
  Version& version = found->second;
  const model::SnapshotPhase before = version.state.phase();
  const auto effect = version.state.on(event, host_.loop.clock().steady_now());
  const model::SnapshotPhase phase = version.state.phase();
  if (phase != model::SnapshotPhase::kPending) give_back_turn(version);
  if (phase != before) {
    version.status = {phase, version.state.made_before(), {}, {}};
    if (phase == model::SnapshotPhase::kFailed) {
      version.status.reason_code = outcome.code;
      version.status.reason = outcome.text;
    }
    board_.set(*config, version.status);
    if (phase == model::SnapshotPhase::kPlain)
      events_.write(note_event(Severity::kWarning,
                               config->name + ":" + config->version + " has no snapshot (" +
                                   outcome.text + "), so its environments start as others do",
                               host_.loop.clock().wall_now()));
  }
  if (effect == model::SnapshotEffect::kMake) make(config, version);
  if (effect == model::SnapshotEffect::kDrop) {
    drop(version);
    if (outcome.lacks_room) make_room(config, version);
  }
  if (version.state.deadline() != SteadyTime::max())
    host_.loop.schedule(this, version.state.deadline());
}

void SnapshotKeeper::make(const model::ConfigPtr& config, Version& version) {
  version.made = std::make_unique<SnapshotTemplate>(
      host_, config, find_task_(*config),
      [this, config, alive = alive_](SnapshotTemplate::Outcome&& outcome) {
        const model::SnapshotEvent event = outcome.event;
        if (*alive) tell(config, event, std::move(outcome));
      });
  version.turn_ends = host_.loop.clock().steady_now() + SnapshotTurns::kLong;
  host_.loop.schedule(this, version.turn_ends);
  version.made->start();
}

// Else idle environments could keep the last descriptors from it for as long as they live.
void SnapshotKeeper::make_room(const model::ConfigPtr& config, Version& version) {
  if (std::exchange(version.waits_for_room, true)) return;
  make_room_(config, [this, config, alive = alive_](bool made) {
    if (!*alive) return;
    const auto found = versions_.find(config);
    if (found == versions_.end()) return;
    found->second.waits_for_room = false;
    if (made) tell(config, model::SnapshotEvent::kRoom, {});
  });
}

void SnapshotKeeper::give_back_turn(Version& version) {
  version.turn_ends = SteadyTime::max();
  if (std::exchange(version.has_turn, false)) turns_.give_back();
}

// It may be within a call of its own: it goes when the loop comes round.
void SnapshotKeeper::drop(Version& version) {
  give_back_turn(version);
  if (version.made)
    host_.loop.post([dead = std::shared_ptr<SnapshotTemplate>(std::move(version.made))] {});
}

}  // namespace kiln::engine
