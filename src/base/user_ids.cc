#include "base/user_ids.h"

#include <unistd.h>

#include <fstream>
#include <string>

namespace kiln {
namespace {

// Of /proc/self/uid_map and its like.
bool maps_all(const char* path) {
  std::ifstream map(path);
  for (uint64_t inside = 0, outside = 0, count = 0; map >> inside >> outside >> count;)
    if (inside <= kFirstUid && inside + count >= uint64_t{kFirstUid} + kUids) return true;
  return false;
}

// A namespace may forbid to leave groups, and a process that can't leave them can't be another's.
bool may_set_groups() {
  std::ifstream setting("/proc/self/setgroups");
  std::string word;
  return !(setting >> word) || word == "allow";
}

}  // namespace

bool has_uids_for_sandboxes() {
  return ::geteuid() == 0 && maps_all("/proc/self/uid_map") && maps_all("/proc/self/gid_map") &&
         may_set_groups();
}

}  // namespace kiln
