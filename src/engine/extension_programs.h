// The external extensions of a function: the programs that its layers have in extensions/.
#pragma once

#include <string>
#include <vector>

namespace kiln::engine {

// Their names, in order; at most one more than Lambda takes, which then can't register.
// `layers_dir`: as the machine sees /opt; empty: none. Reads a folder.
std::vector<std::string> extension_programs(const std::string& layers_dir);

}  // namespace kiln::engine
