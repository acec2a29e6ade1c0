#include "net/timers.h"

#include "base/fence.h"

namespace kiln::net {

void Timers::put(size_t place, Scheduled* what) {
  heap_[place] = what;
  what->place_ = place;
}

void Timers::up(size_t place) {
  Scheduled* const what = heap_[place];
  while (place > 0) {
    const size_t parent = (place - 1) / 2;
    if (heap_[parent]->pending_ <= what->pending_) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, what);
}

void Timers::down(size_t place) {
  Scheduled* const what = heap_[place];
  for (;;) {
    size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->pending_ < heap_[child]->pending_) ++child;
    if (what->pending_ <= heap_[child]->pending_) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, what);
}

void Timers::schedule(Scheduled* what, SteadyTime when) {
  if (what->pending_ <= when) return;
  if (what->place_ == Scheduled::kNowhere) {
    heap_.push_back(what);  // throws before anything has changed
    what->place_ = heap_.size() - 1;
  }
  what->pending_ = when;
  up(what->place_);
}

void Timers::cancel(Scheduled* what) {
  const size_t place = what->place_;
  if (place == Scheduled::kNowhere) return;
  what->place_ = Scheduled::kNowhere;
  what->pending_ = SteadyTime::max();
  Scheduled* const last = heap_.back();
  heap_.pop_back();
  if (last == what) return;
  put(place, last);
  up(place);
  down(last->place_);
}

bool Timers::fire(SteadyTime now) {
  bool any = false;
  while (!heap_.empty() && heap_.front()->pending_ <= now) {
    any = true;
    Scheduled* const what = heap_.front();
    cancel(what);
    // May destroy `what`; then it answers max().
    SteadyTime next = SteadyTime::max();
    fenced("a timer", [&] { next = what->on_time(now); });
    if (next != SteadyTime::max()) schedule(what, next);
  }
  return any;
}

}  // namespace kiln::net
