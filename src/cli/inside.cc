#include "cli/inside.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>

namespace kiln::cli {
namespace {

constexpr int kNotFound = 127;  // as a shell says that there is no such program

std::string proc(pid_t pid, const char* what) {
  return "/proc/" + std::to_string(pid) + "/" + what;
}

Error no_look(pid_t pid, int error) {
  std::string why = std::strerror(error);
  if (error == ENOENT) why = "it isn't a process of this machine; is the engine somewhere else?";
  if (error == EACCES || error == EPERM) why += "; run this as the user that runs `kiln serve`";
  return {ErrorKind::kInvalid, "NoLook",
          "can't look into process " + std::to_string(pid) + ": " + why};
}

bool same_namespace(pid_t pid, const char* name) {
  struct stat theirs = {}, ours = {};
  return ::stat(proc(pid, name).c_str(), &theirs) == 0 &&
         ::stat((std::string("/proc/self/") + name).c_str(), &ours) == 0 &&
         theirs.st_ino == ours.st_ino;
}

std::vector<std::string> environment_of(pid_t pid) {
  std::ifstream in(proc(pid, "environ"), std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\0', at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
};

// What an id is called within the user namespace of a process; itself where nothing is said of it.
uint32_t id_inside(pid_t pid, const char* map, uint32_t id) {
  std::ifstream in(proc(pid, map));
  for (uint64_t inside, outside, count; in >> inside >> outside >> count;)
    if (id >= outside && id < outside + count) return static_cast<uint32_t>(inside + id - outside);
  return id;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

// In the child. Returns the errno of what failed.
int become_neighbour(pid_t pid, const Owner& owner, bool own_user, const std::string& directory,
                     const std::vector<std::string>& environment,
                     const std::vector<std::string>& command) {
  const bool root = ::geteuid() == 0;
  std::vector<UniqueFd> spaces;
  // The user namespace first: it gives the right to enter the others.
  if (!own_user) spaces.emplace_back(::open(proc(pid, "ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  for (const char* name : {"ns/mnt", "ns/pid", "ns/ipc", "ns/uts"})
    if (!same_namespace(pid, name))
      spaces.emplace_back(::open(proc(pid, name).c_str(), O_RDONLY | O_CLOEXEC));
  for (const UniqueFd& space : spaces)
    if (!space || ::setns(space.get(), 0) != 0) return errno;
  // The process id namespace is for children.
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child > 0) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
  // A user namespace may have no groups to leave.
  if (root && owner.uid != 0 &&
      ((::setgroups(0, nullptr) != 0 && own_user) ||
       ::setresgid(owner.gid, owner.gid, owner.gid) != 0 ||
       ::setresuid(owner.uid, owner.uid, owner.uid) != 0))
    return errno;
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::chdir(directory.c_str()) != 0) return errno;
  std::vector<char*> argv = pointers(command);
  std::vector<char*> env = pointers(environment);
  ::execvpe(argv[0], argv.data(), env.data());
  return errno;
}

}  // namespace

Result<UniqueFd> open_inside(pid_t pid, const std::string& path, int flags) {
  const UniqueFd root(::open(proc(pid, "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return no_look(pid, errno);
  struct open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how);
  if (fd < 0)
    return Error{ErrorKind::kNotFound, "NoFile",
                 "can't open " + path + " in the environment: " + std::strerror(errno)};
  return UniqueFd(static_cast<int>(fd));
}

Result<int> run_inside(pid_t pid, const std::vector<std::string>& command) {
  struct stat process = {};
  if (::stat(proc(pid, "").c_str(), &process) != 0) return no_look(pid, errno);
  const std::vector<std::string> environment = environment_of(pid);
  if (environment.empty()) return no_look(pid, EACCES);
  std::string directory = "/var/task";
  for (const std::string& pair : environment)
    if (pair.starts_with("LAMBDA_TASK_ROOT=")) directory = pair.substr(pair.find('=') + 1);
  const bool own_user = same_namespace(pid, "ns/user");
  Owner owner{process.st_uid, process.st_gid};
  if (!own_user)
    owner = {id_inside(pid, "uid_map", owner.uid), id_inside(pid, "gid_map", owner.gid)};
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return Error{ErrorKind::kUnavailable, "NoPipe", std::strerror(errno)};
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const int error = become_neighbour(pid, owner, own_user, directory, environment, command);
    [[maybe_unused]] const ssize_t n = ::write(write_end.get(), &error, sizeof error);
    ::_exit(kNotFound);
  }
  write_end.reset();
  int error = 0;
  const bool failed = ::read(read_end.get(), &error, sizeof error) == sizeof error;
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (failed && error == ENOENT)
    return Error{ErrorKind::kNotFound, "NoProgram",
                 "there is no program " + command[0] + " in the environment"};
  if (failed) return no_look(pid, error);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace kiln::cli
