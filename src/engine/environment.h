// One execution environment: a sandbox, and what Lambda does with it — the Init phase and its 10 s,
// the suppressed init that follows a failed one, the invocation and its timeout, the log lines, the
// end.
//
// It serves one invocation at a time. The pool owns it and hears of every change that concerns
// reuse. Threading: its loop only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "engine/function_metrics.h"
#include "engine/invocation.h"
#include "engine/log_lines.h"
#include "engine/log_store.h"
#include "model/function.h"
#include "sandbox/sandbox.h"

namespace kiln::engine {

class Environment;

// A unit of concurrency that an invocation holds; given back when it goes.
class AdmissionTicket {
 public:
  AdmissionTicket() = default;
  AdmissionTicket(model::FunctionAdmission& function, FunctionMetrics::Way& way,
                  const model::Admission& admission)
      : function_(&function), way_(&way), admission_(admission) {}
  AdmissionTicket(AdmissionTicket&& other) noexcept { *this = std::move(other); }
  AdmissionTicket& operator=(AdmissionTicket&& other) noexcept {
    release();
    function_ = std::exchange(other.function_, nullptr);
    way_ = other.way_;
    admission_ = other.admission_;
    return *this;
  }
  ~AdmissionTicket() { release(); }

  void release() {
    if (!function_) return;
    std::exchange(function_, nullptr)->release(way_->version, admission_);
    --way_->in_use;
  }
  const model::Admission& admission() const { return admission_; }
  FunctionMetrics::Way* way() const { return way_; }

 private:
  model::FunctionAdmission* function_ = nullptr;
  FunctionMetrics::Way* way_ = nullptr;
  model::Admission admission_;
};

// What an invocation is on its way through one loop.
struct Invocation {
  InvokeRequest request;
  InvokeDone done;
  std::string function_arn;  // as invoked
  AdmissionTicket ticket;    // from its function's loop on
  int64_t minute_s = 0;      // metric minute in which it started
};

enum class Initialization { kOnDemand, kProvisioned };
// Value of AWS_LAMBDA_INITIALIZATION_TYPE.
const char* to_text(Initialization initialization);

// The folders that become /var/task and /opt (empty: no layers), and what keeps them in place.
struct TaskFolder {
  std::string path;
  std::shared_ptr<const void> pin;
  std::string layers_path = {};
  std::shared_ptr<const void> layers_pin = {};
};

class EnvironmentOwner {
 public:
  // An invocation ran to its end; its caller is told next.
  virtual void on_invocation_end(Invocation& invocation, double duration_ms,
                                 bool function_error) = 0;
  // Init of an environment that no invocation waits for has failed; on_gone follows.
  virtual void on_init_failed(Environment& environment) = 0;
  virtual void on_idle(Environment& environment) = 0;
  // It answered, and will be idle soon: another invocation may already be assigned to it.
  virtual void on_finishing(Environment& environment) = 0;
  // An invocation that was assigned and did not start: the runtime is not coming back for it soon,
  // or has ended.
  virtual void on_returned(Environment& environment, Invocation&& invocation) = 0;
  // Its processes are gone. Last callback.
  virtual void on_gone(Environment& environment) = 0;

 protected:
  ~EnvironmentOwner() = default;
};

// What a loop's environments share.
struct EnvironmentHost {
  sandbox::SandboxHost& sandboxes;
  LogStore& log_store;
  std::string runtimes_dir;
  std::string endpoint_url;
  Duration idle_lifetime = std::chrono::minutes(10);
};

class Environment final : private sandbox::SandboxOwner, private net::Scheduled {
 public:
  Environment(EnvironmentHost& host, EnvironmentOwner& owner, model::ConfigPtr config,
              TaskFolder task, Initialization initialization);
  ~Environment();

  const model::ConfigPtr& config() const { return config_; }
  Initialization initialization() const { return initialization_; }
  bool idle() const { return phase_ == Phase::kIdle; }
  bool assigned() const { return pending_.has_value(); }

  // Starts the Init phase; the invocation that caused it follows.
  void start(Invocation&& cause);
  // Starts the Init phase; no invocation waits. What provisioned concurrency does.
  void start_ahead();
  // REQUIRES: idle()
  void invoke(Invocation&& invocation);
  // REQUIRES: finishing (see EnvironmentOwner::on_finishing) and not assigned()
  void assign(Invocation&& invocation);
  // No new invocation: ends now when idle, else after the one in hand.
  void retire();
  // Ends at once; an invocation in hand is answered with `error`.
  void abandon(const Error& error);

 private:
  enum class Phase {
    kInit,    // Init phase; an invocation waits
    kReinit,  // suppressed init: within the invocation's time
    kBusy,
    kFinishing,  // answered; the runtime has not asked for the next event yet
    kIdle,
    kStopping,  // asked to end, or killed
    kGone,
  };

  // SandboxOwner
  void on_ready() override;
  void on_answer(std::string&& payload, std::string_view error_type) override;
  void on_bad_answer(std::string_view error_type) override;
  void on_init_error(std::string&& document, std::string_view error_type) override;
  void on_output(std::string_view bytes) override;
  void on_exit(const sandbox::Exit& exit) override;
  SteadyTime on_time(SteadyTime now) override;

  void begin_init(Duration limit);
  void start_sandbox();
  void fail_init_ahead(const sandbox::Exit& exit);
  void begin_invocation();
  void send_event();
  void fail_init(const sandbox::Exit& exit);
  void time_out();
  // Writes END and REPORT and answers.
  void finish_invocation(std::string&& payload, bool function_error, std::string_view status,
                         std::string_view error_type);
  void stop(Duration grace);
  void bury_sandbox();
  void become_idle();
  void give_back_pending();

  void set_deadline(SteadyTime when);
  void log(std::string_view line);
  void log_text(std::string_view text);
  void end_partial_line();
  void flush_log();
  SteadyTime now() const;
  WallTime wall() const;

  EnvironmentHost& host_;
  EnvironmentOwner& owner_;
  model::ConfigPtr config_;
  TaskFolder task_;
  Initialization initialization_;
  LogStreamKey log_key_;
  LogLines lines_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  Phase phase_ = Phase::kInit;
  bool retired_ = false;
  bool init_timed_out_ = false;

  std::optional<Invocation> current_;
  std::optional<Invocation> pending_;
  SteadyTime phase_started_{};  // of Init or of the invocation
  SteadyTime deadline_ = SteadyTime::max();
  int64_t deadline_epoch_ms_ = 0;
  double init_ms_ = -1;  // reported once, with the first invocation

  // What the runtime said before it ended.
  std::string init_error_document_;
  std::string init_error_type_;

  std::string partial_line_;
  std::string log_buffer_;  // lines not yet given to the store
  std::string tail_;        // of the invocation in hand, with Tail
  SteadyTime resume_output_at_ = SteadyTime::max();
};

}  // namespace kiln::engine
