// The starts of a loop's sandboxes, in their turns (start_turns.h). Nobody waits, and no time is
// asked for, while there are fewer than turns.
//
// Restores have no turn here: a template makes few at a time (forks.h). Threading: its loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/io_loop.h"
#include "sandbox/start_turns.h"

namespace kiln::sandbox {

class StartQueue final : private net::Scheduled {
 public:
  // Who starts.
  class Starter {
   public:
    // It is its turn.
    virtual void begin() = 0;
    // Whether it uses the processor, or would if it got one.
    virtual bool at_work() = 0;

   protected:
    ~Starter() = default;
  };

  StartQueue(net::IoLoop& loop, size_t most) : loop_(loop), turns_(most) {}
  ~StartQueue();

  // It has its turn at once, or begin() is called later. It must leave before it is destroyed.
  uint64_t ask(const std::string& function, Starter& starter);
  // It is ready, or has gone. Others begin when the loop comes round.
  void leave(uint64_t id);
  bool has_turn(uint64_t id) const { return turns_.has_turn(id); }

  // While somebody waits, those at turn are looked at so often; who sleeps twice lets another go.
  static constexpr Duration kLook = std::chrono::milliseconds(20);
  static constexpr size_t kMostLooks = 8;  // at a time

 private:
  struct Entry {
    Starter* starter;
    bool slept = false;  // when it was last looked at
  };
  void go_on_soon();
  void go_on();
  void look();
  SteadyTime on_time(SteadyTime now) override;

  net::IoLoop& loop_;
  StartTurns turns_;
  std::unordered_map<uint64_t, Entry> entries_;
  bool going_on_ = false;
  SteadyTime look_at_ = SteadyTime::max();
  size_t looked_ = 0;  // whose turn it is to be looked at
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kiln::sandbox
