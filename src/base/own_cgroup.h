// The control group that this process is in.
#pragma once

#include <optional>
#include <string>

namespace kiln {

// For a v1 controller ("cpu") or for v2 (""), from the lines of /proc/self/cgroup:
// "4:memory:/path".
// "" is the top; nullopt: none.
std::optional<std::string> own_cgroup(const std::string& self_file, const std::string& controller);

}  // namespace kiln
