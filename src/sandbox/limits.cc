#include "sandbox/limits.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/own_cgroup.h"
#include "base/replace_file.h"
#include "base/thread_start.h"
#include "sandbox/activity.h"
#include "sandbox/descriptors.h"

namespace kiln::sandbox {
namespace {

constexpr std::array<const char*, 3> kControllers = {"cpu", "memory", "pids"};
// All environments of a loop have 1,024 together, the kernel's default of a group.
constexpr int kFavoredShares = 4'096;
// Milliseconds that an engine's groups may take to become empty, all together.
constexpr int kMostTries = 500;

// Returns errno, 0 for success.
int write_file(const std::string& path, const std::string& value) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno;
  return ::write(fd.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size())
             ? 0
             : errno;
}

std::string read_at(int fd) {
  char text[4096];
  const ssize_t n = ::pread(fd, text, sizeof text, 0);
  return n > 0 ? std::string(text, static_cast<size_t>(n)) : std::string();
}

uint64_t number_after(const std::string& text, const std::string& key) {
  std::istringstream in(text);
  std::string name;
  uint64_t value = 0;
  while (in >> name >> value)
    if (name == key) return value;
  return 0;
}

std::vector<pid_t> pids_in(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<pid_t> out;
  pid_t pid = 0;
  char text[4096];
  for (ssize_t n; fd && (n = ::read(fd.get(), text, sizeof text)) > 0;) {
    for (const char c : std::string_view(text, static_cast<size_t>(n))) {
      if (c != '\n') {
        pid = pid * 10 + (c - '0');
      } else {
        if (pid > 0) out.push_back(pid);  // 0: of another namespace
        pid = 0;
      }
    }
  }
  return out;
}

std::string text_of(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd ? read_at(fd.get()) : std::string();
}

uint64_t number_in(const std::string& path) {
  return std::strtoull(text_of(path).c_str(), nullptr, 10);
}

// None if one can't be opened.
std::vector<UniqueFd> open_all(const std::vector<std::string>& paths, int flags) {
  std::vector<UniqueFd> fds;
  for (const auto& path : paths)
    if (!fds.emplace_back(::open(path.c_str(), flags | O_CLOEXEC))) return {};
  return fds;
}

using MakeDir = int (*)(const char*, unsigned);

int kernel_mkdir(const char* path, unsigned mode) { return ::mkdir(path, mode); }

class CgroupV1 final : public Cgroup {
 public:
  static std::unique_ptr<CgroupV1> create(const std::vector<std::string>& parents,
                                          const std::string& freezer, const std::string& name,
                                          MakeDir make_dir) {
    auto group = std::unique_ptr<CgroupV1>(new CgroupV1);
    if (!freezer.empty()) group->freezer_ = freezer + "/" + name;
    group->make_dir_ = make_dir;
    for (const auto& parent : parents) {
      const std::string path = parent + "/" + name;
      if (make_dir(path.c_str(), 0755) != 0) return fail(std::move(group), errno);
      group->paths_.push_back(path);
    }
    const int fault = write_file(group->paths_[0] + "/cpu.cfs_period_us",
                                 std::to_string(ResourceLimits::kCpuPeriodUs));
    if (fault != 0) return fail(std::move(group), fault);
    return group;
  }
  // What was made of it is removed, and the reason kept.
  static std::unique_ptr<CgroupV1> fail(std::unique_ptr<CgroupV1> group, int why) {
    group.reset();
    errno = why;
    return nullptr;
  }
  ~CgroupV1() override {
    for (const auto& path : paths_) ::rmdir(path.c_str());
    if (in_freezer_) ::rmdir(freezer_.c_str());
  }
  // The processes go into a group of the freezer when they are first frozen: most never are.
  bool freeze(bool frozen) override {
    if (freezer_.empty()) return false;
    if (!in_freezer_) {
      if (!frozen) return true;
      if (make_dir_(freezer_.c_str(), 0755) != 0) return false;
      in_freezer_ = true;
    }
    // What they start meanwhile is born where they are.
    for (int turn = 0; frozen && turn < 8; ++turn) {
      const auto all = processes(), there = pids_in(freezer_ + "/cgroup.procs");
      if (std::is_permutation(all.begin(), all.end(), there.begin(), there.end())) break;
      for (const pid_t pid : all) write_file(freezer_ + "/cgroup.procs", std::to_string(pid));
    }
    return write_file(freezer_ + "/freezer.state", frozen ? "FROZEN" : "THAWED") == 0;
  }
  std::vector<pid_t> processes() override { return pids_in(paths_[1] + "/cgroup.procs"); }
  // Where the controllers cpu and cpuacct are mounted together, as nearly everywhere.
  uint64_t cpu_ns() override {
    if (!counts_cpu_) return 0;
    errno = 0;
    const std::string ns = text_of(paths_[0] + "/cpuacct.usage");
    counts_cpu_ = !ns.empty() || errno != ENOENT;
    return std::strtoull(ns.c_str(), nullptr, 10);
  }
  Result<void> set_memory(const ResourceLimits& limits) override {
    const std::string bytes = std::to_string(int64_t{limits.memory_mb} * 1024 * 1024);
    // Without swap the limit is the limit. Kernels without swap accounting lack the file.
    const std::string with_swap = paths_[1] + "/memory.memsw.limit_in_bytes";
    int e = write_file(paths_[1] + "/memory.limit_in_bytes", bytes);
    if (e == EINVAL && write_file(with_swap, bytes) == 0)  // it may not be above the other
      e = write_file(paths_[1] + "/memory.limit_in_bytes", bytes);
    if (e == 0) {
      write_file(with_swap, bytes);
      e = write_file(paths_[2] + "/pids.max", std::to_string(limits.max_processes));
    }
    if (e != 0)
      return machine_error("CgroupError", "cannot limit " + paths_[1] + " to " + bytes + " bytes",
                           e);
    return {};
  }
  void set_cpu_quota(const ResourceLimits& limits) override {
    write_file(paths_[0] + "/cpu.cfs_quota_us",
               std::to_string(std::max(1000, limits.cpu_quota_us())));
  }
  uint64_t peak_memory_bytes() override {
    return number_in(paths_[1] + "/memory.max_usage_in_bytes");
  }
  uint64_t memory_bytes() const override { return number_in(paths_[1] + "/memory.usage_in_bytes"); }
  bool oom_killed() override {
    return number_after(text_of(paths_[1] + "/memory.oom_control"), "oom_kill") > 0;
  }
  // `tasks` and not `cgroup.procs`: moving a single thread takes no lock on all of the machine's
  // processes.
  std::vector<UniqueFd> join_fds() const override {
    return open_all({paths_[0] + "/tasks", paths_[1] + "/tasks", paths_[2] + "/tasks"}, O_WRONLY);
  }

 private:
  std::vector<std::string> paths_;  // cpu, memory, pids
  std::string freezer_;             // made when it is first needed; empty: none
  bool in_freezer_ = false;
  bool counts_cpu_ = true;  // until it is found that it does not
  MakeDir make_dir_ = nullptr;
};

class CgroupV2 final : public Cgroup {
 public:
  static std::unique_ptr<CgroupV2> create(const std::string& parent, const std::string& name,
                                          MakeDir make_dir) {
    auto group = std::unique_ptr<CgroupV2>(new CgroupV2);
    const std::string path = parent + "/" + name;
    if (make_dir(path.c_str(), 0755) != 0) return nullptr;
    group->path_ = path;
    // Kernels before 5.19 don't have the peak: the highest use that was seen stands in for it.
    if (::access((path + "/memory.peak").c_str(), R_OK) != 0) group->peak_file_ = "/memory.current";
    return group;
  }
  ~CgroupV2() override {
    if (!path_.empty()) ::rmdir(path_.c_str());
  }
  bool freeze(bool frozen) override {
    return write_file(path_ + "/cgroup.freeze", frozen ? "1" : "0") == 0;
  }
  std::vector<pid_t> processes() override { return pids_in(path_ + "/cgroup.procs"); }
  uint64_t cpu_ns() override {
    return number_after(text_of(path_ + "/cpu.stat"), "usage_usec") * 1000;
  }
  Result<void> set_memory(const ResourceLimits& limits) override {
    const std::string bytes = std::to_string(int64_t{limits.memory_mb} * 1024 * 1024);
    int e = write_file(path_ + "/memory.max", bytes);
    if (e == 0) {
      write_file(path_ + "/memory.swap.max", "0");
      e = write_file(path_ + "/pids.max", std::to_string(limits.max_processes));
    }
    if (e != 0)
      return machine_error("CgroupError", "cannot limit " + path_ + " to " + bytes + " bytes", e);
    return {};
  }
  void set_cpu_quota(const ResourceLimits& limits) override {
    write_file(path_ + "/cpu.max", std::to_string(std::max(1000, limits.cpu_quota_us())) + " " +
                                       std::to_string(ResourceLimits::kCpuPeriodUs));
  }
  uint64_t peak_memory_bytes() override { return number_in(path_ + peak_file_); }
  uint64_t memory_bytes() const override { return number_in(path_ + "/memory.current"); }
  bool oom_killed() override {
    return number_after(text_of(path_ + "/memory.events"), "oom_kill") > 0;
  }
  std::vector<UniqueFd> join_fds() const override {
    return open_all({path_}, O_RDONLY | O_DIRECTORY);
  }

 private:
  std::string path_;
  const char* peak_file_ = "/memory.peak";
};

bool has_word(const std::string& path, const std::string& word) {
  std::ifstream in(path);
  std::string w;
  while (in >> w)
    if (w == word) return true;
  return false;
}

// Candidate parents: our own group first (it may be delegated to us), then the top.
std::vector<std::string> parents_of(const std::string& mount,
                                    const std::optional<std::string>& own) {
  std::vector<std::string> out;
  if (own && !own->empty()) out.push_back(mount + *own);
  out.push_back(mount);
  return out;
}

std::string make_parent(const std::string& mount, const std::optional<std::string>& own,
                        const std::string& name, MakeDir make_dir) {
  for (const auto& parent : parents_of(mount, own)) {
    const std::string path = parent + "/" + name;
    if (make_dir(path.c_str(), 0755) == 0 || errno == EEXIST) return path;
  }
  return {};
}

std::string make_v2_parent(const std::string& mount, const std::optional<std::string>& own,
                           const std::string& name, MakeDir make_dir) {
  for (const auto& parent : parents_of(mount, own)) {
    for (const char* controller : kControllers)
      if (!has_word(parent + "/cgroup.subtree_control", controller))
        write_file(parent + "/cgroup.subtree_control", std::string("+") + controller);
    const std::string path = parent + "/" + name;
    if (make_dir(path.c_str(), 0755) != 0 && errno != EEXIST) continue;
    const bool all =
        std::all_of(kControllers.begin(), kControllers.end(), [&](const char* controller) {
          return has_word(path + "/cgroup.controllers", controller) &&
                 write_file(path + "/cgroup.subtree_control", std::string("+") + controller) == 0;
        });
    if (all) return path;
    ::rmdir(path.c_str());
  }
  return {};
}

// A frozen process is killed only once it is thawed.
void thaw(const std::string& group) {
  for (const auto& [file, word] :
       {std::pair{"/freezer.state", "THAWED"}, std::pair{"/cgroup.freeze", "0"}}) {
    const UniqueFd fd(::open((group + file).c_str(), O_WRONLY | O_CLOEXEC));
    if (fd) [[maybe_unused]]
      const ssize_t n = ::write(fd.get(), word, std::strlen(word));
  }
}

// What is left in it was killed with its launcher, or is a thread that has just been joined, and
// needs a moment for its end: a millisecond each time, while there are `tries`.
void remove_group(const std::string& path, int& tries) {
  thaw(path);
  while (::rmdir(path.c_str()) != 0 && errno == EBUSY && tries > 0) {
    --tries;
    ::usleep(1000);
  }
}

void remove_tree(const std::string& path, int& tries) {
  if (DIR* dir = ::opendir(path.c_str())) {
    while (const dirent* entry = ::readdir(dir))
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
        remove_group(path + "/" + entry->d_name, tries);
    ::closedir(dir);
  }
  ::rmdir(path.c_str());
}

// The process that has made groups, lest it take them for those of one before.
std::atomic<pid_t> maker = 0;

// One that nobody has waited for yet has ended, too: its parent may have been killed before it. In
// a container each engine may have the same number.
bool is_gone(pid_t pid) {
  if (pid == ::getpid()) return maker != pid;
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  return state_of("/proc/" + std::to_string(pid)) == 'Z';
}

using Groups = std::vector<std::pair<pid_t, std::string>>;

// The groups of engines below `parent`: process and name. nullopt: it can't be opened, see errno.
std::optional<Groups> groups_in(const std::string& parent) {
  Groups out;
  DIR* dir = ::opendir(parent.c_str());
  if (dir == nullptr) return std::nullopt;
  while (const dirent* entry = ::readdir(dir)) {
    if (std::strncmp(entry->d_name, "kiln-", 5) != 0) continue;
    const long pid = std::strtol(entry->d_name + 5, nullptr, 10);
    if (pid > 0) out.emplace_back(static_cast<pid_t>(pid), entry->d_name);
  }
  ::closedir(dir);
  return out;
}

void sweep_in(const std::string& parent) {
  for (const auto& [pid, name] : groups_in(parent).value_or(Groups())) {
    int tries = kMostTries;
    if (is_gone(pid)) remove_tree(parent + "/" + name, tries);
  }
}

// Whether no engine has left anything there. A parent that can't be opened now may be seen again.
bool holds_nothing(const std::string& parent) {
  const auto groups = groups_in(parent);
  return groups ? groups->empty() : errno == ENOENT;
}

// Nothing outside of the file system of control groups, whatever the file says.
std::vector<std::string> known_parents(const CgroupFactory::Paths& paths) {
  std::vector<std::string> out;
  std::ifstream in(paths.known);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(paths.mount + "/") && line.find("/..") == std::string::npos)
      out.push_back(std::move(line));
  return out;
}

// Threads of this process begin in the group whose `tasks` file this is. All loops of a process
// say the same.
void return_threads_to(const std::string& tasks) {
  static const std::string file = tasks;
  set_thread_start([] { write_file(file, "0"); });
}

}  // namespace

CgroupFactory CgroupFactory::detect(const Paths& paths, const std::string& tag) {
  maker = ::getpid();
  CgroupFactory factory;
  factory.make_dir_ = paths.make_dir != nullptr ? paths.make_dir : kernel_mkdir;
  const std::string name = "kiln-" + tag;
  if (has_word(paths.mount + "/cgroup.controllers", "memory")) {
    const std::string parent =
        make_v2_parent(paths.mount, own_cgroup(paths.self, ""), name, factory.make_dir_);
    if (!parent.empty()) {
      factory.kind_ = LimitsKind::kCgroupV2;
      factory.parents_ = {parent};
    }
  } else {
    for (const char* controller : kControllers) {
      const std::string parent =
          make_parent(paths.mount + "/" + controller, own_cgroup(paths.self, controller), name,
                      factory.make_dir_);
      if (!parent.empty()) factory.parents_.push_back(parent);
    }
    if (factory.parents_.size() == kControllers.size()) {
      factory.kind_ = LimitsKind::kCgroupV1;
      factory.home_ =
          paths.mount + "/cpu" + own_cgroup(paths.self, "cpu").value_or(std::string()) + "/tasks";
      factory.freezer_ = make_parent(paths.mount + "/freezer", own_cgroup(paths.self, "freezer"),
                                     name, factory.make_dir_);
    }
  }
  if (factory.kind_ != LimitsKind::kRlimit) {
    auto probe = factory.make_fresh();
    if (!probe || !probe->set_memory({})) factory.kind_ = LimitsKind::kRlimit;
  }
  if (factory.kind_ == LimitsKind::kRlimit) {
    for (const auto& parent : factory.parents_) ::rmdir(parent.c_str());
    factory.parents_.clear();
    if (!factory.freezer_.empty()) ::rmdir(factory.freezer_.c_str());
    factory.freezer_.clear();
    factory.warning_ =
        "no cgroup can be made here: memory is limited by RLIMIT_DATA per process, CPU share is "
        "not limited, and Max "
        "Memory Used is the main process's. Run as root, or with a delegated cgroup, to enforce "
        "all limits.";
  }
  return factory;
}

CgroupFactory::~CgroupFactory() {
  spares_.clear();
  // With the groups of processes that have only just ended. First the freezer: who was killed while
  // it was frozen ends when it is thawed.
  int tries = kMostTries;
  if (!freezer_.empty()) remove_tree(freezer_, tries);
  for (const auto& parent : parents_) remove_tree(parent, tries);
  if (!favored_.empty()) remove_group(favored_, tries);
}

std::unique_ptr<Cgroup> CgroupFactory::make_fresh() {
  if (kind_ == LimitsKind::kRlimit) return nullptr;
  // A group whose last process has not quite gone could not be removed, and keeps its name.
  constexpr int kTries = 64;
  for (int tries = 0; tries < kTries; ++tries) {
    const std::string name = "env-" + std::to_string(++serial_);
    std::unique_ptr<Cgroup> group;
    if (kind_ == LimitsKind::kCgroupV2)
      group = CgroupV2::create(parents_[0], name, make_dir_);
    else
      group = CgroupV1::create(parents_, freezer_, name, make_dir_);
    if (group || errno != EEXIST) return group;
  }
  return nullptr;
}

std::unique_ptr<Cgroup> CgroupFactory::make() {
  if (spares_.empty()) return make_fresh();
  auto group = std::move(spares_.front());
  spares_.pop_front();
  return group;
}

void CgroupFactory::favor_this_thread() {
  if (kind_ != LimitsKind::kCgroupV1 || !favored_.empty()) return;
  return_threads_to(home_);
  const std::string path = parents_[0] + "-loop";
  if (make_dir_(path.c_str(), 0755) != 0) return;
  favored_ = path;
  if (write_file(path + "/cpu.shares", std::to_string(kFavoredShares)) == 0)
    write_file(path + "/tasks", "0");
}

void CgroupFactory::refill(size_t spare) {
  while (kind_ != LimitsKind::kRlimit && spares_.size() < spare) {
    auto group = make_fresh();
    if (!group) return;
    spares_.push_back(std::move(group));
  }
}

void CgroupFactory::sweep(const Paths& paths) {
  std::vector<std::string> here = parents_of(paths.mount, own_cgroup(paths.self, ""));
  // The freezer first: the other groups are empty once its processes have ended.
  for (const char* controller : {"freezer", "cpu", "memory", "pids"})
    for (std::string& parent :
         parents_of(paths.mount + "/" + controller, own_cgroup(paths.self, controller)))
      here.push_back(std::move(parent));
  std::vector<std::string> kept;
  for (const std::string& parent : known_parents(paths)) {
    if (std::find(here.begin(), here.end(), parent) != here.end()) continue;
    sweep_in(parent);
    if (!holds_nothing(parent)) kept.push_back(parent);
  }
  for (const std::string& parent : here) sweep_in(parent);
  if (paths.known.empty()) return;
  kept.insert(kept.end(), here.begin(), here.end());
  std::string text;
  for (const std::string& parent : kept) text += parent + '\n';
  replace_file(paths.known, text);
}

}  // namespace kiln::sandbox
