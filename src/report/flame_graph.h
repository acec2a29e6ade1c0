// A flame graph: which functions a program was in, and who called them. The width of a box is the
// share of samples in which its function was on the stack; what it called is above it.
//
// Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kiln::report {

struct FoldedStack {
  std::vector<std::string> frames;  // outermost first
  uint64_t samples = 0;
};

// Lines "outer;inner COUNT"; empty ones and those that begin with '#' are left out. Error: a line
// of another form, which it names.
Result<std::vector<FoldedStack>> parse_folded(std::string_view text);

// A page of SVG that needs nothing else: names and shares show under the pointer.
std::string flame_graph(const std::vector<FoldedStack>& stacks, const std::string& title);

// Functions by the samples in which they were innermost, most first.
struct HotFunction {
  std::string name;
  uint64_t samples = 0;
};
std::vector<HotFunction> hottest(const std::vector<FoldedStack>& stacks, size_t most);

}  // namespace kiln::report
