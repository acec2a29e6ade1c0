// Names for places in this program's code.
//
// Threading: any thread. Ownership: the symbols that were read stay in memory.
#pragma once

#include <cstddef>
#include <string>

namespace kiln::sdk::heap {

// The place that a call stack stands for: "file:line", else the function's name, else
// "program+0x1234". It is the innermost frame that does not belong to the C++ library, to
// nlohmann/json or to the sampler, as far as their names are known. `frames` are return addresses,
// innermost first.
std::string place_of(void* const* frames, size_t depth);

}  // namespace kiln::sdk::heap
