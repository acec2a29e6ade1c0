#include "model/snapshot_state.h"

#include <algorithm>

namespace kiln::model {

bool uses_snapshots(const FunctionConfig& config) {
  return config.snap_start == "PublishedVersions" && config.version != kLatest;
}

bool can_have_snapshots(std::string_view runtime) {
  if (runtime.starts_with("provided.")) return true;
  constexpr std::string_view kPython = "python3.";
  if (!runtime.starts_with(kPython)) return false;
  runtime.remove_prefix(kPython.size());
  return runtime.size() >= 2 && runtime >= "12";
}

std::string_view to_text(SnapshotPhase phase) {
  constexpr std::string_view kNames[] = {"Pending", "Active", "Plain", "Failed"};
  return kNames[static_cast<size_t>(phase)];
}

std::string_view to_text(SnapshotEvent event) {
  constexpr std::string_view kNames[] = {"Ready",  "NotPermitted", "Unfit", "Gone",
                                         "NoRoom", "Room",         "Due"};
  return kNames[static_cast<size_t>(event)];
}

std::string_view to_text(SnapshotEffect effect) {
  constexpr std::string_view kNames[] = {"None", "Make", "Drop"};
  return kNames[static_cast<size_t>(effect)];
}

// It is made again when its time has come.
SnapshotEffect SnapshotState::lose(SteadyTime now) {
  Duration wait{0};
  if (losses_ > 0) {
    wait = limits_.again;
    for (int i = 1; i < losses_ && wait < limits_.again_most; ++i) wait *= 2;
    wait = std::min(wait, limits_.again_most);
  }
  ++losses_;
  phase_ = SnapshotPhase::kPending;
  making_ = false;
  deadline_ = now + std::chrono::duration_cast<SteadyTime::duration>(wait);
  return SnapshotEffect::kDrop;
}

SnapshotEffect SnapshotState::fail(SteadyTime now) {
  if (made_before_) return lose(now);
  phase_ = SnapshotPhase::kFailed;
  making_ = false;
  deadline_ = SteadyTime::max();
  return SnapshotEffect::kDrop;
}

SnapshotEffect SnapshotState::on(SnapshotEvent event, SteadyTime now) {
  if (phase_ == SnapshotPhase::kPlain || phase_ == SnapshotPhase::kFailed)
    return SnapshotEffect::kNone;
  if (phase_ == SnapshotPhase::kActive) {
    if (event != SnapshotEvent::kGone && event != SnapshotEvent::kUnfit &&
        event != SnapshotEvent::kNoRoom)
      return SnapshotEffect::kNone;
    if (now >= ready_since_ + limits_.lives_long) losses_ = 0;
    return lose(now);
  }
  switch (event) {
    case SnapshotEvent::kReady:
      if (!making_) return SnapshotEffect::kNone;
      phase_ = SnapshotPhase::kActive;
      made_before_ = true;
      ready_since_ = now;
      making_ = false;
      deadline_ = SteadyTime::max();
      return SnapshotEffect::kNone;
    case SnapshotEvent::kNotPermitted:
      phase_ = SnapshotPhase::kPlain;
      making_ = false;
      deadline_ = SteadyTime::max();
      return SnapshotEffect::kDrop;
    case SnapshotEvent::kUnfit:
    case SnapshotEvent::kGone:
      return making_ ? fail(now) : SnapshotEffect::kNone;
    case SnapshotEvent::kNoRoom:
      return making_ ? lose(now) : SnapshotEffect::kNone;
    case SnapshotEvent::kRoom:
      if (!making_ && losses_ <= limits_.tries_with_room) deadline_ = std::min(deadline_, now);
      return SnapshotEffect::kNone;
    case SnapshotEvent::kDue:
      if (now < deadline_) return SnapshotEffect::kNone;
      if (making_) return fail(now);
      making_ = true;
      deadline_ = now + std::chrono::duration_cast<SteadyTime::duration>(limits_.init);
      return SnapshotEffect::kMake;
  }
  return SnapshotEffect::kNone;
}

}  // namespace kiln::model
