#include "base/dropped_request.h"

#include "base/fence.h"
#include "base/memory_reserve.h"

namespace kiln {

DroppedFor note_dropped_request(std::string_view where, uint64_t refusals_before) noexcept {
  const bool starved = memory_refusals() != refusals_before;
  note_internal_error(where, starved ? kNoMemory : "it was dropped without an answer");
  return starved ? DroppedFor::kLackOfMemory : DroppedFor::kDefect;
}

}  // namespace kiln
