// The launcher: a small single-threaded process, forked before the engine starts threads, that
// alone creates sandboxes. Its size is what a fork costs, so starting one never depends on the size
// of the engine.
//
// It dies when the last of its sockets closes, and every sandbox dies with it: nothing outlives a
// killed engine.
#pragma once

#include <sys/types.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/io_loop.h"

namespace kiln::sandbox {

enum class Isolation {
  kFull,           // root: namespaces and a uid for each sandbox
  kUserNamespace,  // an ordinary user: namespaces, all sandboxes have the user's own uid
  kNone,           // no namespaces to be had: plain processes, code in place, shared /tmp
};

struct LauncherOptions {
  std::string data_dir;      // absolute; sandboxes see nothing of it but their own code
  std::string runtimes_dir;  // absolute; seen at /var/runtime
  int loops = 1;
};

struct SpawnRequest {
  std::vector<std::string> argv;  // argv[0] is the path to run, as seen inside
  std::vector<std::string> env;   // NAME=value
  std::string task_dir;           // absolute, outside; seen at /var/task
  std::string layers_dir;         // absolute, outside; seen at /opt; empty: /opt is empty
  int64_t tmp_bytes = 512LL * 1024 * 1024;
  int64_t data_limit_bytes = 0;  // RLIMIT_DATA; 0: none (a cgroup limits memory)
  uint32_t slot = 0;             // decides the uid; unique among living sandboxes
};

// Descriptors that the sandbox gets; the caller keeps and closes its own copies.
struct SpawnFds {
  int log = -1;             // its stdout and stderr
  int status = -1;          // ExitStatus is written here when its main process ends
  int channel = -1;         // the direct channel, or -1
  std::vector<int> cgroup;  // see Cgroup::join_fds
  bool cgroup_v2 = false;
};

// What comes through the status pipe. Nothing but end of file: the sandbox was killed from outside.
struct ExitStatus {
  enum class Kind : int32_t { kExited, kSignaled, kExecFailed, kSetupFailed };
  Kind kind;
  int32_t value;  // exit status, signal, or errno
};

// The number of the descriptor that a function finds the direct channel at.
inline constexpr int kChannelFd = 3;

// Kiln's own uids: kFirstUid + slot.
inline constexpr uint32_t kFirstUid = 900'000;

class LauncherProcess {
 public:
  // REQUIRES: the process has one thread.
  static Result<std::unique_ptr<LauncherProcess>> start(const LauncherOptions& options);
  ~LauncherProcess();

  Isolation isolation() const { return isolation_; }
  const std::string& warning() const { return warning_; }
  // Where a sandbox finds its code, its runtimes: /var/task and /var/runtime, or, without
  // namespaces, the real paths.
  UniqueFd take_socket(int loop) { return std::move(sockets_[static_cast<size_t>(loop)]); }

 private:
  LauncherProcess() = default;
  Isolation isolation_ = Isolation::kNone;
  std::string warning_;
  std::vector<UniqueFd> sockets_;
};

// One loop's connection to the launcher. Threading: that loop only.
class LauncherClient {
 public:
  struct Spawned {
    UniqueFd pidfd;
    pid_t pid = -1;
  };
  using Done = std::function<void(Result<Spawned>)>;

  LauncherClient(UniqueFd socket, net::IoLoop& loop);
  // Descriptors are sent before this returns. `done` is called later, in the order of the requests.
  void spawn(const SpawnRequest& request, const SpawnFds& fds, Done done);

 private:
  void wait();
  void receive();
  void fail_all(const std::string& why);

  net::IoLoop& loop_;
  boost::asio::posix::basic_stream_descriptor<net::Executor> socket_;
  std::deque<Done> pending_;
};

}  // namespace kiln::sandbox
