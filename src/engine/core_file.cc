#include "engine/core_file.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

extern char** environ;

namespace kiln::engine {
namespace {

constexpr const char* kGcore = "/usr/bin/gcore";

Error no_core(std::string why) {
  return {ErrorKind::kUnavailable, "NoCore", "none: " + std::move(why)};
}

size_t files_in(const std::string& folder) {
  std::error_code ec;
  size_t count = 0;
  for (std::filesystem::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    ++count;
  return count;
}

// What a core of it takes, more or less.
uint64_t resident_bytes(pid_t process) {
  uint64_t size = 0, resident = 0;
  std::ifstream("/proc/" + std::to_string(process) + "/statm") >> size >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

// In a process group of its own, since gcore is a script. What posix_spawn says.
int start_gcore(const std::string& base, pid_t process, pid_t& child) {
  std::vector<std::string> command = {kGcore, "-o", base, std::to_string(process)};
  std::vector<char*> argv;
  for (auto& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int failed = ::posix_spawn(&child, argv[0], &actions, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return failed;
}

// Until it is waited for, its number is nobody else's.
void end_group(pid_t leader) {
  ::kill(-leader, SIGKILL);
  while (::waitpid(leader, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

CoreFile::CoreFile(std::string path, pid_t gcore, UniqueFd ended)
    : path_(std::move(path)), gcore_(gcore), ended_(std::move(ended)) {}

CoreFile::CoreFile(CoreFile&& other) noexcept
    : path_(std::move(other.path_)),
      gcore_(std::exchange(other.gcore_, -1)),
      ended_(std::move(other.ended_)) {}

CoreFile::~CoreFile() { (void)finish(); }

Result<CoreFile> CoreFile::begin(const std::string& folder, pid_t process) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ec);
  if (::access(kGcore, X_OK) != 0)
    return no_core(std::string(kGcore) + " is missing: install the package gdb");
  if (files_in(folder) >= kMost)
    return no_core(folder + " has " + std::to_string(kMost) + " files already: remove some");
  const auto room = std::filesystem::space(folder, ec);
  if (!ec && room.available < kFree + resident_bytes(process))
    return no_core("the disk of " + folder + " is nearly full: make room");
  const std::string base = folder + "/core";
  pid_t child = -1;
  if (const int failed = start_gcore(base, process, child); failed != 0)
    return no_core(std::string("gcore can't be started: ") + std::strerror(failed));
  UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (!ended) {
    const std::string why = std::strerror(errno);
    end_group(child);
    return no_core("gcore can't be waited for: " + why);
  }
  return CoreFile(base + "." + std::to_string(process), child, std::move(ended));
}

Result<std::string> CoreFile::finish() {
  const pid_t gcore = std::exchange(gcore_, -1);
  if (gcore <= 0) return no_core("it has ended");
  siginfo_t info = {};
  const bool by_itself =
      ::waitid(P_PID, static_cast<id_t>(gcore), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      info.si_pid == gcore;
  end_group(gcore);
  std::error_code ec;
  if (by_itself && info.si_code == CLD_EXITED && info.si_status == 0 &&
      std::filesystem::exists(path_, ec))
    return path_;
  std::filesystem::remove(path_, ec);
  return no_core(by_itself ? "gcore failed" : "gcore took too long");
}

}  // namespace kiln::engine
