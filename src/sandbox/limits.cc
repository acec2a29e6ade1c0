#include "sandbox/limits.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

namespace kiln::sandbox {
namespace {

constexpr std::array<const char*, 3> kControllers = {"cpu", "memory", "pids"};

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

using MakeDir = int (*)(const char*, unsigned);

int kernel_mkdir(const char* path, unsigned mode) { return ::mkdir(path, mode); }

class CgroupV1 final : public Cgroup {
 public:
  static std::unique_ptr<CgroupV1> create(const std::vector<std::string>& parents,
                                          const std::string& name, MakeDir make_dir) {
    auto group = std::unique_ptr<CgroupV1>(new CgroupV1);
    for (const auto& parent : parents) {
      const std::string path = parent + "/" + name;
      if (make_dir(path.c_str(), 0755) != 0) return nullptr;
      group->paths_.push_back(path);
      // `tasks` and not `cgroup.procs`: moving a single thread takes no lock on all of the
      // machine's processes.
      group->tasks_.emplace_back(::open((path + "/tasks").c_str(), O_WRONLY | O_CLOEXEC));
      if (!group->tasks_.back()) return nullptr;
    }
    group->peak_ = UniqueFd(
        ::open((group->paths_[1] + "/memory.max_usage_in_bytes").c_str(), O_RDWR | O_CLOEXEC));
    group->oom_ =
        UniqueFd(::open((group->paths_[1] + "/memory.oom_control").c_str(), O_RDONLY | O_CLOEXEC));
    if (!group->peak_ || !group->oom_) return nullptr;
    if (write_file(group->paths_[0] + "/cpu.cfs_period_us",
                   std::to_string(ResourceLimits::kCpuPeriodUs)) != 0)
      return nullptr;
    return group;
  }
  ~CgroupV1() override {
    for (const auto& path : paths_) ::rmdir(path.c_str());
  }
  Result<void> set_memory(const ResourceLimits& limits) override {
    const std::string bytes = std::to_string(int64_t{limits.memory_mb} * 1024 * 1024);
    int e = write_file(paths_[1] + "/memory.limit_in_bytes", bytes);
    if (e == 0) {
      // Without swap the limit is the limit. Kernels without swap accounting lack the file.
      write_file(paths_[1] + "/memory.memsw.limit_in_bytes", bytes);
      e = write_file(paths_[2] + "/pids.max", std::to_string(limits.max_processes));
    }
    if (e != 0)
      return Error{ErrorKind::kUnavailable, "CgroupError",
                   "cannot limit " + paths_[1] + " to " + bytes + " bytes: " + std::strerror(e)};
    return {};
  }
  void set_cpu_quota(const ResourceLimits& limits) override {
    write_file(paths_[0] + "/cpu.cfs_quota_us",
               std::to_string(std::max(1000, limits.cpu_quota_us())));
  }
  uint64_t peak_memory_bytes() override {
    return std::strtoull(read_at(peak_.get()).c_str(), nullptr, 10);
  }
  void reset_peak() override { [[maybe_unused]] auto n = ::pwrite(peak_.get(), "0", 1, 0); }
  bool oom_killed() override { return number_after(read_at(oom_.get()), "oom_kill") > 0; }
  std::vector<int> join_fds() const override {
    std::vector<int> fds;
    for (const auto& fd : tasks_) fds.push_back(fd.get());
    return fds;
  }

 private:
  std::vector<std::string> paths_;  // cpu, memory, pids
  std::vector<UniqueFd> tasks_;
  UniqueFd peak_, oom_;
};

class CgroupV2 final : public Cgroup {
 public:
  static std::unique_ptr<CgroupV2> create(const std::string& parent, const std::string& name,
                                          MakeDir make_dir) {
    auto group = std::unique_ptr<CgroupV2>(new CgroupV2);
    group->path_ = parent + "/" + name;
    if (make_dir(group->path_.c_str(), 0755) != 0) return nullptr;
    group->dir_ = UniqueFd(::open(group->path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // memory.peak can be reset since Linux 6.12, and then per open file; before that it is the
    // group's lifetime peak.
    group->peak_ = UniqueFd(::open((group->path_ + "/memory.peak").c_str(), O_RDWR | O_CLOEXEC));
    if (!group->peak_)
      group->peak_ =
          UniqueFd(::open((group->path_ + "/memory.peak").c_str(), O_RDONLY | O_CLOEXEC));
    if (!group->peak_)
      group->peak_ =
          UniqueFd(::open((group->path_ + "/memory.current").c_str(), O_RDONLY | O_CLOEXEC));
    group->events_ =
        UniqueFd(::open((group->path_ + "/memory.events").c_str(), O_RDONLY | O_CLOEXEC));
    return group->dir_ && group->peak_ ? std::move(group) : nullptr;
  }
  ~CgroupV2() override { ::rmdir(path_.c_str()); }
  Result<void> set_memory(const ResourceLimits& limits) override {
    const std::string bytes = std::to_string(int64_t{limits.memory_mb} * 1024 * 1024);
    int e = write_file(path_ + "/memory.max", bytes);
    if (e == 0) {
      write_file(path_ + "/memory.swap.max", "0");
      e = write_file(path_ + "/pids.max", std::to_string(limits.max_processes));
    }
    if (e != 0)
      return Error{ErrorKind::kUnavailable, "CgroupError",
                   "cannot limit " + path_ + " to " + bytes + " bytes: " + std::strerror(e)};
    return {};
  }
  void set_cpu_quota(const ResourceLimits& limits) override {
    write_file(path_ + "/cpu.max", std::to_string(std::max(1000, limits.cpu_quota_us())) + " " +
                                       std::to_string(ResourceLimits::kCpuPeriodUs));
  }
  uint64_t peak_memory_bytes() override {
    return std::strtoull(read_at(peak_.get()).c_str(), nullptr, 10);
  }
  void reset_peak() override { [[maybe_unused]] auto n = ::pwrite(peak_.get(), "0", 1, 0); }
  bool oom_killed() override {
    return events_ && number_after(read_at(events_.get()), "oom_kill") > 0;
  }
  std::vector<int> join_fds() const override { return {dir_.get()}; }

 private:
  std::string path_;
  UniqueFd dir_, peak_, events_;
};

// The group of this process for a v1 controller ("cpu") or for v2 (""), from lines
// "4:memory:/path".
std::optional<std::string> own_group(const std::string& self_file, const std::string& controller) {
  std::ifstream in(self_file);
  std::string line;
  while (std::getline(in, line)) {
    const size_t a = line.find(':');
    const size_t b = a == std::string::npos ? a : line.find(':', a + 1);
    if (b == std::string::npos) continue;
    const std::string names = line.substr(a + 1, b - a - 1);
    std::istringstream list(names);
    std::string one;
    bool match = names.empty() && controller.empty();
    while (std::getline(list, one, ','))
      match = match || (!controller.empty() && one == controller);
    if (match) {
      const std::string path = line.substr(b + 1);
      return path == "/" ? "" : path;
    }
  }
  return std::nullopt;
}

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

void remove_tree(const std::string& path) {
  if (DIR* dir = ::opendir(path.c_str())) {
    while (const dirent* entry = ::readdir(dir))
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
        ::rmdir((path + "/" + entry->d_name).c_str());
    ::closedir(dir);
  }
  ::rmdir(path.c_str());
}

void sweep_in(const std::string& parent) {
  DIR* dir = ::opendir(parent.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir)) {
    if (std::strncmp(entry->d_name, "kiln-", 5) != 0) continue;
    const long pid = std::strtol(entry->d_name + 5, nullptr, 10);
    if (pid > 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH)
      remove_tree(parent + "/" + entry->d_name);
  }
  ::closedir(dir);
}

}  // namespace

CgroupFactory CgroupFactory::detect(const Paths& paths, const std::string& tag) {
  CgroupFactory factory;
  factory.make_dir_ = paths.make_dir != nullptr ? paths.make_dir : kernel_mkdir;
  const std::string name = "kiln-" + tag;
  if (has_word(paths.mount + "/cgroup.controllers", "memory")) {
    const std::string parent =
        make_v2_parent(paths.mount, own_group(paths.self, ""), name, factory.make_dir_);
    if (!parent.empty()) {
      factory.kind_ = LimitsKind::kCgroupV2;
      factory.parents_ = {parent};
    }
  } else {
    for (const char* controller : kControllers) {
      const std::string parent =
          make_parent(paths.mount + "/" + controller, own_group(paths.self, controller), name,
                      factory.make_dir_);
      if (!parent.empty()) factory.parents_.push_back(parent);
    }
    if (factory.parents_.size() == kControllers.size()) factory.kind_ = LimitsKind::kCgroupV1;
  }
  if (factory.kind_ != LimitsKind::kRlimit) {
    auto probe = factory.make_fresh();
    if (!probe || !probe->set_memory({})) factory.kind_ = LimitsKind::kRlimit;
  }
  if (factory.kind_ == LimitsKind::kRlimit) {
    for (const auto& parent : factory.parents_) ::rmdir(parent.c_str());
    factory.parents_.clear();
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
  for (const auto& parent : parents_) ::rmdir(parent.c_str());
}

std::unique_ptr<Cgroup> CgroupFactory::make_fresh() {
  const std::string name = "env-" + std::to_string(++serial_);
  if (kind_ == LimitsKind::kCgroupV2) return CgroupV2::create(parents_[0], name, make_dir_);
  if (kind_ == LimitsKind::kCgroupV1) return CgroupV1::create(parents_, name, make_dir_);
  return nullptr;
}

std::unique_ptr<Cgroup> CgroupFactory::make() {
  if (spares_.empty()) return make_fresh();
  auto group = std::move(spares_.front());
  spares_.pop_front();
  return group;
}

void CgroupFactory::refill(size_t spare) {
  while (kind_ != LimitsKind::kRlimit && spares_.size() < spare) {
    auto group = make_fresh();
    if (!group) return;
    spares_.push_back(std::move(group));
  }
}

void CgroupFactory::sweep(const Paths& paths) {
  for (const auto& parent : parents_of(paths.mount, own_group(paths.self, ""))) sweep_in(parent);
  for (const char* controller : kControllers)
    for (const auto& parent :
         parents_of(paths.mount + "/" + controller, own_group(paths.self, controller)))
      sweep_in(parent);
}

}  // namespace kiln::sandbox
