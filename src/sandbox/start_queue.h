// The starts of a loop's sandboxes, in their turns (start_turns.h). Nobody waits, and no time is
// asked for, while there are fewer than turns.
//
// The loops of an engine share their turns: one whose functions all start may have them all, and
// each has one at least.
//
// Restores have no turn here: a template makes few at a time (forks.h). Threading: its loop only.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "net/io_loop.h"
#include "sandbox/start_turns.h"

namespace kiln::sandbox {

// The turns of all loops. Thread-safe.
class StartShare {
 public:
  explicit StartShare(size_t most) : most_(most) {}
  // Of a loop that has so many now.
  size_t most(size_t own) const {
    const size_t taken = taken_.load(std::memory_order_relaxed);
    return std::max<size_t>(1, own + (taken < most_ ? most_ - taken : 0));
  }
  void change(size_t before, size_t after) {
    taken_.fetch_add(after - before, std::memory_order_relaxed);
  }

 private:
  const size_t most_;
  std::atomic<size_t> taken_{0};
};

class StartQueue final : private net::Scheduled {
 public:
  // Who starts.
  class Starter {
   public:
    // It is its turn. Where nothing can be begun for lack of memory, it says so to its owner later.
    virtual void begin() noexcept = 0;
    // Whether it uses the processor, or would if it got one.
    virtual bool at_work() = 0;

   protected:
    ~Starter() = default;
  };

  StartQueue(net::IoLoop& loop, std::shared_ptr<StartShare> share)
      : loop_(loop), share_(std::move(share)) {}
  ~StartQueue();

  // It has its turn at once, or begin() is called later. It must leave before it is destroyed.
  // Whether a caller waits for it. Throws std::bad_alloc; it has not asked then.
  uint64_t ask(const std::string& function, bool for_caller, Starter& starter);
  // It is ready, or has gone. Others begin when the loop comes round.
  void leave(uint64_t id) noexcept;
  bool has_turn(uint64_t id) const { return turns_.has_turn(id); }

  // While somebody waits, those at turn are looked at so often, and whether another loop has given
  // turns back; who sleeps twice lets another go.
  static constexpr Duration kLook = std::chrono::milliseconds(20);
  static constexpr size_t kMostLooks = 8;  // at a time

 private:
  struct Entry {
    Starter* starter;
    bool slept = false;  // when it was last looked at
  };
  std::optional<uint64_t> next();
  void count();
  void go_on_soon() noexcept;
  void look_soon();
  void go_on();
  void look();
  SteadyTime on_time(SteadyTime now) override;

  net::IoLoop& loop_;
  std::shared_ptr<StartShare> share_;
  size_t counted_ = 0;  // of the share
  StartTurns turns_;
  std::unordered_map<uint64_t, Entry> entries_;
  bool going_on_ = false;
  SteadyTime look_at_ = SteadyTime::max();
  size_t looked_ = 0;  // whose turn it is to be looked at
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kiln::sandbox
