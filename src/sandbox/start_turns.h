// Whose turn it is to start, so that hundreds of functions that start at once don't share a
// processor until none of them has initialised in its time. A pure rule: time comes in.
//
//   const uint64_t id = turns.ask("orders", true);
//   while (auto next = turns.next(now, most)) begin(*next);   // and now and then
//   turns.leave(id);                                     // it is ready, has ended, or is dropped
//
// A start has its turn until it leaves. It loses it, and goes on without one, where others wait:
// if it has had it for long, if it doesn't use the processor, or if its function has several and
// another one none. Of those that wait comes first whose function has the fewest on their way; of
// one function's, those that a caller waits for, and of these whoever asked first.
//
// Cost: a few comparisons; next() looks at each function that has a start here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace kiln::sandbox {

class StartTurns {
 public:
  static constexpr size_t kPerProcessor = 2;
  // Init takes ten seconds at most, so that one that never ends has most of them.
  static constexpr Duration kLong = std::chrono::seconds(8);
  // … and where its function has another turn, and a function that has none waits.
  static constexpr Duration kShort = std::chrono::seconds(1);

  // Whether a caller waits for it. Throws std::bad_alloc; nothing was asked then. The others take
  // no memory.
  uint64_t ask(const std::string& function, bool for_caller);
  void leave(uint64_t id);
  // It waits for something else than the processor: its turn is another's, if one waits.
  void sleeps(uint64_t id);
  // The one that begins now, where there are `most` turns, at least one; nullopt: none may.
  std::optional<uint64_t> next(SteadyTime now, size_t most);

  bool any_waits() const { return waiting_ > 0; }
  bool has_turn(uint64_t id) const;
  // Those that have a turn, the longest first.
  const std::vector<uint64_t>& at_turn() const { return at_turn_; }

 private:
  struct Function {
    size_t on_their_way = 0;  // with a turn, or without one any more
    size_t turns = 0;
    std::deque<uint64_t> callers, others;  // those that wait
    std::deque<uint64_t>& waiting() { return callers.empty() ? others : callers; }
    bool waits() const { return !callers.empty() || !others.empty(); }
  };
  using At = std::map<std::string, Function>::iterator;
  struct Start {
    At function;
    bool for_caller;
    enum class Phase { kWaits, kHasTurn, kGoesOn } phase = Phase::kWaits;
    SteadyTime begun{};
  };

  void end_turn(Start& start, uint64_t id);
  At next_function();

  uint64_t last_id_ = 0;
  size_t waiting_ = 0;
  std::map<std::string, Function> functions_;
  std::unordered_map<uint64_t, Start> starts_;
  std::vector<uint64_t> at_turn_;
};

}  // namespace kiln::sandbox
