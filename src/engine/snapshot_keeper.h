// SnapStart of one function: keeps a template for each published version that has it, and says how
// an environment of a version starts. model::SnapshotState decides about the state of a version.
//
// Templates are no environments: they count in no concurrency, and end with their versions.
// Threading: the function's loop only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "engine/event_log.h"
#include "engine/sandbox_pool.h"
#include "engine/snapshot_board.h"
#include "engine/snapshot_template.h"
#include "model/snapshot_state.h"

namespace kiln::engine {

// How many templates of a loop begin their init at once: after a start of the engine all are made.
// One that takes long doesn't keep the others waiting.
class SnapshotTurns {
 public:
  static constexpr size_t kMost = 2;
  static constexpr Duration kLong = std::chrono::seconds(10);
  bool take() { return running_ < kMost && ++running_ > 0; }
  void give_back() { --running_; }

 private:
  size_t running_ = 0;
};

class SnapshotKeeper final : private net::Scheduled {
 public:
  // Ends an idle environment of another version, as PoolOwner's.
  using MakeRoom =
      std::function<void(const model::ConfigPtr& wanted, std::function<void(bool made)> then)>;
  SnapshotKeeper(EnvironmentHost& host, SnapshotBoard& board, SnapshotTurns& turns,
                 EventLog& events, SandboxPool::FindTask find_task, MakeRoom make_room);
  ~SnapshotKeeper();

  // The versions that are wanted now.
  void set_targets(const std::vector<model::ConfigPtr>& versions);
  // Their code has changed in place: they are made anew.
  void remake_all();
  // Ends what it has and makes nothing more.
  void close();

  // What an environment of `config` is forked of; nullptr: it starts as others do. An error: it
  // can't be had now.
  Result<std::shared_ptr<sandbox::ForkSource>> source(const model::ConfigPtr& config);

 private:
  struct Version {
    explicit Version(const model::SnapshotState& s) : state(s) {}
    model::SnapshotState state;
    std::unique_ptr<SnapshotTemplate> made;
    bool has_turn = false;
    bool waits_for_room = false;  // an environment ends for it
    SteadyTime turn_ends = SteadyTime::max();
    SteadyTime asked{};
    SnapshotStatus status;
  };

  SteadyTime on_time(SteadyTime now) override;
  model::SnapshotState new_state(const model::FunctionConfig& config) const;
  void tell(const model::ConfigPtr& config, model::SnapshotEvent event,
            SnapshotTemplate::Outcome&& outcome);
  void make(const model::ConfigPtr& config, Version& version);
  void ask(const model::ConfigPtr& config, Version& version);
  void drop(Version& version);
  void make_room(const model::ConfigPtr& config, Version& version);
  bool may_make(Version& version, SteadyTime now);
  void give_back_turn(Version& version);

  EnvironmentHost& host_;
  SnapshotBoard& board_;
  SnapshotTurns& turns_;
  EventLog& events_;
  SandboxPool::FindTask find_task_;
  MakeRoom make_room_;
  std::map<model::ConfigPtr, Version> versions_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kiln::engine
