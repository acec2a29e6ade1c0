// One sandbox: the processes of one function, what they print, and what their runtime says.
// Mechanism only: time limits, retries and log lines are its owner's.
//
//   starting → ready ⇄ busy → answered → ready …, and gone from any of them.
//
// Threading: its loop only. The owner may destroy it at any time except within a callback;
// destroying it kills it. Cost: 5 descriptors and about 2 KiB here; what the function takes there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/io_loop.h"
#include "sandbox/launcher.h"
#include "sandbox/limits.h"
#include "sandbox/runtime_api.h"
#include "sandbox/runtime_port.h"

namespace kiln::sandbox {

class DirectChannel;

// How a sandbox ended.
struct Exit {
  enum class Kind { kExited, kSignaled, kKilledByUs, kNotStarted };
  Kind kind = Kind::kKilledByUs;
  int value = 0;  // exit status or signal
  bool out_of_memory = false;
  std::string reason;  // kNotStarted: what failed
  int error = 0;       // kNotStarted: errno of exec, or 0
};

class SandboxOwner {
 public:
  // Ready for an event: initialised, or done with the last one.
  virtual void on_ready() = 0;
  // The answer to the event in hand. `error_type` empty: a result; else an error document.
  virtual void on_answer(std::string&& payload, std::string_view error_type) = 0;
  // The answer was broken or too large; `error_type` says how (Function.ResponseSizeTooLarge,
  // Runtime.…).
  virtual void on_bad_answer(std::string_view error_type) = 0;
  virtual void on_init_error(std::string&& document, std::string_view error_type) = 0;
  virtual void on_output(std::string_view bytes) = 0;
  // All processes are gone. Last callback.
  virtual void on_exit(const Exit& exit) = 0;

 protected:
  ~SandboxOwner() = default;
};

struct SandboxSpec {
  std::vector<std::string> argv;
  std::vector<std::string> env;  // AWS_LAMBDA_RUNTIME_API and KILN_CHANNEL_FD are added
  std::string task_dir;
  std::string layers_dir;  // empty: no layers
  int ephemeral_mb = 512;
  ResourceLimits limits;
};

// What a loop's sandboxes share.
struct SandboxHost {
  net::IoLoop& loop;
  LauncherClient& launcher;
  CgroupFactory& cgroups;
  RuntimeApi& runtime_api;
  Isolation isolation = Isolation::kFull;
  uint32_t first_slot = 0;  // slots of this loop: first_slot …
  std::vector<uint32_t> free_slots = {};
  uint32_t used_slots = 0;
};

class Sandbox final : private RuntimePort {
 public:
  Sandbox(SandboxHost& host, SandboxOwner& owner);
  ~Sandbox();

  // REQUIRES: called once. Failure comes as on_exit(kNotStarted), later.
  void start(const SandboxSpec& spec);
  bool ready() const { return state_ == State::kReady; }
  bool started() const { return state_ != State::kNew && state_ != State::kStarting; }
  // REQUIRES: ready() — the event is handed over before this returns.
  void send(const Event& event);
  // Initialisation is over: the CPU quota holds from here on.
  void begin_cpu_quota(const ResourceLimits& limits);
  // Reads what has been printed until now.
  void drain_output();
  // Stops or goes on reading its output; a function that prints faster than logs are written must
  // wait.
  void pause_output();
  void resume_output();

  // Asks it to end (SIGTERM), or ends it. on_exit follows.
  void terminate();
  void kill();

  // Highest memory use since the last reset; 0: not known.
  uint64_t peak_memory_bytes();
  void reset_peak_memory();

 private:
  enum class State { kNew, kStarting, kReady, kBusy, kAnswered, kGone };
  struct Io;

  // RuntimePort
  Verdict next(EventSink& sink) override;
  void sink_gone(EventSink& sink) override;
  Verdict respond(std::string_view request_id, std::string&& payload) override;
  Verdict fail(std::string_view request_id, std::string&& document,
               std::string_view error_type) override;
  Verdict fail_init(std::string&& document, std::string_view error_type) override;
  void broke_protocol(std::string_view request_id, std::string_view error_type) override;

  void spawn(const SandboxSpec& spec);
  void read_output();
  void read_status();
  void watch_death();
  void on_spawned(Result<LauncherClient::Spawned> spawned);
  void finish();
  void fail_start(std::string reason, int error);
  void signal(int number);

  SandboxHost& host_;
  SandboxOwner& owner_;
  State state_ = State::kNew;
  uint32_t slot_ = 0;
  std::unique_ptr<Io> io_;
  std::unique_ptr<Cgroup> cgroup_;
  std::unique_ptr<DirectChannel> channel_;
  std::shared_ptr<bool> alive_;  // callbacks that outlive this object see false
  RuntimeApi::Address address_;
  EventSink* sink_ = nullptr;
  std::string
      request_id_;  // of the event in hand, or the last one: a second answer to it is a wrong state
  std::optional<ExitStatus> status_;
  int kill_signal_ = 0;  // wanted before the pidfd was there
  bool killed_by_us_ = false;
};

}  // namespace kiln::sandbox
