// One execution environment: carries out what model::EnvironmentState says, on a sandbox. Init and
// its limits, the suppressed init, the invocation and its timeout, the answer, the log lines, the
// end.
//
// It serves one invocation at a time. The pool owns it and hears of every change that concerns
// reuse. Threading: its loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/admitted_invocation.h"
#include "engine/debug_launch.h"
#include "engine/environment_log.h"
#include "engine/log_lines.h"
#include "engine/loop_port.h"
#include "engine/status.h"
#include "logs/store.h"
#include "model/environment_state.h"
#include "model/freeze_rule.h"
#include "model/function.h"
#include "sandbox/launcher.h"
#include "sandbox/sandbox_port.h"
#include "sandbox/template_port.h"

namespace kiln::engine {

class Environment;
struct Fault;
struct LaunchContext;

enum class Initialization { kOnDemand, kProvisioned, kSnapshot };
// Value of AWS_LAMBDA_INITIALIZATION_TYPE.
const char* to_text(Initialization initialization);

// The folders that become /var/task and /opt (empty: no layers), and what keeps them in place.
struct TaskFolder {
  std::string path;
  std::shared_ptr<const void> pin;
  std::string layers_path = {};
  std::shared_ptr<const void> layers_pin = {};
};

// An invocation that waits for an environment.
struct Waiting {
  Invocation invocation;
  SteadyTime since;
  SteadyTime until;
};

class EnvironmentOwner {
 public:
  // An invocation ran to its end; its caller is told next, if it was not told before.
  virtual void on_invocation_end(Invocation& invocation, const InvocationEnd& end) = 0;
  // The invocation goes on as if this environment had not been chosen: nobody took its event.
  virtual void on_given_back(Environment& environment, Invocation&& invocation) = 0;
  // There was no room on the machine to start it, and nothing has begun; on_gone follows.
  virtual void on_no_room(Environment& environment, Invocation&& invocation,
                          const Error& fault) = 0;
  // Init of an environment that no invocation waits for has failed; on_gone follows.
  virtual void on_init_failed(Environment& environment) = 0;
  // It may be about to end for the time that its invocation has taken: from now on its function
  // takes nothing ahead of its turn.
  virtual void on_late(Environment& environment) = 0;
  // available() or returning() may have changed.
  virtual void on_change(Environment& environment) = 0;
  // Its processes are gone. Last callback.
  virtual void on_gone(Environment& environment) = 0;

 protected:
  ~EnvironmentOwner() = default;
};

// What a loop's environments share.
struct EnvironmentHost {
  LoopPort& loop;
  std::function<std::unique_ptr<sandbox::SandboxPort>(sandbox::SandboxOwner&)> make_sandbox;
  logs::LogStore& log_store;
  sandbox::Isolation isolation = sandbox::Isolation::kFull;
  std::string runtimes_dir;
  std::string endpoint_url;
  Duration idle_lifetime = std::chrono::minutes(10);
  MetricSink metrics = {};   // for those that functions print
  std::string symbols = {};  // see SymbolServer::name
  // Empty: no templates can be made.
  std::function<std::unique_ptr<sandbox::TemplatePort>(sandbox::TemplateOwner&)> make_template = {};
  // Of the machine, and what all together have been idle since it started. None: not known, and no
  // invocation waits where one environment more could be woken.
  size_t processors = 0;
  std::function<Duration()> processors_idle = {};
};

// What a program of the function is started with, in an environment or as a template of some; not
// the log stream.
LaunchContext launch_context(const EnvironmentHost& host, const TaskFolder& task,
                             const model::FunctionConfig& config, Initialization initialization);

class Environment final : private sandbox::SandboxOwner, private net::Scheduled {
 public:
  // Of the wait for a turn to start, and for the launcher, where many environments start at once.
  static constexpr Duration kStartLimit = std::chrono::minutes(2);

  Environment(EnvironmentHost& host, EnvironmentOwner& owner, model::ConfigPtr config,
              TaskFolder task, Initialization initialization);
  ~Environment();

  const model::ConfigPtr& config() const { return config_; }
  Initialization initialization() const { return initialization_; }
  // The only answer to whether it may take an invocation.
  bool available() const { return state_ && state_->available(); }
  // REQUIRES: available()
  SteadyTime idle_since() const { return state_->idle_since(); }
  // It has answered its event and is expected back.
  bool returning() const { return state_ && state_->returning(); }
  model::EnvironmentPhase phase() const {
    return state_ ? state_->phase() : model::EnvironmentPhase::kInit;
  }
  // Whether its runtime is at work at this moment. Costs some system calls.
  bool is_running() { return sandbox_ && sandbox_->is_running(); }

  // The pool's own note of the lists that it stands in.
  struct Place {
    bool idle = false, returning = false;
    size_t at_work = SIZE_MAX;  // where among those at work
    SteadyTime given_at{};      // what it works at
    size_t beside = 0;          // how many were at work then
    std::vector<Waiting> staged;
    bool leaves = false;              // nothing more is staged for it
    bool tried_again = false;         // another one is to start in its place
    bool in_queue = false;            // it was, to start
    std::function<void()> when_gone;  // somebody waits for what it holds
  };
  Place place;

  // Starts the Init phase; the invocation that caused it follows.
  void start(Invocation&& cause);
  // Starts the Restore phase: forks it of a template, whose init it has behind it.
  void start_restored(Invocation&& cause, std::shared_ptr<sandbox::ForkSource> source);
  // Starts the Init phase; no invocation waits. What provisioned concurrency does.
  void start_ahead();
  // The same under a debugger: none of Lambda's time limits holds, and no limit of CPU.
  void start_debugged(const DebugLaunch& launch);
  // REQUIRES: available()
  void invoke(Invocation&& invocation);
  // It waits for its turn to start, for an invocation.
  bool waits_for_turn() const {
    return current_ && sandbox_ && sandbox_->waits() &&
           state_->phase() == model::EnvironmentPhase::kInit;
  }
  // That goes back to the pool, as another environment can have it; this one ends. REQUIRES:
  // waits_for_turn()
  void give_way() { tell(Event::kUnwanted); }
  // Whether it is busy, and may be shown what follows.
  bool takes_more() const {
    return state_ && state_->phase() == model::EnvironmentPhase::kBusy && !debug_ && sandbox_;
  }
  // While it is busy: shows the function what it is to be given next, so that it can take it as
  // soon as it has answered. What was shown is given in this order, or taken back. False: nothing
  // changed.
  bool stage(const Invocation& next);
  // Takes back what was shown last. False: there is nothing, or the function has taken it.
  bool take_back() { return sandbox_ && sandbox_->take_back(); }
  // Hears at once of what the function has answered.
  void catch_up() {
    if (sandbox_) sandbox_->catch_up();
  }
  // No new invocation: ends now when idle, else after the one in hand.
  void retire();
  // Ends at once; an invocation in hand is answered with `error`.
  void abandon(const Error& error);
  EnvironmentStatus status() const;
  // What the machine lacked to start it; nullopt: nothing, or it isn't known yet.
  std::optional<Error> machine_fault() const;

 private:
  using Event = model::EnvironmentEvent;
  using Effect = model::EnvironmentEffect;

  // SandboxOwner
  void on_started() override;
  void on_ready() override;
  void on_withdrawn() override;
  void on_answer(std::string&& payload, std::string_view error_type) override;
  std::shared_ptr<sandbox::AnswerStream> on_stream(std::string_view content_type) override;
  void on_stream_end(std::string&& document, std::string_view error_type) override;
  void on_too_large_answer() override;
  void on_broken(std::string_view error_type) override;
  void on_init_error(std::string&& document, std::string_view error_type) override;
  void on_output(std::string_view bytes) override;
  void on_exit(const sandbox::Exit& exit) override;
  SteadyTime on_time(SteadyTime now) override;

  void tell(Event event);
  void carry_out(Effect effect);
  void give_up(Effect effect);
  void begin_log();
  void begin_life(Duration init_limit, model::EnvironmentCause cause);
  void start_sandbox();
  void make_sandbox();
  void start_sandbox_of(const sandbox::SandboxSpec& spec);
  void end_unstarted();
  void note_exit(const sandbox::Exit& exit);
  void bury_sandbox();
  void begin_invocation();
  bool send_event();
  sandbox::Event event_of(const Invocation& invocation, SteadyTime deadline) const;
  void give_back();
  void end_init();
  void report_init(std::string_view phase, bool ended);
  void report_failed_restore();
  bool is_restored() const { return initialization_ == Initialization::kSnapshot; }
  void deliver(std::string&& tail);
  void finish();
  double end_work(bool timed_out);
  void set_answer(std::string&& payload, bool function_error, std::string_view status,
                  std::string_view error_type);
  void finish_with_fault(Fault&& fault, std::string_view status, std::string_view type);
  void finish_exit();
  void finish_abandoned();
  int max_memory_mb(double duration_ms);
  void look(SteadyTime now);
  SteadyTime now() const { return host_.loop.clock().steady_now(); }
  WallTime wall() const { return host_.loop.clock().wall_now(); }

  // How the invocation in hand was answered.
  struct Answer {
    std::string payload;
    bool function_error = false;
    std::string status;      // of REPORT: "", "timeout", "error"
    std::string error_type;  // Unhandled's, or the function's own
    bool streamed = false;
  };

  EnvironmentHost& host_;
  EnvironmentOwner& owner_;
  model::ConfigPtr config_;
  TaskFolder task_;
  Initialization initialization_;
  EnvironmentLog log_;
  LogLines lines_;
  std::optional<model::EnvironmentState> state_;  // from start on
  std::shared_ptr<sandbox::SandboxPort> sandbox_;
  std::shared_ptr<sandbox::SandboxPort> dead_sandbox_;  // there was no memory to bury it
  std::optional<Invocation> current_;
  Answer answer_;
  SteadyTime last_ended_{};  // the invocation before
  model::FreezeRule freeze_rule_;
  SteadyTime look_at_ = SteadyTime::max();  // whether it works, when it should not
  // What the state is being told comes in its Init phase, or behind an answer.
  bool first_init_ = false, answered_ = false;
  bool log_begun_ = false;
  bool unstarted_ = false;  // its sandbox could not be made, which on_time() tells
  double init_ms_ = -1;     // reported once, with the first invocation
  double restore_ms_ = -1;  // the same
  std::shared_ptr<sandbox::ForkSource> fork_of_;  // until it is started
  SteadyTime created_;
  uint64_t invocations_ = 0;
  std::optional<DebugLaunch> debug_;

  // What the runtime said of its failed init, and how the sandbox ended.
  std::string init_error_document_;
  std::string init_error_type_;
  std::optional<sandbox::Exit> exit_;
  std::string broken_type_;
  Error abandoned_;
  std::optional<Error> never_started_;  // it has waited too long for its turn

  uint64_t peak_bytes_ = 0;
  double unmeasured_ms_ = 1e9;  // run time since the peak was read
  SteadyTime resume_output_at_ = SteadyTime::max();
};

}  // namespace kiln::engine
