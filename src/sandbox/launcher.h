// The launcher: a small single-threaded process, forked before the engine starts threads, that
// alone creates sandboxes. Its size is what a fork costs, so starting one never depends on the size
// of the engine.
//
// It dies when the last of its sockets closes, and every sandbox dies with it: nothing outlives a
// killed engine.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/user_ids.h"
#include "net/io_loop.h"
#include "net/watch.h"
#include "sandbox/sandbox_etc.h"

namespace kiln::sandbox {

struct Message;

enum class Isolation {
  kFull,           // root: namespaces and a uid for each sandbox
  kUserNamespace,  // no uids to be had: namespaces, all sandboxes have the user's own uid
  kNone,           // no namespaces to be had: plain processes, code in place, shared /tmp
};

struct LauncherOptions {
  std::string data_dir;      // absolute; sandboxes see nothing of it but their own code
  std::string runtimes_dir;  // absolute; seen at /var/runtime
  int loops = 1;
  bool mount_fds = true;  // false: as on a kernel before 5.12, which can't pass mounts on
};

// An empty sandbox, made before it is known which function it is for: its namespaces, limits, user
// and descriptors, with nothing in /var/task.
struct BlankRequest {
  uint32_t slot = 0;  // decides the uid, kFirstUid + slot; unique among living sandboxes
  // A program that is started at once and waits for its order, see kOrderFdVariable; empty: none.
  std::vector<std::string> argv;
  std::vector<std::string> env;
  std::string lang_dir;  // of that program, see StartOrder
  bool channel = false;  // there is a direct channel for whatever it becomes
};

// Descriptors that it gets; the caller keeps and closes its own copies.
struct BlankFds {
  int orders = -1;   // a SOCK_SEQPACKET socket, where the order comes; it ends when this closes
  int log = -1;      // its stdout and stderr
  int status = -1;   // it is said here how its main process ends, see last_words.h
  int channel = -1;  // the direct channel, or -1
  std::vector<int> cgroup;  // see Cgroup::join_fds
  bool cgroup_v2 = false;
  uint64_t number = 0;  // which sandbox ends, among those that write there
};

// What a blank becomes.
struct StartOrder {
  // A template's program is forked into environments, which stay when it has ended.
  enum class Role { kFunction, kTemplate };
  Role role = Role::kFunction;
  std::vector<std::string> argv;  // argv[0] is the path to run, as seen inside
  std::vector<std::string> env;   // NAME=value
  std::string task_dir;           // absolute, outside; seen at /var/task
  std::string layers_dir;         // absolute, outside; seen at /opt; empty: /opt is empty
  std::string lang_dir;           // absolute, outside; seen at /var/lang; empty: nothing there
  int64_t tmp_bytes = kBlankTmpBytes;
  int64_t data_limit_bytes = 0;  // RLIMIT_DATA; 0: none (a cgroup limits memory)
  bool channel = false;          // it gets the direct channel that was made with the blank
  // Programs that run beside it, as their paths are seen inside, and their environment. They are
  // started first; the program is when a byte comes by `orders`. At most kMostExtensions.
  std::vector<std::string> extensions;
  std::vector<std::string> extension_env;

  static constexpr size_t kMostExtensions = 16;
  static constexpr int64_t kBlankTmpBytes = 512LL * 1024 * 1024;  // what a blank's /tmp has
};

// How the main process of a sandbox ended. None is said when the sandbox is killed from outside.
struct ExitStatus {
  // kNoProgram: what should be started isn't there. kExecFailed: it is, and can't be started.
  // kExtension…: one of its extensions has ended, which ends all, or can't be started.
  enum class Kind : int32_t {
    kExited,
    kSignaled,
    kNoProgram,
    kExecFailed,
    kSetupFailed,
    kExtensionExited,
    kExtensionSignaled,
    kExtensionFailed,
  };
  Kind kind;
  int32_t value;  // exit status, signal, or errno
};

// The number of the descriptor that a function finds the direct channel at.
inline constexpr int kChannelFd = 3;

// The number of the descriptor that a program which was started ahead reads its environment from,
// as "NAME=value" with a NUL behind each, up to the end of the file. Nothing at all: it is not
// needed.
inline constexpr int kOrderFd = 4;
inline constexpr const char* kOrderFdVariable = "KILN_ORDER_FD";

// Without namespaces a sandbox is ended by this signal to its first process, which kills all that
// it reaps; the kernel would leave its grandchildren.
inline constexpr int kEndSignal = SIGQUIT;

// One loop's way to the launcher.
struct LauncherLine {
  UniqueFd socket;
  // What the engine needs to open mounts itself; nothing: only the launcher can.
  std::optional<HostView> host;
};

class LauncherProcess {
 public:
  // Forks it. REQUIRES: the process has one thread.
  static Result<std::unique_ptr<LauncherProcess>> start(const LauncherOptions& options);
  ~LauncherProcess();

  // Waits until it has seen what this machine lets it do, beside which the caller had other work.
  // What follows REQUIRES that it is ready. Error: it has ended.
  Result<void> get_ready();
  Isolation isolation() const { return isolation_; }
  const std::string& warning() const { return warning_; }
  // A child of this process. It ends when all its sockets have closed, and not before.
  pid_t pid() const { return pid_; }
  // REQUIRES: it is ready.
  LauncherLine take_line(int loop) {
    return {std::move(sockets_[static_cast<size_t>(loop)]), host_};
  }

 private:
  explicit LauncherProcess(std::string runtimes_dir) : runtimes_dir_(std::move(runtimes_dir)) {}
  const std::string runtimes_dir_;
  Isolation isolation_ = Isolation::kNone;
  std::string warning_;
  std::optional<HostView> host_;
  pid_t pid_ = -1;
  std::vector<UniqueFd> sockets_;
};

// One loop's connection to the launcher. Threading: that loop only.
class LauncherClient {
 public:
  struct Made {
    UniqueFd pidfd;
    pid_t pid = -1;
  };
  using Done = std::function<void(Result<Made>)>;

  LauncherClient(LauncherLine line, net::IoLoop& loop);
  ~LauncherClient();
  // Descriptors are sent before this returns. `done` is called later, in the order of the requests.
  void make(const BlankRequest& request, const BlankFds& fds, Done done);
  // Tells a blank what to be, directly or through the launcher. `orders`: the other end of its
  // BlankFds::orders; `control`: what a template's program finds at kChannelFd, or -1. What fails
  // later is reported by the blank as kSetupFailed.
  Result<void> start(const StartOrder& order, int orders, int control);
  // Moves a process that the launcher did not make, and that waits meanwhile, into a group; see
  // BlankFds.
  void join(int pidfd, pid_t pid, const std::vector<int>& cgroup, bool cgroup_v2,
            std::function<void(Result<void>)> done);

 private:
  // What was asked and is not answered yet; the two kinds of answers.
  struct Pending {
    Done made;
    std::function<void(Result<void>)> joined;
  };
  void fail(Pending&& pending, const Error& why);
  Result<void> ask(const std::string& message, const std::vector<int>& fds);
  void wait_for_room();
  // What has come. False: nothing more will.
  bool read_replies();
  void receive();
  void take_reply(Message&& reply);
  void fail_all(const Error& why);

  net::IoLoop& loop_;
  UniqueFd socket_;
  const std::optional<HostView> host_;
  net::Watch watch_;
  std::deque<Pending> pending_;
  std::list<Message> replies_;  // read, and not looked at yet
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kiln::sandbox
