#include "engine/fifo_lanes.h"

#include <utility>

namespace kiln::engine {

void FifoLanes::add(const std::string& lane, Work work) {
  lanes_[lane].waiting.push_back(std::move(work));
  pump(lane);
}

void FifoLanes::pump(const std::string& name) {
  Lane& lane = lanes_[name];  // the address stays while others come and go
  if (lane.pumping) return;
  lane.pumping = true;
  while (!lane.busy && !lane.waiting.empty()) {
    lane.busy = true;
    const Work work = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    work([this, name] {
      lanes_[name].busy = false;
      pump(name);
    });
  }
  lane.pumping = false;
  if (!lane.busy) lanes_.erase(name);
}

}  // namespace kiln::engine
