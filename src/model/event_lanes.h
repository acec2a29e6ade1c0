// Which asynchronous event is tried next: each function has a lane, lanes take turns, and so many
// events of a lane and of all are tried at the same time.
//
//   lanes.add("orders", 7);
//   while (const auto next = lanes.next()) start(next->lane, next->event);   …
//   lanes.done("orders");
//
// Pure; not thread-safe; each call is O(1).
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

namespace kiln::model {

template <class Lane, class EventId>
class EventLanes {
 public:
  EventLanes(int per_lane, int of_all) : per_lane_(per_lane), of_all_(of_all) {}

  void add(const Lane& lane, EventId event) {
    State& state = lanes_[lane];
    state.ready.push_back(event);
    make_runnable(lane, state);
  }
  struct Next {
    Lane lane;
    EventId event;
  };
  // nullopt: nothing is ready, or enough is being tried. done() follows for each.
  std::optional<Next> next() {
    while (in_flight_ < of_all_ && !runnable_.empty()) {
      Lane lane = std::move(runnable_.front());
      runnable_.pop_front();
      State& state = lanes_[lane];
      state.queued = false;
      if (state.ready.empty() || state.in_flight >= per_lane_) continue;
      const EventId event = state.ready.front();
      state.ready.pop_front();
      ++state.in_flight;
      ++in_flight_;
      make_runnable(lane, state);
      return Next{std::move(lane), event};
    }
    return std::nullopt;
  }
  void done(const Lane& lane) {
    State& state = lanes_[lane];
    --state.in_flight;
    --in_flight_;
    make_runnable(lane, state);
    if (state.in_flight == 0 && state.ready.empty() && !state.queued) lanes_.erase(lane);
  }

 private:
  struct State {
    std::deque<EventId> ready;
    int in_flight = 0;
    bool queued = false;  // in runnable_
  };

  void make_runnable(const Lane& lane, State& state) {
    if (state.queued || state.ready.empty() || state.in_flight >= per_lane_) return;
    state.queued = true;
    runnable_.push_back(lane);
  }

  int per_lane_, of_all_;
  std::unordered_map<Lane, State> lanes_;
  std::deque<Lane> runnable_;
  int in_flight_ = 0;
};

}  // namespace kiln::model
