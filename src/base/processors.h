// How many processors there are to use: those that this process may run on, or fewer where its
// control groups limit their time, as `docker run --cpus 2` does.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace kiln {

struct ProcessorPaths {
  std::string mount = "/sys/fs/cgroup";
  std::string self = "/proc/self/cgroup";  // which groups this process is in
};

// The time that the groups give, in processors: the least of a group and those above it. nullopt:
// no limit is found.
std::optional<double> processor_quota(const ProcessorPaths& paths);
// Of that and as many processors: at least 1. Half a processor more is one more.
size_t usable_processors(size_t processors, std::optional<double> quota);
// Here. Reads the files once.
size_t usable_processors();

}  // namespace kiln
