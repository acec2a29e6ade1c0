#include "sandbox/sandbox_etc.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <optional>
#include <vector>

#include "base/unique_fd.h"
#include "sandbox/sandbox_process.h"

namespace kiln::sandbox {
namespace {

constexpr std::string_view kNsswitch =
    "passwd: files\n"
    "group: files\n"
    "shadow: files\n"
    "hosts: files dns\n"
    "networks: files\n"
    "protocols: files\n"
    "services: files\n"
    "rpc: files\n";

// Small files of the machine, copied: a mount for each would be copied with every sandbox.
constexpr std::array kCopied = {"ld.so.cache",    "ld.so.conf", "host.conf",  "gai.conf",
                                "protocols",      "services",   "networks",   "rpc",
                                "locale.alias",   "magic",      "magic.mime", "os-release",
                                "system-release", "shells"};

// Folders of the machine that are bound as they are.
constexpr std::array kBound = {"ssl", "pki", "crypto-policies", "alternatives", "fonts"};
// And those whose names begin so: configuration that packages link to from /usr.
constexpr std::array kBoundPrefixes = {"java-", "ImageMagick-"};

std::optional<std::string> read_whole(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string text;
  char chunk[16 * 1024];
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) return text;
    text.append(chunk, static_cast<size_t>(n));
  }
}

bool write_whole(const std::string& path, std::string_view text) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return false;
  while (!text.empty()) {
    const ssize_t n = ::write(fd.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool is_folder(const std::string& path) {
  struct stat st = {};
  return ::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

std::vector<std::string> bound_folders() {
  std::vector<std::string> names;
  for (const char* name : kBound)
    if (is_folder(std::string("/etc/") + name)) names.emplace_back(name);
  if (DIR* dir = ::opendir("/etc")) {
    while (const dirent* entry = ::readdir(dir))
      for (const char* prefix : kBoundPrefixes)
        if (std::string_view(entry->d_name).starts_with(prefix) &&
            is_folder(std::string("/etc/") + entry->d_name))
          names.emplace_back(entry->d_name);
    ::closedir(dir);
  }
  return names;
}

// systemd-resolved's files are seen in place, at /run/systemd/resolve; anything else is copied.
bool make_resolv_conf(const std::string& etc, ResolvConf& out) {
  char target[PATH_MAX];
  const ssize_t n = ::readlink("/etc/resolv.conf", target, sizeof target - 1);
  if (n > 0) {
    target[n] = '\0';
    if (std::string_view(target).find("run/systemd/resolve") != std::string_view::npos)
      return ::symlink(target, (etc + "/resolv.conf").c_str()) == 0;
  }
  char real[PATH_MAX];
  const auto text = read_whole("/etc/resolv.conf");
  if (!text || ::realpath("/etc/resolv.conf", real) == nullptr) return true;  // there is no network
  if (::stat(real, &out.seen) == 0) out.path = real;
  return write_whole(etc + "/resolv.conf", *text);
}

std::string_view next_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

std::string passwd_text(uint32_t uid, uint32_t gid) {
  return "root:x:0:0:root:/root:/bin/bash\n"
         "bin:x:1:1:bin:/bin:/sbin/nologin\n"
         "daemon:x:2:2:daemon:/sbin:/sbin/nologin\n"
         "nobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin\n" +
         std::string(kUserName) + ":x:" + std::to_string(uid) + ":" + std::to_string(gid) +
         "::/home/" + kUserName + ":/sbin/nologin\n";
}

std::string group_text() {
  // The function's own group has no name, as on AWS.
  return "root:x:0:\nbin:x:1:\ndaemon:x:2:\nnobody:x:65534:\n";
}

std::string hosts_text(std::string_view machine) {
  std::string out =
      "127.0.0.1 localhost localhost.localdomain kiln\n"
      "::1 localhost6 localhost6.localdomain6\n";
  while (!machine.empty()) {
    std::string_view line = next_line(machine);
    line = line.substr(0, line.find('#'));
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) continue;
    line = line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
    // Names of the machine itself and of its loopback are those above.
    if (line.starts_with("127.") || line.starts_with("::1") || line.starts_with("fe00::") ||
        line.starts_with("ff0"))
      continue;
    out.append(line) += '\n';
  }
  return out;
}

const char* build_etc(const std::string& root, ResolvConf& resolv_conf) {
  const std::string etc = root + "/etc";
  if (::mkdir(etc.c_str(), 0755) != 0) return "mkdir /etc";
  const std::string hosts = hosts_text(read_whole("/etc/hosts").value_or(""));
  const std::pair<const char*, std::string> own[] = {
      {"/passwd", passwd_text(kLambdaUid, kLambdaGid)},
      {"/group", group_text()},
      {"/hosts", hosts},
      {"/hostname", "kiln\n"},
      {"/nsswitch.conf", std::string(kNsswitch)},
      {"/timezone", "Etc/UTC\n"}};
  for (const auto& [name, text] : own)
    if (!write_whole(etc + name, text)) return name;
  if (::symlink("/usr/share/zoneinfo/UTC", (etc + "/localtime").c_str()) != 0) return "localtime";
  if (::symlink("/proc/self/mounts", (etc + "/mtab").c_str()) != 0) return "mtab";
  for (const char* name : kCopied)
    if (const auto text = read_whole(std::string("/etc/") + name))
      if (!write_whole(etc + "/" + name, *text)) return name;
  if (!make_resolv_conf(etc, resolv_conf)) return "resolv.conf";
  for (const auto& name : bound_folders()) {
    const std::string to = etc + "/" + name;
    ::mkdir(to.c_str(), 0755);
    if (!bind_read_only("/etc/" + name, to, MS_REC)) return "a folder of /etc";
  }
  return nullptr;
}

std::string changed_resolv_conf(const HostView& host) {
  if (host.resolv_conf.path.empty()) return {};
  std::string path = host.root + host.resolv_conf.path;
  struct stat now = {};
  if (::stat(path.c_str(), &now) != 0) return {};
  const struct stat& seen = host.resolv_conf.seen;
  const bool same = now.st_ino == seen.st_ino && now.st_dev == seen.st_dev &&
                    now.st_mtim.tv_sec == seen.st_mtim.tv_sec &&
                    now.st_mtim.tv_nsec == seen.st_mtim.tv_nsec;
  return same ? std::string() : path;
}

}  // namespace kiln::sandbox
