// What a function's bootstrap knows of Kiln: whether it speaks the direct channel, and whether
// environments can be forked of it. Kiln's SDK does both, and its programs hold the names of the
// variables by which they find the descriptors; so does the script that starts one with a libc of
// its own. Everybody else is spared a descriptor that they don't know.
//
// Thread-safe. Reads the file once for each content that it has; a look at the file's dates after.
#pragma once

#include <string>

namespace kiln::engine {

struct BootstrapSkills {
  bool direct_channel = false;
  bool snapshots = false;
};
BootstrapSkills skills_of(const std::string& bootstrap);

}  // namespace kiln::engine
