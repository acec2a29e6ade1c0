// Work in order: of each lane one piece at a time, the next when the one before has ended.
//
// Not thread-safe; a piece's `done` may be called at once or later, on the same thread, once.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

namespace kiln::engine {

class FifoLanes {
 public:
  using Done = std::function<void()>;
  using Work = std::function<void(Done)>;

  void add(const std::string& lane, Work work);

 private:
  struct Lane {
    std::deque<Work> waiting;
    bool busy = false;
    bool pumping = false;  // done() within the work itself doesn't nest
  };
  void pump(const std::string& name);

  std::unordered_map<std::string, Lane> lanes_;
};

}  // namespace kiln::engine
