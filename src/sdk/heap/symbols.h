// Names for places in this program's code.
//
// Threading: any thread. Ownership: what was found stays in memory. Cost: the first time that an
// address is asked for, milliseconds; nothing after that.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kiln::sdk::heap {

// Return addresses, innermost first.
struct CallStack {
  void* const* frames;
  size_t depth;
};

// The places that call stacks stand for: "file:line (function)", else the function's name, else
// "program+0x1234". The engine knows the symbols (sdk/core/stack.h), or they are the program's own,
// or in the .debug file beside it. A place is the innermost frame that belongs neither to the C++
// library, nor to nlohmann/json, nor to the SDK's inside, as far as their names are known.
std::vector<std::string> places_of(const std::vector<CallStack>& stacks);

}  // namespace kiln::sdk::heap
