// What a published version with SnapStart is at: its template is made, is there, can't be made. A
// table of phases and events that answers with what to do.
//
// Pure: time is an argument. Every event is allowed in every phase.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "model/function.h"

namespace kiln::model {

// Whether the environments of this version are restored from a snapshot.
bool uses_snapshots(const FunctionConfig& config);

// Whether versions of this runtime can have one: AWS's, of those that are here, and functions on
// Kiln's own SDK, which AWS wouldn't take.
bool can_have_snapshots(std::string_view runtime);

enum class SnapshotPhase : uint8_t {
  kPending,  // its template is made, or will be
  kActive,   // environments are forked of it
  kPlain,    // the machine permits no forked environments: they start as others
  kFailed,   // its init has failed, or its program can't be forked; it has never been active
};
std::string_view to_text(SnapshotPhase phase);

enum class SnapshotEvent : uint8_t {
  kReady,         // the template is initialised, and an environment of it waits
  kNotPermitted,  // the machine permits none
  kUnfit,         // the template's program can't be forked, or its init has failed
  kGone,          // the template has ended
  kNoRoom,        // the same, for what the machine lacks now: another try may do
  kRoom,          // what the machine lacked has been given back
  kDue,           // deadline() has come
};
std::string_view to_text(SnapshotEvent event);

enum class SnapshotEffect : uint8_t {
  kNone,
  kMake,  // start a template
  kDrop,  // end the one that is there
};
std::string_view to_text(SnapshotEffect effect);

struct SnapshotLimits {
  Duration init;  // of the template: init and the hooks before the checkpoint
  // A template that ended is made again: the first time at once, then after this time, twice as
  // much the next time, and so on; from the beginning once one has lived for long. One that fails
  // on the way counts, too: what its init needs may be away.
  Duration again = std::chrono::seconds(1);
  Duration again_most = std::chrono::minutes(1);
  Duration lives_long = std::chrono::minutes(5);
  // A template may need more room than an environment gave back: so many tries in a row don't wait.
  int tries_with_room = 6;
};

class SnapshotState {
 public:
  SnapshotState(const SnapshotLimits& limits, SteadyTime now) : limits_(limits), deadline_(now) {}

  SnapshotEffect on(SnapshotEvent event, SteadyTime now);

  SnapshotPhase phase() const { return phase_; }
  // When kDue is wanted; SteadyTime::max(): never.
  SteadyTime deadline() const { return deadline_; }
  // Its template was there before.
  bool made_before() const { return made_before_; }

 private:
  SnapshotEffect lose(SteadyTime now);
  SnapshotEffect fail(SteadyTime now);

  SnapshotLimits limits_;
  SnapshotPhase phase_ = SnapshotPhase::kPending;
  bool making_ = false;
  bool made_before_ = false;
  int losses_ = 0;  // in a row
  SteadyTime ready_since_{};
  SteadyTime deadline_;
};

}  // namespace kiln::model
