// Samples of where the program spends its CPU time, for `kiln profile`: on while the environment
// variable KILN_PROFILE names a file, which then holds folded stacks, "outer;inner COUNT".
//
// Process-wide. Threading: install and flush on the loop's threads. Cost: off, a comparison for
// each invocation; on, some microseconds for each sample, which the kernel takes at its clock
// ticks.
#pragma once

namespace kiln::sdk {

void start_profile();
// After an invocation.
void flush_profile();

}  // namespace kiln::sdk
