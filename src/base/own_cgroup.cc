#include "base/own_cgroup.h"

#include <fstream>
#include <sstream>

namespace kiln {

std::optional<std::string> own_cgroup(const std::string& self_file, const std::string& controller) {
  std::ifstream in(self_file);
  std::string line;
  while (std::getline(in, line)) {
    const size_t a = line.find(':');
    const size_t b = a == std::string::npos ? a : line.find(':', a + 1);
    if (b == std::string::npos) continue;
    const std::string names = line.substr(a + 1, b - a - 1);
    std::istringstream list(names);
    std::string one;
    bool match = names.empty() && controller.empty();
    while (std::getline(list, one, ','))
      match = match || (!controller.empty() && one == controller);
    if (match) {
      const std::string path = line.substr(b + 1);
      return path == "/" ? "" : path;
    }
  }
  return std::nullopt;
}

}  // namespace kiln
