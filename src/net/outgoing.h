// Bytes that wait to be sent, in order, without copying what can be moved. Not thread-safe.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::net {

class Outgoing {
 public:
  bool empty() const { return parts_.empty(); }
  void add(std::string_view bytes) {
    if (bytes.empty()) return;
    // Small pieces share a string.
    if (!parts_.empty() && parts_.back().bytes.size() + bytes.size() <= kJoin)
      parts_.back().bytes.append(bytes);
    else
      parts_.push_back({std::string(bytes), 0});
  }
  void add(std::string&& bytes, size_t from) {
    if (bytes.size() > from) parts_.push_back({std::move(bytes), from});
  }
  // The first of them; how many.
  size_t parts(std::span<iovec> out) {
    size_t n = 0;
    for (auto& part : parts_) {
      if (n == out.size()) break;
      out[n++] = {part.bytes.data() + part.at, part.bytes.size() - part.at};
    }
    return n;
  }
  // `n` bytes of the front are sent.
  void take(size_t n) {
    size_t whole = 0;
    for (; whole < parts_.size(); ++whole) {
      Part& part = parts_[whole];
      const size_t here = std::min(n, part.bytes.size() - part.at);
      part.at += here;
      n -= here;
      if (part.at < part.bytes.size()) break;
    }
    parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(whole));
  }
  void clear() { parts_.clear(); }

 private:
  static constexpr size_t kJoin = 16 * 1024;
  struct Part {
    std::string bytes;
    size_t at;
  };
  std::vector<Part> parts_;
};

}  // namespace kiln::net
