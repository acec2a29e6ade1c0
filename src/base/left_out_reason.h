// How the reason begins of a resource that a stack has left out: stacks write it into their events
// and lists, and `kiln advise` reads it there.
#pragma once

namespace kiln {

inline constexpr const char* kLeftOutReason = "Left out: ";

}  // namespace kiln
