// How many descriptors Kiln needs. Plain numbers, for who starts it and for who looks whether it
// could be started.
#pragma once

#include <algorithm>
#include <cstdint>

namespace kiln {

// Kiln's own, a few environments and connections. A sandbox's process counts on numbers above 128.
inline constexpr uint64_t kLeastDescriptors = 192;
// And with each event loop: its own, those of its blank sandboxes, and as many again for callers.
inline constexpr uint64_t kDescriptorsOfLoop = 64;
// Its output, its channel and its pidfd, and a connection or a pipe where it has that.
inline constexpr uint64_t kDescriptorsOfEnvironment = 4;

constexpr uint64_t descriptors_for(int loops) {
  return kLeastDescriptors + kDescriptorsOfLoop * static_cast<uint64_t>(loops);
}

// Of `limit`, those that environments leave to connections and files.
constexpr uint64_t descriptors_kept_back(uint64_t limit) {
  return std::min<uint64_t>(limit / 4, 256);
}

// How many event loops they are enough for; 1 where not even for one.
constexpr int loops_for(uint64_t limit) {
  constexpr uint64_t kMany = 1024;
  if (limit < descriptors_for(1)) return 1;
  return static_cast<int>(std::min((limit - kLeastDescriptors) / kDescriptorsOfLoop, kMany));
}

}  // namespace kiln
