#include "sandbox/activity.h"

#include <dirent.h>

#include <fstream>
#include <string>

namespace kiln::sandbox {
namespace {

uint64_t cpu_ns_of(const std::string& task) {
  std::ifstream in(task + "/schedstat");
  uint64_t ns = 0;
  in >> ns;
  return ns;
}

}  // namespace

// "PID (NAME) STATE …": a name may hold blanks and parentheses.
char state_of(const std::string& folder) {
  std::ifstream in(folder + "/stat");
  std::string line;
  std::getline(in, line);
  const size_t name_end = line.rfind(')');
  const bool there = name_end != std::string::npos && name_end + 2 < line.size();
  return there ? line[name_end + 2] : '\0';
}

Activity activity_of(const std::vector<pid_t>& processes) {
  Activity out;
  for (const pid_t pid : processes) {
    const std::string folder = "/proc/" + std::to_string(pid) + "/task";
    DIR* tasks = ::opendir(folder.c_str());
    if (tasks == nullptr) continue;
    while (const dirent* entry = ::readdir(tasks)) {
      if (entry->d_name[0] == '.') continue;
      const std::string task = folder + "/" + entry->d_name;
      out.runnable = out.runnable || state_of(task) == 'R';
      out.cpu_ns += cpu_ns_of(task);
    }
    ::closedir(tasks);
  }
  return out;
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
