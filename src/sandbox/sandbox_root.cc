// The root file system of all sandboxes: the host's /usr read-only, an /etc of its own, a few
// devices, and empty places for what each sandbox mounts itself. The host's own root stays at
// /.host until a sandbox has taken its code from it.
#include <dlfcn.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "sandbox/sandbox_etc.h"
#include "sandbox/sandbox_mounts.h"
#include "sandbox/sandbox_process.h"

namespace kiln::sandbox {
namespace {

namespace fs = std::filesystem;

// Where the kernel began the heap that brk() moves: field 47 of proc_pid_stat(5). 0: not known.
uintptr_t heap_begin() {
  const UniqueFd fd(::open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text{};
  if (!fd || ::read(fd.get(), text.data(), text.size() - 1) <= 0) return 0;
  // The second field is a name in brackets, which may hold anything.
  const char* at = std::strrchr(text.data(), ')');
  for (int field = 3; at != nullptr && field <= 47; ++field) at = std::strchr(at + 1, ' ');
  return at == nullptr ? 0 : static_cast<uintptr_t>(std::strtoull(at, nullptr, 10));
}

int write_text(const char* path, const std::string& text) {
  UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  if (!fd) return errno;
  return ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0
                                                                                          : errno;
}

// A directory of the host as it is there: a folder is bound, a link is copied.
bool mirror(const std::string& name, const std::string& root) {
  struct stat st = {};
  if (::lstat(name.c_str(), &st) != 0) return true;
  const std::string to = root + name;
  if (S_ISLNK(st.st_mode)) {
    char target[4096];
    const ssize_t n = ::readlink(name.c_str(), target, sizeof target - 1);
    if (n < 0) return false;
    target[n] = '\0';
    return ::symlink(target, to.c_str()) == 0;
  }
  ::mkdir(to.c_str(), 0755);
  return bind_read_only(name, to, MS_REC);
}

// Whether all that is in `folder` are loaders, which are in `other`, too.
bool has_loaders_of(const char* folder, const std::string& other) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (!name.starts_with("ld-linux") || ::access((other + "/" + name).c_str(), X_OK) != 0)
      return false;
  }
  return !error || error == std::errc::no_such_file_or_directory;
}

// /lib64 has the C library, as in Lambda's systems: LD_LIBRARY_PATH names it early, and each folder
// where a library isn't costs a program 24 system calls, a third of a cold start for some. Where
// the machine keeps it elsewhere, and the loader alone there, links stand in it.
bool make_lib64(const std::string& root) {
  const char* const kName = "/lib64";
  Dl_info libc = {};
  char file[PATH_MAX];
  if (::dladdr(reinterpret_cast<const void*>(&::gnu_get_libc_version), &libc) == 0 ||
      ::realpath(libc.dli_fname, file) == nullptr)
    return mirror(kName, root);
  const fs::path path(file);
  const std::string folder = path.parent_path();
  if (!folder.starts_with("/usr/lib") || path.filename() != "libc.so.6" ||
      !has_loaders_of(kName, folder))
    return mirror(kName, root);
  const std::string to = root + kName;
  if (::mkdir(to.c_str(), 0755) != 0) return false;
  for (const std::string name :
       {"/ld-linux-x86-64.so.2", "/libc.so.6", "/libdl.so.2", "/libgcc_s.so.1", "/libm.so.6",
        "/libpthread.so.0", "/libresolv.so.2", "/librt.so.1", "/libstdc++.so.6"})
    if (::access((folder + name).c_str(), F_OK) == 0 &&
        ::symlink((folder + name).c_str(), (to + name).c_str()) != 0)
      return false;
  return true;
}

bool bind_device(const std::string& name, const std::string& root) {
  const std::string to = root + name;
  UniqueFd file(::open(to.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
  return file && ::mount(name.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

// /bin/sh is bash in Lambda's systems, and their tutorials' scripts rely on it. Where the machine's
// is dash, bash stands in its place; any other shell may be more than a shell (busybox) and stays.
bool make_sh_bash(const std::string& root) {
  char sh[PATH_MAX], bash[PATH_MAX];
  if (::realpath("/bin/sh", sh) == nullptr || ::realpath("/bin/bash", bash) == nullptr) return true;
  if (!std::string_view(sh).ends_with("/dash")) return true;
  return bind_read_only(bash, root + sh, 0);
}

// The AWS SDK for JavaScript, which Lambda's runtimes have, from where npm install -g puts it.
// Links: its modules find what they need beside themselves.
bool link_aws_sdk(const std::string& root) {
  const std::string shipped = root + "/var/runtime/node_modules";
  for (const std::string from : {"/usr/local/lib/node_modules", "/usr/lib/node_modules"}) {
    if (::access((from + "/@aws-sdk").c_str(), F_OK) != 0) continue;
    if (::access(shipped.c_str(), F_OK) != 0) return true;  // runtimes of somebody's own
    if (::mount("tmpfs", shipped.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                "size=1m,mode=755") != 0)
      return false;
    for (const char* scope : {"/@aws-sdk", "/@smithy", "/@aws-crypto"})
      if (::access((from + scope).c_str(), F_OK) == 0 &&
          ::symlink((from + scope).c_str(), (shipped + scope).c_str()) != 0)
        return false;
    return true;
  }
  return true;
}

// Where each sandbox's own passwd is written; goes with /.host. Empty: all have the same.
std::string make_users_folder(const LauncherOptions& options) {
  const std::string folder = "/.host" + options.data_dir + "/root";
  if (::mount("tmpfs", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=64m,mode=755") != 0)
    return {};
  return folder;
}

// Returns the name of the step that failed, or nullptr.
const char* build_root(const LauncherOptions& options, Ground& ground) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "private mounts";
  const std::string root = options.data_dir + "/root";
  if (::mkdir(root.c_str(), 0755) != 0 && errno != EEXIST) return "mkdir root";
  if (::mount("tmpfs", root.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,mode=755") != 0)
    return "tmpfs";
  for (const char* dir : {"/dev", "/proc", "/tmp", "/var", "/var/task", "/var/task/lib",
                          "/var/runtime", "/var/lang", "/opt", "/run", "/.host"})
    if (::mkdir((root + dir).c_str(), 0755) != 0) return dir;
  for (const char* name : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/libx32"})
    if (!mirror(name, root)) return name;
  if (!make_lib64(root)) return "/lib64";
  if (!make_sh_bash(root)) return "bash as /bin/sh";
  if (const char* step = build_etc(root, ground.host.resolv_conf)) return step;
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"})
    if (!bind_device(device, root)) return device;
  const char* links[][2] = {{"/proc/self/fd", "/dev/fd"},
                            {"/proc/self/fd/0", "/dev/stdin"},
                            {"/proc/self/fd/1", "/dev/stdout"},
                            {"/proc/self/fd/2", "/dev/stderr"},
                            // ES modules find no NODE_PATH, but what is above the package: without
                            // hooks, which cost a cold start 40 ms (runtimes/nodejs/handler.mjs).
                            {"/opt/nodejs/node_modules", "/var/node_modules"},
                            {"/var/runtime/node_modules", "/node_modules"},
                            {"/var/runtime/lambda-entrypoint.sh", "/lambda-entrypoint.sh"}};
  for (const auto& link : links)
    if (::symlink(link[0], (root + link[1]).c_str()) != 0) return link[1];
  if (!bind_read_only(options.runtimes_dir, root + "/var/runtime", 0)) return "runtimes folder";
  if (!link_aws_sdk(root)) return "the AWS SDK for JavaScript";
  if (::access("/run/systemd/resolve", F_OK) == 0) {  // where /etc/resolv.conf may point
    ::mkdir((root + "/run/systemd").c_str(), 0755);
    ::mkdir((root + "/run/systemd/resolve").c_str(), 0755);
    bind_read_only("/run/systemd/resolve", root + "/run/systemd/resolve", MS_REC);
  }
  if (::syscall(SYS_pivot_root, root.c_str(), (root + "/.host").c_str()) != 0) return "pivot_root";
  if (::chdir("/") != 0) return "chdir";
  if (::geteuid() == 0) {
    ground.users_folder = make_users_folder(options);
    if (ground.users_folder.empty()) return "a place for the sandboxes' users";
  }
  if (::mount(nullptr, "/", nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV,
              nullptr) != 0)
    return "read-only root";
  ground.host.root = "/.host";
  ground.host.passes_mounts =
      options.mount_fds && static_cast<bool>(open_mount(ground.host.root + options.runtimes_dir));
  return nullptr;
}

}  // namespace

bool bind_read_only(const std::string& from, const std::string& to, unsigned long recursive) {
  if (::mount(from.c_str(), to.c_str(), nullptr, MS_BIND | recursive, nullptr) != 0) return false;
  struct statvfs fs = {};
  unsigned long keep = 0;
  if (::statvfs(to.c_str(), &fs) == 0 && (fs.f_flag & ST_NOEXEC) != 0) keep |= MS_NOEXEC;
  return ::mount(nullptr, to.c_str(), nullptr,
                 MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | keep, nullptr) == 0;
}

Ground prepare_ground(const LauncherOptions& options) {
  Ground ground;
  ground.heap_begin = heap_begin();  // while /proc is the machine's
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (has_uids_for_sandboxes()) {
    if (::unshare(CLONE_NEWNS) != 0) {
      ground.warning = std::string("no mount namespace (") + std::strerror(errno) +
                       "): functions run in place, see the host's files and share /tmp";
      return ground;
    }
    if (const char* step = build_root(options, ground)) {
      ground.warning = std::string("cannot build the sandboxes' root file system (") + step + ": " +
                       std::strerror(errno) +
                       "): functions run in place, see the host's files and share /tmp";
      return ground;
    }
    ground.isolation = Isolation::kFull;
    return ground;
  }
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
      write_text("/proc/self/setgroups", "deny") != 0 ||
      write_text("/proc/self/uid_map",
                 std::to_string(kLambdaUid) + " " + std::to_string(uid) + " 1") != 0 ||
      write_text("/proc/self/gid_map",
                 std::to_string(kLambdaGid) + " " + std::to_string(gid) + " 1") != 0) {
    ground.warning = std::string("no user namespace (") + std::strerror(errno) +
                     "): functions run in place, see your files and share /tmp";
    return ground;
  }
  if (const char* step = build_root(options, ground)) {
    ground.warning = std::string("cannot build the sandboxes' root file system (") + step + ": " +
                     std::strerror(errno) +
                     "): functions run in place, see your files and share /tmp";
    return ground;
  }
  ground.isolation = Isolation::kUserNamespace;
  ground.warning =
      uid == 0 ? "root of a user namespace without the uids of environments (" +
                     std::to_string(kFirstUid) +
                     " and up): all functions run under Kiln's own uid. A container that root runs "
                     "without a user namespace has them"
               : "not root: all functions run under your own uid";
  return ground;
}

}  // namespace kiln::sandbox
