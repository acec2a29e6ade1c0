#include "cli/machine_checks.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/descriptor_need.h"
#include "base/interpreters.h"
#include "base/json_access.h"
#include "base/user_ids.h"
#include "cli/size_text.h"
#include "cli/state_folder.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

// The first line that a program prints; "" when it isn't there or fails.
std::string first_line_of(const char* command) {
  FILE* pipe = ::popen((std::string(command) + " 2>/dev/null").c_str(), "re");
  if (pipe == nullptr) return "";
  std::array<char, 256> line{};
  const bool read = std::fgets(line.data(), line.size(), pipe) != nullptr;
  if (::pclose(pipe) != 0 || !read) return "";
  std::string text(line.data());
  text.erase(text.find_last_not_of("\r\n") + 1);
  return text;
}

// Tries it in a child, so that this process stays where it is. Returns the errno, 0 for success.
int try_namespaces(int flags) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::unshare(flags) == 0 ? 0 : std::min(errno, 255));
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return ECHILD;
  return WEXITSTATUS(status);
}

MachineCheck kernel() {
  utsname name{};
  ::uname(&name);
  const bool root = ::geteuid() == 0;
  return {"system", Health::kGood,
          std::string("kiln ") + KILN_VERSION + " on Linux " + name.release + " " + name.machine +
              (root ? ", as root" : ", as an ordinary user"),
          ""};
}

MachineCheck namespaces() {
  const bool root = has_uids_for_sandboxes();
  const int error = try_namespaces(root ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS);
  if (error == 0)
    return {"namespaces", Health::kGood,
            root ? "each environment gets its own, and its own uid"
                 : "each environment gets its own; all have your uid",
            ""};
  return {"namespaces", Health::kLimited,
          std::string("none (") + std::strerror(error) +
              "): functions run in place, see your files, and share /tmp",
          root
              ? "give the container CAP_SYS_ADMIN (--cap-add SYS_ADMIN), or run it unconfined"
              : "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1; on Ubuntu 24.04 "
                "sysctl kernel.apparmor_restrict_unprivileged_userns=0"};
}

// Kiln looks at its own group first, which may be delegated to it, then at the top.
bool writable_cgroup(std::string& where) {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(':', line.find(':') + 1);
    if (colon == std::string::npos) continue;
    const std::string controllers = line.substr(line.find(':') + 1, colon - line.find(':') - 1);
    const std::string mount =
        controllers.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controllers;
    if (!controllers.empty() && controllers.find("memory") == std::string::npos) continue;
    for (const std::string& path : {mount + line.substr(colon + 1), mount}) {
      if (::access((path + "/cgroup.procs").c_str(), W_OK) == 0) {
        where = (controllers.empty() ? "v2, " : "v1, ") + path;
        return true;
      }
    }
  }
  return false;
}

MachineCheck cgroups() {
  std::string where;
  if (writable_cgroup(where))
    return {"cgroup", Health::kGood, where + ": memory, CPU, and processes are limited", ""};
  return {"cgroup", Health::kLimited,
          "none that Kiln may write: MemorySize limits the heap alone, and CPU isn't limited",
          "run it as root, or as a systemd service with Delegate=yes; in a container mount "
          "/sys/fs/cgroup writable (--privileged, or --cgroupns=private with a delegated group)"};
}

// All interpreters of a language, as runtimes of their versions would find them.
MachineCheck interpreters(const char* name, const std::string& runtime, const char* package) {
  const Interpreters machine;
  std::string found;
  for (const Interpreter& one : machine.all()) {
    const bool python = fs::path(one.path).filename().string().starts_with("python");
    if (python != runtime.starts_with("python")) continue;
    found += (found.empty() ? "" : ", ") + one.version + " (" + one.path + ")";
  }
  if (!found.empty()) return {name, Health::kGood, found, ""};
  return {name, Health::kLimited, "not there: functions of its runtimes can't start",
          std::string("install it, such as Debian's package ") + package};
}

MachineCheck shell() {
  if (::access("/bin/bash", X_OK) == 0 || ::access("/usr/bin/bash", X_OK) == 0)
    return {"shell", Health::kGood, "bash is /bin/sh in sandboxes, as on AWS", ""};
  return {"shell", Health::kLimited, "no bash: scripts see the machine's /bin/sh",
          "install bash, which is /bin/sh on AWS"};
}

MachineCheck endpoint(const ApiOptions& api) {
  if (const Result<void> checked = check_endpoint(api.endpoint); !checked)
    return {"endpoint", Health::kBroken, checked.error().message,
            "correct --endpoint, KILN_ENDPOINT, or AWS_ENDPOINT_URL"};
  Result<ApiClient> client = ApiClient::create(api);
  if (!client) return {"endpoint", Health::kBroken, client.error().message, "install libcurl4"};
  const auto answer =
      client->send({.path = "/_kiln/health", .time_limit = std::chrono::seconds(3)});
  if (!answer)
    return {"endpoint", Health::kGood, "nothing listens at " + api.endpoint + " yet", ""};
  const auto document = json_parse(answer->body);
  if (string_at(document, "status") == "running")
    return {"endpoint", Health::kGood,
            "kiln " + string_at(document, "version") + " serves at " + api.endpoint, ""};
  return {"endpoint", Health::kLimited, "another server answers at " + api.endpoint,
          "start Kiln on another port, as in `kiln serve --port 4567`, and set KILN_ENDPOINT"};
}

// Of the engine that runs on this machine; "": none answers, or it is elsewhere.
std::string folder_in_use(const ApiOptions& api) {
  Result<ApiClient> client = ApiClient::create(api);
  if (!client) return "";
  const auto answer =
      client->send({.path = "/_kiln/status", .time_limit = std::chrono::seconds(3)});
  if (!answer || answer->status != 200) return "";
  const std::string folder = string_at(json_parse(answer->body), "dataDir");
  std::error_code ec;
  return folder.starts_with('/') && fs::is_directory(folder, ec) ? folder : "";
}

// Of the running engine, else where `kiln serve` would keep it.
MachineCheck state_folder(const ApiOptions& api) {
  constexpr uint64_t kLittle = 1ULL << 30U;
  const std::string used = folder_in_use(api);
  const Result<std::string> folder = used.empty() ? default_state_folder() : used;
  if (!folder) return {"state", Health::kLimited, folder.error().message, "use --data-dir"};
  fs::path there = *folder;
  std::error_code ec;
  while (!fs::exists(there, ec) && there.has_parent_path() && there != there.parent_path())
    there = there.parent_path();
  if (::access(there.c_str(), W_OK) != 0)
    return {"state", Health::kLimited, *folder + " can't be written", "use --data-dir or --here"};
  struct statvfs disk {};
  if (::statvfs(there.c_str(), &disk) != 0) return {"state", Health::kGood, *folder, ""};
  const uint64_t free = disk.f_bavail * disk.f_frsize;
  const std::string found = *folder + ", " + size_text(static_cast<int64_t>(free)) + " free";
  if (free < kLittle)
    return {"state", Health::kLimited, found, "make room, or use --data-dir for another disk"};
  return {"state", Health::kGood, found, ""};
}

// As kiln serve judges it, which raises the soft limit itself.
MachineCheck open_files() {
  constexpr const char* kRaise = "raise the limit (ulimit -Hn, LimitNOFILE= of systemd)";
  constexpr uint64_t kAtOnce = 1000;  // the account concurrency that AWS and Kiln begin with
  struct rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY)
    return {"open files", Health::kGood, "no limit", ""};
  const uint64_t most = limit.rlim_max;
  const std::string found = std::to_string(most) + " allowed";
  if (most < descriptors_for(1))
    return {"open files", Health::kBroken,
            found + ", and Kiln needs " + std::to_string(descriptors_for(1)) + " at least", kRaise};
  const uint64_t fit =
      (most - kLeastDescriptors - descriptors_kept_back(most)) / kDescriptorsOfEnvironment;
  if (fit < kAtOnce)
    return {"open files", Health::kLimited,
            found + ", enough for " + (fit < 5 ? "a few" : "about " + std::to_string(fit)) +
                " environments at a time",
            std::string(kRaise) + ", or let less run at a time (kiln serve --account-concurrency)"};
  return {"open files", Health::kGood, found, ""};
}

MachineCheck runtimes() {
  const std::string folder = default_runtimes_folder();
  std::error_code ec;
  if (fs::is_directory(folder, ec)) return {"runtimes", Health::kGood, folder, ""};
  return {"runtimes", Health::kBroken, "not there: " + folder,
          "reinstall Kiln, or give the folder with `kiln serve --runtimes`"};
}

MachineCheck aws_cli() {
  const std::string version = first_line_of("aws --version 2>&1");
  return {"aws", Health::kGood, version.empty() ? "no AWS CLI; `kiln aws` needs one" : version, ""};
}

}  // namespace

std::vector<MachineCheck> check_machine(const ApiOptions& api) {
  return {kernel(),
          namespaces(),
          cgroups(),
          runtimes(),
          interpreters("python", "python3", "python3"),
          interpreters("node", "nodejs", "nodejs"),
          shell(),
          aws_cli(),
          open_files(),
          endpoint(api),
          state_folder(api)};
}

}  // namespace kiln::cli
