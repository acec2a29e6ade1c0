// A request that nobody answered any more, as its connection or its reply finds out. Where memory
// was refused since it came, that is why; else it is a defect of Kiln's. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace kiln {

enum class DroppedFor { kDefect, kLackOfMemory };

// Counts it and tells it (base/fence.h). `refusals_before`: memory_refusals() when it came.
DroppedFor note_dropped_request(std::string_view where, uint64_t refusals_before) noexcept;

}  // namespace kiln
