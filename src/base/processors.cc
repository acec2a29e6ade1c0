#include "base/processors.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "base/own_cgroup.h"

namespace kiln {
namespace {

void take_least(std::optional<double>& least, double quota) {
  if (!least || quota < *least) least = quota;
}

// v2: "50000 100000", or "max 100000".
void look_at_v2(const std::string& group, std::optional<double>& least) {
  double time = 0, period = 0;
  if (std::ifstream(group + "/cpu.max") >> time >> period && time > 0 && period > 0)
    take_least(least, time / period);
}

// v1: two files; the time is -1 where there is no limit.
void look_at_v1(const std::string& group, std::optional<double>& least) {
  double time = 0, period = 0;
  if (std::ifstream(group + "/cpu.cfs_quota_us") >> time &&
      std::ifstream(group + "/cpu.cfs_period_us") >> period && time > 0 && period > 0)
    take_least(least, time / period);
}

// A group and those above it. In a container the top of the mount is often the group itself.
template <class Look>
void look_upward(const std::string& mount, std::string group, Look look,
                 std::optional<double>& least) {
  for (;;) {
    look(mount + group, least);
    if (group.empty()) return;
    const size_t slash = group.rfind('/');
    group.resize(slash == std::string::npos ? 0 : slash);
  }
}

}  // namespace

std::optional<double> processor_quota(const ProcessorPaths& paths) {
  std::optional<double> least;
  look_upward(paths.mount, own_cgroup(paths.self, "").value_or(""), look_at_v2, least);
  look_upward(paths.mount + "/cpu", own_cgroup(paths.self, "cpu").value_or(""), look_at_v1, least);
  return least;
}

size_t usable_processors(size_t processors, std::optional<double> quota) {
  const size_t all = std::max<size_t>(1, processors);
  if (!quota || *quota >= static_cast<double>(all)) return all;
  return std::max<size_t>(1, static_cast<size_t>(std::lround(*quota)));
}

size_t usable_processors() {
  static const size_t usable =
      usable_processors(std::thread::hardware_concurrency(), processor_quota({}));
  return usable;
}

}  // namespace kiln
