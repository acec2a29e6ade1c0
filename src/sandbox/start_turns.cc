#include "sandbox/start_turns.h"

#include <algorithm>

namespace kiln::sandbox {

uint64_t StartTurns::ask(const std::string& function, bool for_caller) {
  const uint64_t id = ++last_id_;
  const At at = functions_.try_emplace(function).first;
  auto& line = for_caller ? at->second.callers : at->second.others;
  auto start = starts_.end();
  try {
    start = starts_.emplace(id, Start{at, for_caller}).first;
    line.push_back(id);
    // So that next() takes none.
    if (at_turn_.capacity() < starts_.size()) at_turn_.reserve(2 * starts_.size());
  } catch (...) {
    if (!line.empty() && line.back() == id) line.pop_back();
    if (start != starts_.end()) starts_.erase(start);
    if (at->second.on_their_way == 0 && !at->second.waits()) functions_.erase(at);
    throw;
  }
  ++waiting_;
  return id;
}

void StartTurns::end_turn(Start& start, uint64_t id) {
  std::erase(at_turn_, id);
  --start.function->second.turns;
  start.phase = Start::Phase::kGoesOn;
}

void StartTurns::leave(uint64_t id) {
  const auto found = starts_.find(id);
  if (found == starts_.end()) return;
  Start& start = found->second;
  Function& function = start.function->second;
  if (start.phase == Start::Phase::kHasTurn) end_turn(start, id);
  if (start.phase == Start::Phase::kWaits) {
    // The last to come are the first to be dropped, or all are.
    std::deque<uint64_t>& line = start.for_caller ? function.callers : function.others;
    if (line.back() == id)
      line.pop_back();
    else
      std::erase(line, id);
    --waiting_;
  } else {
    --function.on_their_way;
  }
  if (function.on_their_way == 0 && !function.waits()) functions_.erase(start.function);
  starts_.erase(found);
}

void StartTurns::sleeps(uint64_t id) {
  const auto found = starts_.find(id);
  if (found != starts_.end() && found->second.phase == Start::Phase::kHasTurn && any_waits())
    end_turn(found->second, id);
}

bool StartTurns::has_turn(uint64_t id) const {
  const auto found = starts_.find(id);
  return found != starts_.end() && found->second.phase == Start::Phase::kHasTurn;
}

StartTurns::At StartTurns::next_function() {
  At best = functions_.end();
  for (At at = functions_.begin(); at != functions_.end(); ++at) {
    if (!at->second.waits()) continue;
    const auto rank = [](const At& one) {
      return std::pair(one->second.on_their_way, one->second.waiting().front());
    };
    if (best == functions_.end() || rank(at) < rank(best)) best = at;
  }
  return best;
}

std::optional<uint64_t> StartTurns::next(SteadyTime now, size_t most) {
  const At function = waiting_ > 0 ? next_function() : functions_.end();
  if (function == functions_.end()) return std::nullopt;
  if (at_turn_.size() >= most) {
    const bool has_none = function->second.on_their_way == 0;
    const auto loses = std::find_if(at_turn_.begin(), at_turn_.end(), [&](uint64_t id) {
      const Start& start = starts_.at(id);
      const bool has_more = start.function->second.turns > 1;
      return now >= start.begun + (has_none && has_more ? kShort : kLong);
    });
    if (loses == at_turn_.end()) return std::nullopt;
    const uint64_t id = *loses;
    end_turn(starts_.at(id), id);
  }
  std::deque<uint64_t>& line = function->second.waiting();
  const uint64_t id = line.front();
  line.pop_front();
  --waiting_;
  ++function->second.on_their_way;
  ++function->second.turns;
  Start& start = starts_.at(id);
  start.phase = Start::Phase::kHasTurn;
  start.begun = now;
  at_turn_.push_back(id);
  return id;
}

}  // namespace kiln::sandbox
