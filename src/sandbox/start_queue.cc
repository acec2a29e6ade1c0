#include "sandbox/start_queue.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/fence.h"

namespace kiln::sandbox {

StartQueue::~StartQueue() {
  *alive_ = false;
  loop_.cancel(this);
  share_->change(counted_, 0);
}

void StartQueue::count() {
  const size_t now = turns_.at_turn().size();
  if (now != counted_) share_->change(std::exchange(counted_, now), now);
}

std::optional<uint64_t> StartQueue::next() {
  const auto next = turns_.next(loop_.clock().steady_now(), share_->most(counted_));
  count();
  return next;
}

uint64_t StartQueue::ask(const std::string& function, bool for_caller, Starter& starter) {
  const uint64_t id = turns_.ask(function, for_caller);
  try {
    entries_.emplace(id, Entry{&starter});
    // Whoever waits already goes first.
    while (const auto one = next())
      if (*one != id) entries_.at(*one).starter->begin();
    if (turns_.any_waits()) look_soon();
  } catch (...) {
    // Nobody else knows the number.
    leave(id);
    throw;
  }
  return id;
}

void StartQueue::look_soon() {
  if (look_at_ != SteadyTime::max()) return;
  const SteadyTime at = loop_.clock().steady_now() + kLook;
  loop_.schedule(this, at);
  look_at_ = at;
}

void StartQueue::leave(uint64_t id) noexcept {
  entries_.erase(id);
  turns_.leave(id);
  count();
  if (turns_.any_waits()) go_on_soon();
}

void StartQueue::go_on_soon() noexcept {
  if (going_on_) return;
  // Without memory for it, those that wait begin at the next look.
  going_on_ = fenced("starts", [this] {
    loop_.post([this, alive = alive_] {
      if (!*alive) return;
      going_on_ = false;
      go_on();
    });
  });
}

void StartQueue::go_on() {
  while (const auto one = next()) entries_.at(*one).starter->begin();
}

void StartQueue::look() {
  const std::vector<uint64_t> all = turns_.at_turn();
  for (size_t n = std::min(all.size(), kMostLooks); n > 0; --n) {
    const uint64_t id = all[++looked_ % all.size()];
    Entry& entry = entries_.at(id);
    const bool slept = !entry.starter->at_work();
    if (std::exchange(entry.slept, slept) && slept) turns_.sleeps(id);
  }
  count();
}

SteadyTime StartQueue::on_time(SteadyTime now) {
  if (!turns_.any_waits()) return look_at_ = SteadyTime::max();
  // Whatever is thrown here, those that wait are looked after again.
  fenced("starts", [this] {
    look();
    go_on();
  });
  return look_at_ = now + kLook;
}

}  // namespace kiln::sandbox
