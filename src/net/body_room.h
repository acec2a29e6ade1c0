// The room for the large requests of one loop that are on their way, by groups: whoever sends them
// (an environment, a user, a machine). Where it is full, the group that holds most makes way, so
// that nobody loses a request to another who takes more.
//
// Threading: the loop's. Cost: a look-up of a group; where it is full, a look at each group.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace kiln::net {

class BodyRoom {
 public:
  // What each of so many loops has of the bytes that there are together: always enough for four of
  // the largest requests.
  static uint64_t of_each(uint64_t together, size_t loops, uint64_t largest) {
    return std::max(together / std::max<size_t>(1, loops), 4 * largest);
  }

  explicit BodyRoom(uint64_t most) : most_(most) {}
  BodyRoom(const BodyRoom&) = delete;

  uint64_t used() const { return used_; }
  // False: there is none, and nothing has changed.
  bool take(uint64_t group, uint64_t bytes) {
    if (bytes > most_ - used_) return false;
    if (bytes == 0) return true;
    held_[group] += bytes;
    used_ += bytes;
    return true;
  }
  // REQUIRES: it holds so many.
  void give_back(uint64_t group, uint64_t bytes) {
    used_ -= bytes;
    const auto found = held_.find(group);
    if (found != held_.end() && (found->second -= bytes) == 0) held_.erase(found);
  }
  // The group that holds most, where `group` wants so many more bytes and they count as its own. Of
  // groups that hold the same, it is another one.
  uint64_t who_makes_way(uint64_t group, uint64_t bytes) const {
    const auto own = held_.find(group);
    uint64_t out = group, most = (own == held_.end() ? 0 : own->second) + bytes;
    for (const auto& [other, held] : held_) {
      if (other == group || held < most) continue;
      if (held == most && out != group) continue;
      out = other;
      most = held;
    }
    return out;
  }

 private:
  const uint64_t most_;
  uint64_t used_ = 0;
  std::unordered_map<uint64_t, uint64_t> held_;  // by group, none of them 0
};

}  // namespace kiln::net
