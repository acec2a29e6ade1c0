// Where the memory profiler meets the heap sampler, which is only in programs that link it.
//
// Threading: any thread. Ownership: the table is static.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kiln::sdk {

struct HeapSite {
  std::string place;
  double bytes;
  double count;
};

struct HeapSampler {
  void (*start)();  // forgets all samples
  void (*stop)();
  // The places that hold most, most first.
  std::vector<HeapSite> (*top)(size_t count);
};

// Null, as a function, in a program without the sampler.
[[gnu::weak]] const HeapSampler& heap_sampler();

}  // namespace kiln::sdk
