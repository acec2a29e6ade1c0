// Which environment ends so that another one, for which the machine has no room, can start. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include "base/clock.h"
#include "model/function.h"

namespace kiln::engine {

// An environment that waits for an invocation, and for none that is there.
struct IdleEnvironment {
  const model::FunctionConfig* version = nullptr;
  bool provisioned = false;
  SteadyTime since;
};

// The one that has been idle longest; the first of several. `wanted` would use one of its own
// rather than have it ended, and provisioned ones stay. nullopt: none.
inline std::optional<size_t> one_to_end(std::span<const IdleEnvironment> idle,
                                        const model::FunctionConfig* wanted) {
  std::optional<size_t> longest;
  for (size_t i = 0; i < idle.size(); ++i)
    if (!idle[i].provisioned && idle[i].version != wanted &&
        (!longest || idle[i].since < idle[*longest].since))
      longest = i;
  return longest;
}

}  // namespace kiln::engine
