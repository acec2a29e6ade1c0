// The /etc that sandboxes see: Lambda's user, names and time, and of the machine only what programs
// need to run: its libraries' cache, certificates, alternatives, fonts. Nothing of its users.
//
// The texts are pure; build_etc runs once, in the launcher, before there is a sandbox.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace kiln::sandbox {

// The user and group that AWS's functions run as. A sandbox that has a uid of its own has it under
// the same name.
inline constexpr const char* kUserName = "sbx_user1051";
inline constexpr uint32_t kLambdaUid = 993;
inline constexpr uint32_t kLambdaGid = 990;

std::string passwd_text(uint32_t uid, uint32_t gid);
std::string group_text();
// The machine's names but for its own: /etc/hosts is how developers name their other servers.
std::string hosts_text(std::string_view machine);

// Where the machine's name servers stand, and as which file. Networks come and go: an environment
// that starts later gets the file that is there then.
struct ResolvConf {
  std::string path;  // without links; empty: a link that sandboxes follow themselves, or none
  struct stat seen = {};
};

// The machine's file system, where a process sees it that opens mounts for sandboxes.
struct HostView {
  std::string root;  // "/.host" in the launcher, "" in the engine
  ResolvConf resolv_conf;
  bool passes_mounts = false;  // the kernel passes mounts on, see sandbox_mounts.h
};

// Fills root + "/etc". Returns the name of the step that failed, or nullptr.
const char* build_etc(const std::string& root, ResolvConf& resolv_conf);

// The path of a resolv.conf that is newer than the one seen; empty: there is none.
std::string changed_resolv_conf(const HostView& host);

}  // namespace kiln::sandbox
