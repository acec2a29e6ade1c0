// The environments of one version that can take an invocation now, and the rule which of them takes
// the next: the one that was used last. So those that are not needed grow old and end.
//
// An Environment is whatever its owner knows one by. Not thread-safe; taking and adding are O(1).
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace kiln::model {

template <class Environment>
class ReuseStack {
 public:
  // It has become idle, just now.
  void add(Environment environment) { stack_.push_back(environment); }
  // The next to be used; nullopt: there is none.
  std::optional<Environment> take() {
    if (empty()) return std::nullopt;
    const Environment last = stack_.back();
    stack_.pop_back();
    trim();
    return last;
  }
  // Whether it was there.
  bool remove(Environment environment) {
    const auto found = std::find(begin(), stack_.end(), environment);
    if (found == stack_.end()) return false;
    stack_.erase(found);
    trim();
    return true;
  }
  bool empty() const { return first_ == stack_.size(); }
  size_t size() const { return stack_.size() - first_; }
  // The one that has been idle for the longest time. REQUIRES: !empty()
  const Environment& oldest() const { return stack_[first_]; }
  void remove_oldest() {
    ++first_;
    trim();
  }

 private:
  typename std::vector<Environment>::iterator begin() {
    return stack_.begin() + static_cast<std::ptrdiff_t>(first_);
  }
  // What was removed at the bottom stays until it is most of the memory.
  void trim() {
    if (first_ == stack_.size()) {
      stack_.clear();
      first_ = 0;
    } else if (first_ > 64 && first_ > stack_.size() / 2) {
      stack_.erase(stack_.begin(), begin());
      first_ = 0;
    }
  }

  std::vector<Environment> stack_;
  size_t first_ = 0;
};

}  // namespace kiln::model
