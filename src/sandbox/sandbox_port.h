// One sandbox as its environment sees it: the processes of one function, what they print, and what
// their runtime says. Mechanism only: time limits, retries and log lines are the environment's.
// sandbox.h has the real one; tests have doubles.
//
// Threading: one loop. A callback may destroy neither end; the owner does that when the loop comes
// round.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sandbox/limits.h"
#include "sandbox/runtime_port.h"

namespace kiln::sandbox {

// How a sandbox ended.
struct Exit {
  enum class Kind { kExited, kSignaled, kKilledByUs, kNotStarted };
  Kind kind = Kind::kKilledByUs;
  int value = 0;  // exit status or signal
  bool out_of_memory = false;
  std::string reason;            // kNotStarted: what failed
  int error = 0;                 // kNotStarted: errno of exec, or 0
  std::string program;           // kNotStarted by exec: what was to be started, as seen inside
  bool program_missing = false;  // … and is not there
  // kNotStarted, and not for what the machine lacks: the folder of its code is gone, or its
  // template doesn't do as one should.
  bool functions_fault = false;
  // Extension.…, where one of its extensions has ended it all or wasn't started (kNotStarted).
  std::string extension_error = {};
  std::string extension_text = {};  // that it has said of it; "": nothing
  // kNotStarted: descriptors, processes, memory or space have run out.
  bool lacks_room = false;
  std::string closed_folder;       // … and: the folder that the function can't read, and why not
  uint64_t peak_memory_bytes = 0;  // highest use; 0: not known
};

// What external extensions have for their end; then all is killed.
inline constexpr Duration kShutdownWithExtensions = std::chrono::seconds(2);

class SandboxOwner {
 public:
  // Its program begins now: it has its turn to start, and the order has gone to a process that is
  // there. Once at most, and before all below but on_exit; start() may call it.
  virtual void on_started() {}
  // The runtime asks for an event: initialised, or done with the last one.
  virtual void on_ready() = 0;
  // It dropped that call: it will ask again, or it is about to end.
  virtual void on_withdrawn() = 0;
  // The answer to the event in hand. `error_type` empty: a result; else an error document.
  virtual void on_answer(std::string&& payload, std::string_view error_type) = 0;
  // The runtime begins to stream the answer, and on_stream_end follows where nothing else ends the
  // invocation. Whom the parts are for; nullptr: they are to be gathered, and on_answer follows.
  virtual std::shared_ptr<AnswerStream> on_stream(std::string_view /*content_type*/) {
    return nullptr;
  }
  virtual void on_stream_end(std::string&& /*document*/, std::string_view /*error_type*/) {}
  // The answer was too large: the invocation fails, and the runtime may go on.
  virtual void on_too_large_answer() = 0;
  // The runtime broke off its answer, or the protocol; `error_type` says how (Runtime.…).
  virtual void on_broken(std::string_view error_type) = 0;
  virtual void on_init_error(std::string&& document, std::string_view error_type) = 0;
  virtual void on_output(std::string_view bytes) = 0;
  // All processes are gone. Last callback.
  virtual void on_exit(const Exit& exit) = 0;

 protected:
  ~SandboxOwner() = default;
};

class ForkSource;  // template_port.h

struct SandboxSpec {
  std::vector<std::string> argv;
  std::vector<std::string> env;  // AWS_LAMBDA_RUNTIME_API is added, and KILN_CHANNEL_FD
  std::string account;           // that extensions are told
  std::string task_dir;
  std::string layers_dir;  // empty: no layers
  std::string lang_dir;    // the interpreter's folder, seen at /var/lang; empty: none
  // Programs beside it, as their paths are seen inside; it starts when they have registered.
  std::vector<std::string> extensions;
  bool direct_channel = true;  // offered to programs that know of it
  bool snapshots = false;      // environments can be forked of it
  // The variables that argv's program may be started with before it is known whom it will serve; it
  // is told of `env` later, see kOrderFdVariable. Empty: it may not.
  std::vector<std::string> ahead_env;
  int ephemeral_mb = 512;
  ResourceLimits limits;
  // The environment is forked of a template, which has all of the above but `env` and `limits`;
  // null: it is not.
  std::shared_ptr<ForkSource> fork_of = {};
};

class SandboxPort {
 public:
  // Kills what is left.
  virtual ~SandboxPort() = default;
  // REQUIRES: called once. Failure comes as on_exit(kNotStarted), later.
  virtual void start(const SandboxSpec& spec) = 0;
  // It waits for others to have started, and nothing has been done for it yet.
  virtual bool waits() const { return false; }
  // Hands the event over before it returns. False: no runtime is there to take it; nothing changed.
  virtual bool send(const Event& event) = 0;
  // While it has an event in hand: shows the function one more, so that it takes it as soon as it
  // has answered; it is to be sent then, and those shown in the order of the calls. False: nothing
  // changed.
  virtual bool stage(const Event&) { return false; }
  // Takes the last that was shown back. False: there is none, or the function has taken it already,
  // and its answer to the one before is heard of by catch_up(), if not sooner.
  virtual bool take_back() { return false; }
  // Of the event that was sent last: whether the function had taken it before, when it had answered
  // the one before; and how long ago it has answered it, as far as it says so, else zero. The
  // function's word is no more than that.
  virtual bool was_taken_ahead() const { return false; }
  virtual Duration answered_ago() const { return Duration(0); }
  // Hears of what the function has answered until now.
  virtual void catch_up() {}
  // Initialisation is over: the CPU quota holds a moment later.
  virtual void begin_cpu_quota(const ResourceLimits& limits) = 0;
  // Reads what has been printed until now.
  virtual void drain_output() = 0;
  // Stops or goes on reading its output; a function that prints faster than logs are written must
  // wait.
  virtual void pause_output() = 0;
  virtual void resume_output() = 0;
  // Asks it to end (SIGTERM) where an extension has registered, and ends it elsewhere, as Lambda
  // does; or ends it in any case. on_exit follows.
  virtual void terminate() = 0;
  virtual void kill() = 0;
  // Highest memory use of its life; 0: not known. Costs a system call.
  virtual uint64_t peak_memory_bytes() = 0;
  // Whether a thread of the runtime runs, or wants to, at this moment. Costs some system calls.
  virtual bool is_running() = 0;
  // CPU time that its processes have used until now. Costs three system calls, and two more for
  // each process where no cgroup counts it.
  virtual uint64_t cpu_ns() = 0;
  // Stops all processes until the next event, or the end. False: nothing was stopped.
  virtual bool freeze() = 0;
  // For whoever wants to look at it: the function's main process, -1 when there is none, and what
  // its processes hold now. Costs some system calls.
  virtual pid_t function_pid() const { return -1; }
  // Its external extensions, by name. All of them once it is ready.
  virtual std::vector<ExternalExtension> extensions() const { return {}; }
  // What they took after the runtime was back from its last event; below 0: there are none, or they
  // are not back yet.
  virtual double extensions_ms() const { return -1; }
  virtual uint64_t memory_bytes() const { return 0; }
};

}  // namespace kiln::sandbox
