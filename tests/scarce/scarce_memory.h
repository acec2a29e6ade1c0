// Memory that runs out at a moment that a test chooses: the nth allocation of its thread throws
// std::bad_alloc, and those after it have memory again.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/fence.h"

namespace kiln::tests {

// From now on, on this thread; 0: none fails.
void fail_allocation(std::size_t nth) noexcept;
// Whether it has. It is over then.
bool allocation_failed() noexcept;

// Calls scenario() so often that each of its allocations has failed once. What it does it does
// behind fences, as the engine. There is memory for before() and after(), which are called each
// time.
template <class Before, class Scenario, class After>
void sweep_allocations(Before&& before, Scenario&& scenario, After&& after) {
  const FenceListener loud = set_fence_listener([](std::string_view, std::string_view) {});
  for (std::size_t nth = 1;; ++nth) {
    before();
    fail_allocation(nth);
    scenario();
    const bool failed = allocation_failed();
    fail_allocation(0);
    after(nth);
    if (!failed) break;
  }
  set_fence_listener(loud);
}

}  // namespace kiln::tests
