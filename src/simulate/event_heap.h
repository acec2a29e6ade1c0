// What happens when, in a simulation: a heap of times with four children a node, so that a thousand
// events are five levels.
//
// At one time, kinds come in the order of their numbers, then indices: runs are the same every
// time. Not thread-safe; allocates only to grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kiln::simulate {

struct Event {
  int64_t at;
  uint64_t word;  // kind, generation, index

  static constexpr uint32_t kGenerations = 1U << 24;
  static Event make(int64_t at, uint8_t kind, uint32_t generation, uint32_t index) {
    return {at, uint64_t{kind} << 56 | uint64_t{generation % kGenerations} << 32 | index};
  }
  uint8_t kind() const { return static_cast<uint8_t>(word >> 56); }
  uint32_t generation() const { return static_cast<uint32_t>(word >> 32) % kGenerations; }
  uint32_t index() const { return static_cast<uint32_t>(word); }
  bool operator<(const Event& other) const {
    return at != other.at ? at < other.at : word < other.word;
  }
};

class EventHeap {
 public:
  bool empty() const { return events_.empty(); }
  size_t size() const { return events_.size(); }
  // REQUIRES: !empty()
  const Event& top() const { return events_.front(); }

  void push(const Event& event) {
    events_.push_back(event);
    size_t at = events_.size() - 1;
    while (at > 0) {
      const size_t parent = (at - 1) / kChildren;
      if (!(event < events_[parent])) break;
      events_[at] = events_[parent];
      at = parent;
    }
    events_[at] = event;
  }
  // REQUIRES: !empty()
  void pop() {
    const Event last = events_.back();
    events_.pop_back();
    if (!events_.empty()) sink(last);
  }
  // pop() and push() at once. REQUIRES: !empty()
  void replace_top(const Event& event) { sink(event); }

 private:
  static constexpr size_t kChildren = 4;

  // Puts `event` in the place of the first one, and then where it belongs.
  void sink(const Event& event) {
    const size_t size = events_.size();
    size_t at = 0;
    for (;;) {
      const size_t first = at * kChildren + 1;
      if (first >= size) break;
      size_t least = first;
      const size_t end = first + kChildren < size ? first + kChildren : size;
      for (size_t child = first + 1; child < end; ++child)
        if (events_[child] < events_[least]) least = child;
      if (!(events_[least] < event)) break;
      events_[at] = events_[least];
      at = least;
    }
    events_[at] = event;
  }

  std::vector<Event> events_;
};

}  // namespace kiln::simulate
