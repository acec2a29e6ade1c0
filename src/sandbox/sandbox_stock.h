// Sandboxes that are made before anybody needs them, so that a cold start is the mounts of its
// code, exec and init. A few are empty; for each interpreter that was needed of late one has it
// started, with its bootstrap loaded, in a sandbox that will run one function and no other. No code
// of a function runs in a blank. A burst of starts takes what is there, and is not held up by the
// making of more while one is left; that comes behind it, one at a time.
//
// Threading: its loop only. Cost: a process of 0.1 to 0.4 MiB each, and the interpreter (Python 5
// MiB, Node.js 22 MiB), which stays for ten minutes after the last start that could have used it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "net/io_loop.h"
#include "sandbox/graves.h"
#include "sandbox/last_words.h"
#include "sandbox/launcher.h"
#include "sandbox/limits.h"
#include "sandbox/ring_memory.h"
#include "sandbox/sandbox_port.h"
#include "sandbox/stock_depth.h"

namespace kiln::sandbox {

// Uids of a loop's sandboxes.
class Slots {
 public:
  explicit Slots(uint32_t first) : next_(first) {}
  uint32_t take();
  void give_back(uint32_t slot) { free_.push_back(slot); }

 private:
  uint32_t next_;
  std::vector<uint32_t> free_;
};

// A sandbox that waits for its order. Without one it ends with this object.
struct Blank {
  Blank(std::shared_ptr<Slots> its_slots, std::shared_ptr<Graves> its_graves, bool has_interpreter);
  // One that is forked of a template, whose first process it lives below.
  explicit Blank(std::shared_ptr<Blank> its_template);
  ~Blank();
  Blank(const Blank&) = delete;
  Blank& operator=(const Blank&) = delete;

  // Whether the launcher has answered, and how.
  bool settled() const { return pidfd || !fault.empty(); }
  bool usable() const;

  const std::shared_ptr<Slots> slots;  // it may outlive the stock
  const std::weak_ptr<Graves> graves;
  // Of a template: users that environments of it had. A process of one's may live as long as the
  // template's first process, so that another function must not get them before.
  std::vector<uint32_t> fork_slots;
  const uint32_t slot;
  const bool ahead;                      // a program waits in it
  const std::shared_ptr<Blank> fork_of;  // null: the launcher made it
  UniqueFd orders, output;
  std::shared_ptr<LastWords> words;
  UniqueFd channel;                  // the engine's end of the direct channel; empty: there is none
  std::unique_ptr<RingMemory> ring;  // for that channel, or null
  UniqueFd pidfd;                    // once settled, unless `fault` says why there is none
  pid_t pid = -1;
  std::string fault;
  bool lacks_room = false;           // that is the reason, see Exit
  std::function<void()> on_settled;  // called when it is, unless it was
  std::unique_ptr<Cgroup> cgroup;
  ResourceLimits limits;  // what the group enforces
  bool has_limits = false;
  bool taken = false;  // it is a function's: its end is not this object's matter

 private:
  uint32_t take_fork_slot();
};

class SandboxStock final : private net::Scheduled {
 public:
  SandboxStock(net::IoLoop& loop, LauncherClient& launcher, CgroupFactory& cgroups,
               Isolation isolation, uint32_t first_slot);
  ~SandboxStock();

  // One for `spec`: with its interpreter started where there is one, else empty, made now if need
  // be. An error: there are no descriptors left.
  Result<std::shared_ptr<Blank>> take(const SandboxSpec& spec);

  // A sandbox is on its way to its first event, is there or has ended, and has answered it: what
  // was taken for it is replaced when its caller has the answer, and soon in any case. Interpreters
  // are not started while others are on their way.
  void begin_start() { ++starting_; }
  void end_start();
  void on_first_answer();
  // What can wait as long.
  void after_start(std::function<void()> work);
  // A sandbox could not start, for the machine has no room: what waits ends but for one that is
  // empty, and nothing is made ahead of time for a moment.
  void on_no_room();
  // Makes the first empty ones.
  void refill() { fill(empty_, StockDepth::kLeast); }

  // First processes of the blanks that wait and are usable.
  std::vector<pid_t> empty_pids() const;
  std::vector<pid_t> interpreter_pids() const;
  bool cgroup_v2() const { return cgroups_.kind() == LimitsKind::kCgroupV2; }
  void clear();
  // Nothing is made any more; `then`: the launcher has answered for all that was.
  void close(std::function<void()> then);

  static constexpr size_t kSpareOfInterpreter = 1;
  static constexpr size_t kMostInterpreters = 4;
  static constexpr Duration kKeep = std::chrono::minutes(10);
  // By then a function has most likely answered its first event, and its caller has the answer.
  static constexpr Duration kAnswerTakes = std::chrono::milliseconds(5);
  // A burst is over when no start has begun or ended for so long.
  static constexpr Duration kQuiet = std::chrono::milliseconds(50);
  // How long nothing is made ahead of time where a start has found no room.
  static constexpr Duration kModesty = std::chrono::seconds(1);

 private:
  struct Kind {
    BlankRequest request;
    ResourceLimits limits;  // of the last that was taken, and most likely of the next
    std::deque<std::shared_ptr<Blank>> spare;
    SteadyTime last_use;
  };

  static void add_pids(const Kind& kind, std::vector<pid_t>& pids);
  std::shared_ptr<Blank> take_spare(Kind& kind);
  Result<std::shared_ptr<Blank>> make(const Kind& kind);
  void fill(Kind& kind, size_t count);
  void fill_all();
  void fill_soon();
  void deepen_when_quiet();
  void deepen();
  void end_close();
  void forget_oldest();
  SteadyTime on_time(SteadyTime now) override;

  net::IoLoop& loop_;
  LauncherClient& launcher_;
  CgroupFactory& cgroups_;
  Isolation isolation_;
  std::shared_ptr<Slots> slots_;
  std::shared_ptr<Graves> graves_;
  std::shared_ptr<WordsLine> words_;
  Kind empty_;
  std::map<std::string, Kind> interpreters_;  // by command, variables and folder
  size_t starting_ = 0;
  size_t making_ = 0;  // that the launcher has not answered for
  bool closed_ = false;
  std::function<void()> then_;  // of close(), until that is done
  SteadyTime fill_at_ = SteadyTime::max();
  StockDepth depth_;
  SteadyTime deepen_at_ = SteadyTime::max();
  std::vector<std::function<void()>> after_start_;
  SteadyTime modest_until_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kiln::sandbox
