// Whether a function's bootstrap speaks the direct channel: Kiln's SDK does, and its programs hold
// the name of the variable by which they find it; so does the script that starts one with a libc of
// its own. Everybody else is spared a descriptor that they don't know.
//
// Thread-safe. Reads the file once for each content that it has; a look at the file's dates after.
#pragma once

#include <string>

namespace kiln::engine {

bool speaks_direct_channel(const std::string& bootstrap);

}  // namespace kiln::engine
