#include "sandbox/activity.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace kiln::sandbox {
// "PID (NAME) STATE …": a name may hold blanks and parentheses.
char state_of(const std::string& folder) {
  std::ifstream in(folder + "/stat");
  std::string line;
  std::getline(in, line);
  const size_t name_end = line.rfind(')');
  const bool there = name_end != std::string::npos && name_end + 2 < line.size();
  return there ? line[name_end + 2] : '\0';
}

bool is_at_work(pid_t pid, int& looks) {
  if (looks <= 0) return false;
  const std::string folder = "/proc/" + std::to_string(pid) + "/task";
  DIR* tasks = ::opendir(folder.c_str());
  if (tasks == nullptr) return false;
  bool any = false;
  while (const dirent* entry = any || looks <= 0 ? nullptr : ::readdir(tasks)) {
    if (entry->d_name[0] == '.') continue;
    --looks;
    any = state_of(folder + "/" + entry->d_name) == 'R';
  }
  ::closedir(tasks);
  return any;
}

uint64_t peak_rss_bytes(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  uint64_t kib = 0;
  while (in >> word)
    if (word == "VmHWM:" && in >> kib) return kib * 1024;
  return 0;
}

uint64_t rss_bytes(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/statm");
  uint64_t size = 0, resident = 0;
  in >> size >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

uint64_t cpu_ns_of(pid_t pid) {
  clockid_t clock;
  timespec used;
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(used.tv_nsec);
}

Duration processors_idle() {
  double up = 0, idle = 0;
  std::ifstream("/proc/uptime") >> up >> idle;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(idle));
}

std::vector<pid_t> process_tree(pid_t root) {
  std::vector<pid_t> out;
  if (root <= 0) return out;
  out.push_back(root);
  for (size_t i = 0; i < out.size(); ++i) {
    const std::string pid = std::to_string(out[i]);
    DIR* tasks = ::opendir(("/proc/" + pid + "/task").c_str());
    if (tasks == nullptr) continue;
    while (const dirent* entry = ::readdir(tasks)) {
      if (entry->d_name[0] == '.') continue;
      std::ifstream in("/proc/" + pid + "/task/" + entry->d_name + "/children");
      for (pid_t child = 0; in >> child;) out.push_back(child);
    }
    ::closedir(tasks);
  }
  return out;
}

pid_t first_child(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  pid_t child = 0;
  in >> child;
  return child;
}

}  // namespace kiln::sandbox
