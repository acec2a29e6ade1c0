// Doubles of what environments stand on: a loop that a test turns by hand, and sandboxes whose
// runtime the test plays.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/loop_port.h"
#include "sandbox/sandbox_port.h"

namespace kiln::tests {

class LoopDouble final : public engine::LoopPort {
 public:
  const Clock& clock() const override { return clock_; }
  void schedule(net::Scheduled* what, SteadyTime when) override {
    const auto found = due_.find(what);
    if (found == due_.end() || found->second > when) due_[what] = when;
  }
  void cancel(net::Scheduled* what) override { due_.erase(what); }
  void post(std::function<void()> work) override { work_.push_back(std::move(work)); }

  // What was posted, and what that posts.
  void turn() {
    while (!work_.empty()) {
      auto work = std::move(work_.front());
      work_.pop_front();
      work();
    }
  }
  // Time passes, and what is due on the way comes in order.
  void advance(Duration by) {
    const SteadyTime end = clock_.steady_now() + by;
    turn();
    for (;;) {
      auto next = due_.end();
      for (auto it = due_.begin(); it != due_.end(); ++it)
        if (it->second <= end && (next == due_.end() || it->second < next->second)) next = it;
      if (next == due_.end()) break;
      const auto [what, when] = *next;
      if (when > clock_.steady_now()) clock_.advance(when - clock_.steady_now());
      due_.erase(next);
      if (const SteadyTime again = what->on_time(clock_.steady_now()); again != SteadyTime::max())
        schedule(what, again);
      turn();
    }
    if (end > clock_.steady_now()) clock_.advance(end - clock_.steady_now());
  }

 private:
  ManualClock clock_{WallTime(std::chrono::hours(24 * 365 * 50))};
  std::map<net::Scheduled*, SteadyTime> due_;
  std::deque<std::function<void()>> work_;
};

class SandboxDouble;

// All sandboxes that were made, the ended ones too; the test's hand on them.
struct SandboxPuppet {
  sandbox::SandboxOwner* owner = nullptr;  // nullptr once it was destroyed
  bool starts_late = false;                // the test says when it has its turn and starts
  bool started = false;
  bool waiting = false;  // the runtime asks for an event
  bool terminated = false, killed = false, exited = false, running = false, lacks_room = false;
  std::vector<std::string> requests;  // ids of the events that it got
  std::vector<std::string> payloads;
  uint64_t peak_bytes = 0;
  uint64_t cpu_ns = 0;
  int looks = 0;
  bool frozen = false;  // until the next event
  // Events ahead of their turn: how many it may be shown, those that it was shown, how many of
  // these it has taken, and answers that nobody has heard of yet.
  struct Shown {
    std::string id, payload;
  };
  size_t stages = 0;
  std::deque<Shown> shown;
  size_t taken = 0;
  bool was_ahead = false;  // the event that it got last
  Duration ago{0};         // since it answered that
  std::deque<std::string> unheard;

  // What the runtime does. Nothing comes of it once all processes have ended.
  void start() {
    if (exited) return;
    started = true;
    owner->on_started();
  }
  void ready() {
    if (exited || waiting) return;
    waiting = true;
    owner->on_ready();
  }
  void withdraw() {
    if (exited || !waiting) return;
    waiting = false;
    owner->on_withdrawn();
  }
  void answer(std::string payload) {
    if (!exited) owner->on_answer(std::move(payload), {});
  }
  // It has an event and has not answered it.
  bool works() const { return !exited && !waiting && unheard.size() <= taken && !requests.empty(); }
  // Answers the event that it has, and takes the next ahead of its turn if there is one; nobody
  // hears of it before hear().
  void answer_unheard(std::string payload) {
    unheard.push_back(std::move(payload));
    if (taken == shown.size()) return;
    requests.push_back(shown[taken].id);
    payloads.push_back(shown[taken].payload);
    ++taken;
  }
  // One answer is heard of. False: there is none.
  bool hear() {
    if (exited || unheard.empty()) return false;
    std::string payload = std::move(unheard.front());
    unheard.pop_front();
    owner->on_answer(std::move(payload), {});
    ready();
    return true;
  }
  // It could not be started, for the machine has no room.
  void exit_without_room() {
    lacks_room = true;
    exit(sandbox::Exit::Kind::kNotStarted);
  }
  void exit(sandbox::Exit::Kind kind = sandbox::Exit::Kind::kExited, int value = 0) {
    if (exited) return;
    // Its last words. It gets no event that it has not taken.
    while (!unheard.empty()) {
      const bool has_next = taken > 0;
      owner->on_answer(std::exchange(unheard.front(), {}), {});
      unheard.pop_front();
      if (has_next) ready();
    }
    exited = true;
    waiting = false;
    sandbox::Exit e;
    e.kind = kind;
    e.value = value;
    e.peak_memory_bytes = peak_bytes;
    e.lacks_room = lacks_room;
    owner->on_exit(e);
  }
};

class SandboxDouble final : public sandbox::SandboxPort {
 public:
  SandboxDouble(std::shared_ptr<SandboxPuppet> puppet, sandbox::SandboxOwner& owner)
      : puppet_(std::move(puppet)) {
    puppet_->owner = &owner;
  }
  ~SandboxDouble() override {
    puppet_->exited = true;
    puppet_->owner = nullptr;
  }
  void start(const sandbox::SandboxSpec&) override {
    if (!puppet_->starts_late) puppet_->start();
  }
  bool waits() const override { return !puppet_->started && !puppet_->exited && !puppet_->killed; }
  bool send(const sandbox::Event& event) override {
    if (!puppet_->waiting) return false;
    puppet_->waiting = puppet_->frozen = puppet_->was_ahead = false;
    if (!puppet_->shown.empty()) {
      EXPECT_EQ(event.request_id, puppet_->shown.front().id);
      EXPECT_EQ(event.payload, puppet_->shown.front().payload);
      puppet_->shown.pop_front();
      if (puppet_->taken > 0) {
        --puppet_->taken;
        puppet_->was_ahead = true;
        return true;
      }
    }
    puppet_->requests.emplace_back(event.request_id);
    puppet_->payloads.emplace_back(event.payload);
    return true;
  }
  bool stage(const sandbox::Event& event) override {
    if (puppet_->shown.size() == puppet_->stages || puppet_->exited) return false;
    puppet_->shown.push_back({std::string(event.request_id), std::string(event.payload)});
    return true;
  }
  bool take_back() override {
    if (puppet_->shown.size() == puppet_->taken) return false;
    puppet_->shown.pop_back();
    return true;
  }
  bool was_taken_ahead() const override { return puppet_->was_ahead; }
  Duration answered_ago() const override { return puppet_->ago; }
  void catch_up() override {
    while (puppet_->hear()) {
    }
  }
  void begin_cpu_quota(const sandbox::ResourceLimits&) override {}
  void drain_output() override {}
  void pause_output() override {}
  void resume_output() override {}
  void terminate() override { puppet_->terminated = true; }
  void kill() override { puppet_->killed = true; }
  uint64_t peak_memory_bytes() override { return puppet_->peak_bytes; }
  bool is_running() override { return puppet_->running; }
  uint64_t cpu_ns() override {
    ++puppet_->looks;
    return puppet_->cpu_ns;
  }
  bool freeze() override {
    puppet_->frozen = true;
    return true;
  }

 private:
  std::shared_ptr<SandboxPuppet> puppet_;
};

}  // namespace kiln::tests
