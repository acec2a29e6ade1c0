#include "sandbox/sandbox_mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace kiln::sandbox {
namespace {

constexpr unsigned long kSafe = MS_NOSUID | MS_NODEV;
constexpr const char* kLettingGo = "letting go of the machine's file system (umount /.host)";

// Binds a folder of the host, read-only. False: errno says why.
bool bind_code(const std::string& folder, const char* at) {
  return ::mount(("/.host" + folder).c_str(), at, nullptr, MS_BIND, nullptr) == 0 &&
         ::mount(nullptr, at, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | kSafe, nullptr) == 0;
}

// Gives the sandbox's uid its name. What was written for the slot before is the same text.
bool mount_passwd(const BlankRequest& request, const std::string& folder) {
  const std::string path = folder + "/" + std::to_string(request.slot);
  const uint32_t id = kFirstUid + request.slot;
  const std::string text = passwd_text(id, id);
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return false;
  return ::mount(path.c_str(), "/etc/passwd", nullptr, MS_BIND, nullptr) == 0;
}

std::string step_of(const std::string& folder, const char* at) {
  return "mounting " + folder + " at " + at;
}

std::string size_option(int64_t bytes) { return "mode=1777,size=" + std::to_string(bytes); }

}  // namespace

UniqueFd open_mount(const std::string& path) {
  UniqueFd fd(::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!fd) return fd;
  struct mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  attributes.propagation = MS_PRIVATE;
  if (::mount_setattr(fd.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) fd.reset();
  return fd;
}

OrderHead open_mounts(const StartOrder& order, const HostView& host,
                      std::vector<UniqueFd>& mounts) {
  OrderHead head;
  if (!host.passes_mounts) return head;
  const auto add = [&](const std::string& path, const char* target) {
    if (head.error != 0) return;
    mounts.push_back(open_mount(host.root + path));
    head.targets.emplace_back(target);
    if (mounts.back()) return;
    head.error = errno;
    head.failed_step = step_of(path, target);
  };
  add(order.task_dir, "/var/task");
  if (!order.layers_dir.empty()) add(order.layers_dir, "/opt");
  if (!order.lang_dir.empty()) add(order.lang_dir, "/var/lang");
  // What can't be put in place stays as it was: the function may still do without a network.
  if (const std::string path = changed_resolv_conf(host); !path.empty())
    if (UniqueFd fd = open_mount(path)) {
      mounts.push_back(std::move(fd));
      head.targets.emplace_back("/etc/resolv.conf");
    }
  if (head.error != 0) mounts.clear();
  return head;
}

std::string mount_blank(const BlankRequest& request, const Ground& ground) {
  if (::mount("proc", "/proc", "proc", kSafe | MS_NOEXEC, nullptr) != 0 &&
      ground.isolation == Isolation::kFull)
    return step_of("proc", "/proc");
  const std::string size = size_option(StartOrder::kBlankTmpBytes);
  if (::mount("tmpfs", "/tmp", "tmpfs", kSafe, size.c_str()) != 0)
    return step_of("a tmpfs with " + size, "/tmp");
  if (!ground.users_folder.empty() && !mount_passwd(request, ground.users_folder))
    return step_of(ground.users_folder + "/" + std::to_string(request.slot), "/etc/passwd");
  if (!request.lang_dir.empty() && !bind_code(request.lang_dir, "/var/lang"))
    return step_of(request.lang_dir, "/var/lang");
  // The dynamic linker keeps in mind which folders of LD_LIBRARY_PATH aren't there: those of the
  // package and of layers must be, or libraries that come later are not found. /var/task has its
  // own.
  if (!request.argv.empty() &&
      (::mount("tmpfs", "/opt", "tmpfs", kSafe | MS_NOEXEC, "size=64k,mode=755") != 0 ||
       ::mkdir("/opt/lib", 0755) != 0))
    return step_of("an empty tmpfs", "/opt");
  if (ground.host.passes_mounts && ::umount2("/.host", MNT_DETACH) != 0) return kLettingGo;
  return {};
}

std::string mount_order(const StartOrder& order, const OrderHead& head,
                        std::span<const UniqueFd> mounts, const Ground& ground, bool ahead) {
  const std::string size = size_option(order.tmp_bytes);
  if (order.tmp_bytes != StartOrder::kBlankTmpBytes &&
      ::mount(nullptr, "/tmp", nullptr, MS_REMOUNT | kSafe, size.c_str()) != 0)
    return step_of("a tmpfs with " + size, "/tmp");
  // The mount alone becomes read-only: a file system can't while its program, which looks for
  // libraries here, holds the folder that was just removed.
  if (ahead && order.layers_dir.empty() &&
      (::rmdir("/opt/lib") != 0 ||
       ::mount(nullptr, "/opt", nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | kSafe, nullptr) != 0))
    return step_of("an empty tmpfs", "/opt");
  const auto source_of = [&](std::string_view target) {
    return target == "/var/task"   ? order.task_dir
           : target == "/opt"      ? order.layers_dir
           : target == "/var/lang" ? order.lang_dir
                                   : ground.host.resolv_conf.path;
  };
  if (ground.host.passes_mounts) {
    for (size_t i = 0; i < mounts.size(); ++i)
      if (const std::string& target = head.targets[i];
          ::move_mount(mounts[i].get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
        return step_of(source_of(target), target.c_str());
    return {};
  }
  for (const char* target : {"/var/task", "/opt", "/var/lang"})
    if (const std::string source = source_of(target); !source.empty() && !bind_code(source, target))
      return step_of(source, target);
  if (const std::string path = changed_resolv_conf(ground.host); !path.empty())
    bind_read_only(path, "/etc/resolv.conf", 0);
  return ::umount2("/.host", MNT_DETACH) == 0 ? std::string() : kLettingGo;
}

}  // namespace kiln::sandbox
