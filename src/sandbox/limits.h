// Limits on one execution environment: CPU, memory and number of processes, by cgroup v2, cgroup
// v1, or, where neither is ours to use, by rlimits alone (the launcher sets those).
//
// A Cgroup belongs to one environment and is removed with it. CgroupFactory keeps a few made in
// advance, because making one costs 100–200 µs and no cold start should wait for it. Neither is
// thread-safe: each I/O loop has its own factory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace kiln::sandbox {

struct ResourceLimits {
  int memory_mb = 128;
  int max_processes = 1024;  // processes and threads
  bool operator==(const ResourceLimits&) const = default;

  // Lambda's share: memory / 1,769 MB of a vCPU, in microseconds of CPU per 20 ms period.
  static constexpr int kCpuPeriodUs = 20'000;
  static constexpr int kMbPerVcpu = 1'769;
  int cpu_quota_us() const { return (kCpuPeriodUs * memory_mb + kMbPerVcpu / 2) / kMbPerVcpu; }
};

enum class LimitsKind { kCgroupV2, kCgroupV1, kRlimit };

class Cgroup {
 public:
  virtual ~Cgroup() = default;
  virtual Result<void> set_memory(const ResourceLimits& limits) = 0;
  // Initialisation is not throttled: the quota is set when it is over.
  virtual void set_cpu_quota(const ResourceLimits& limits) = 0;
  virtual uint64_t peak_memory_bytes() = 0;   // highest use since the group was made
  virtual uint64_t memory_bytes() const = 0;  // in use now
  virtual bool oom_killed() = 0;  // a process was killed for memory since the group was made
  // Stops all processes of the group, or lets them go on. False: it can't be done here.
  virtual bool freeze(bool frozen) = 0;
  virtual std::vector<pid_t> processes() = 0;
  // CPU time of all that the group's processes have done; 0: not known.
  virtual uint64_t cpu_ns() = 0;
  // How a process joins: v1 `tasks` files (write "0"), or one v2 folder; opened now, so that a
  // group costs no descriptor otherwise. Empty: errno says why not.
  virtual std::vector<UniqueFd> join_fds() const = 0;
};

class CgroupFactory {
 public:
  struct Paths {
    std::string mount = "/sys/fs/cgroup";
    std::string self = "/proc/self/cgroup";  // which groups this process is in
    // Makes a group's folder (the kernel fills it with its files); returns 0 or -1 with errno, as
    // mkdir(2).
    int (*make_dir)(const char* path, unsigned mode) = nullptr;
    // A file with the groups below which engines made theirs, a line each: the next engine may run
    // in other groups. "": there is none.
    std::string known = {};
  };

  // Finds out what works by trying it. `tag` makes the name of this engine's parent group
  // (kiln-TAG).
  static CgroupFactory detect(const Paths& paths, const std::string& tag);
  CgroupFactory(CgroupFactory&&) = default;
  ~CgroupFactory();

  LimitsKind kind() const { return kind_; }
  // One line for the user when something is not enforced; empty otherwise.
  const std::string& warning() const { return warning_; }

  // nullptr without cgroups. A group made in advance when there is one.
  std::unique_ptr<Cgroup> make();
  void refill(size_t spare);  // keeps `spare` groups ready; call when idle
  // Gives the calling thread more of the processors than all environments together have, until it
  // ends: who hands out events doesn't queue behind those who wait for them. By cgroup v1 alone;
  // v2 counts processes, not threads. Threads that it starts have no part in it, if they begin with
  // begin_thread() (base/thread_start.h). At most once, and the factory outlives the thread.
  void favor_this_thread();

  // Removes groups of engines that were killed (kiln-PID whose process is gone), here and where
  // `known` says, and adds to that where this process will make its own.
  static void sweep(const Paths& paths);

 private:
  CgroupFactory() = default;
  std::unique_ptr<Cgroup> make_fresh();

  LimitsKind kind_ = LimitsKind::kRlimit;
  std::string warning_;
  int (*make_dir_)(const char*, unsigned) = nullptr;
  std::vector<std::string> parents_;  // v1: cpu, memory, pids; v2: one
  std::string freezer_;               // v1: the parent of the groups that are frozen; may be empty
  std::string home_;                  // v1: where this process joins the CPU group that it is in
  std::string favored_;               // v1: the CPU group of the favored thread; may be empty
  uint64_t serial_ = 0;
  std::deque<std::unique_ptr<Cgroup>> spares_;
};

}  // namespace kiln::sandbox
