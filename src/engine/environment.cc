#include "engine/environment.h"

#include <algorithm>

#include "base/check.h"
#include "base/ids.h"
#include "base/time_format.h"
#include "engine/fault_text.h"
#include "engine/runtime_launch.h"

namespace kiln::engine {
namespace {

using std::chrono::milliseconds;

constexpr Duration kInitLimit = std::chrono::seconds(10);
// Provisioned environments may take as long as the function's timeout, and this at least.
constexpr Duration kProvisionedInitLimit = std::chrono::seconds(130);
// After its init error a runtime may still print; then it is ended.
constexpr Duration kInitErrorGrace = milliseconds(500);
// SIGTERM to SIGKILL when an environment is spun down.
constexpr Duration kShutdownGrace = milliseconds(300);
// An invocation waits this long for a runtime that has answered to come back before it starts a new
// environment.
constexpr Duration kReturnPatience = milliseconds(50);
constexpr Duration kOutputPause = milliseconds(20);
constexpr size_t kMaxLine = 256 * 1024;  // CloudWatch Logs' limit of an event
constexpr size_t kTailBytes = 4096;
constexpr size_t kFlushBytes = 64 * 1024;

// Time stamps of log lines, made once a millisecond.
const std::string& stamp(WallTime t) {
  thread_local int64_t last_ms = -1;
  thread_local std::string text;
  if (const int64_t ms = epoch_ms(t); ms != last_ms) {
    last_ms = ms;
    text = format_iso_ms(t) + " ";
  }
  return text;
}

std::string new_log_stream(const model::FunctionConfig& config, WallTime t) {
  return format_log_stream_day(t) + "/[" + config.version + "]" + new_hex(16);
}

}  // namespace

const char* to_text(Initialization initialization) {
  return initialization == Initialization::kProvisioned ? "provisioned-concurrency" : "on-demand";
}

Environment::Environment(EnvironmentHost& host, EnvironmentOwner& owner, model::ConfigPtr config,
                         TaskFolder task, Initialization initialization)
    : host_(host),
      owner_(owner),
      config_(std::move(config)),
      task_(std::move(task)),
      initialization_(initialization),
      log_key_{config_->region, config_->log_group(),
               new_log_stream(*config_, host.sandboxes.loop.clock().wall_now())},
      lines_(config_->logging, to_text(initialization)) {}

Environment::~Environment() {
  host_.sandboxes.loop.cancel(this);
  flush_log();
}

SteadyTime Environment::now() const { return host_.sandboxes.loop.clock().steady_now(); }
WallTime Environment::wall() const { return host_.sandboxes.loop.clock().wall_now(); }

// ---- Init

void Environment::start(Invocation&& cause) {
  KILN_REQUIRE(!current_);
  current_ = std::move(cause);
  tail_.clear();
  begin_init(kInitLimit);
}

void Environment::start_ahead() {
  begin_init(std::max<Duration>(kProvisionedInitLimit, std::chrono::seconds(config_->timeout_s)));
}

void Environment::begin_init(Duration limit) {
  log(lines_.init_start(runtime_label(config_->runtime), config_->version, wall()));
  phase_ = Phase::kInit;
  phase_started_ = now();
  set_deadline(phase_started_ + limit);
  start_sandbox();
}

void Environment::start_sandbox() {
  sandbox_ = std::make_unique<sandbox::Sandbox>(host_.sandboxes,
                                                static_cast<sandbox::SandboxOwner&>(*this));
  LaunchContext context;
  context.task_dir = task_.path;
  context.layers_dir = task_.layers_path;
  context.runtimes_dir = host_.runtimes_dir;
  context.endpoint_url = host_.endpoint_url;
  context.log_stream = log_key_.stream;
  context.initialization_type = to_text(initialization_);
  context.isolation = host_.sandboxes.isolation;
  sandbox_->start(launch_spec(*config_, context));
}

void Environment::on_ready() {
  switch (phase_) {
    case Phase::kInit:
      sandbox_->begin_cpu_quota({config_->memory_mb});
      if (!current_) {
        log(lines_.init_report(to_ms(now() - phase_started_), "init", {}, {}, wall()));
        flush_log();
        return become_idle();
      }
      init_ms_ = to_ms(now() - phase_started_);
      begin_invocation();
      return send_event();
    case Phase::kReinit:
      sandbox_->begin_cpu_quota({config_->memory_mb});
      phase_ = Phase::kBusy;
      return send_event();
    case Phase::kFinishing:
      return become_idle();
    case Phase::kIdle:  // the runtime dropped its call and asks again
    case Phase::kBusy:
    case Phase::kStopping:
    case Phase::kGone:
      return;
  }
}

void Environment::on_init_error(std::string&& document, std::string_view error_type) {
  init_error_document_ = std::move(document);
  init_error_type_ = error_type.empty() ? "Runtime.Unknown" : std::string(error_type);
  set_deadline(std::min(deadline_, now() + kInitErrorGrace));
}

void Environment::fail_init_ahead(const sandbox::Exit& exit) {
  const std::string type =
      !init_error_type_.empty() ? init_error_type_ : exit_fault(exit, *config_, {}).error_type;
  log(init_timed_out_
          ? lines_.init_report(to_ms(now() - phase_started_), "init", "timeout", {}, wall())
          : lines_.init_report(to_ms(now() - phase_started_), "init", "error", type, wall()));
  owner_.on_init_failed(*this);
}

// The Init phase has failed. Lambda initialises again, now within the invocation that waits.
void Environment::fail_init(const sandbox::Exit& exit) {
  const double init_ms = to_ms(now() - phase_started_);
  if (init_timed_out_) {
    log(lines_.init_report(init_ms, "init", "timeout", {}, wall()));
  } else {
    const std::string type =
        init_error_type_.empty() ? exit_fault(exit, *config_, {}).error_type : init_error_type_;
    log(lines_.init_report(init_ms, "init", "error", type, wall()));
  }
  init_error_document_.clear();
  init_error_type_.clear();
  begin_invocation();
  phase_ = Phase::kReinit;
  start_sandbox();
}

// ---- Invoke

void Environment::invoke(Invocation&& invocation) {
  KILN_REQUIRE(idle());
  current_ = std::move(invocation);
  tail_.clear();
  sandbox_->reset_peak_memory();
  begin_invocation();
  send_event();
}

void Environment::assign(Invocation&& invocation) {
  KILN_REQUIRE(phase_ == Phase::kFinishing && !pending_);
  pending_ = std::move(invocation);
  set_deadline(now() + kReturnPatience);
}

// Writes START and starts the clock.
void Environment::begin_invocation() {
  phase_ = Phase::kBusy;
  phase_started_ = now();
  const auto limit = std::chrono::seconds(config_->timeout_s);
  set_deadline(phase_started_ + limit);
  const WallTime t = wall();
  deadline_epoch_ms_ = epoch_ms(t + limit);
  log(lines_.start(current_->request.request_id, config_->version, t));
}

void Environment::send_event() {
  const InvokeRequest& r = current_->request;
  sandbox::Event event;
  event.request_id = r.request_id;
  event.payload = r.payload.empty() ? std::string_view("{}") : std::string_view(r.payload);
  event.function_arn = current_->function_arn;
  event.trace_id = r.trace_id;
  event.client_context = r.client_context;
  event.deadline_ms = deadline_epoch_ms_;
  sandbox_->send(event);
}

void Environment::on_answer(std::string&& payload, std::string_view error_type) {
  if (!current_) return;
  phase_ = Phase::kFinishing;
  set_deadline(SteadyTime::max());
  finish_invocation(std::move(payload), !error_type.empty(), {}, error_type);
  if (phase_ == Phase::kFinishing && !retired_) owner_.on_finishing(*this);
}

void Environment::on_bad_answer(std::string_view error_type) {
  if (!current_) return;
  Fault fault = answer_fault(error_type, current_->request.request_id);
  phase_ = Phase::kFinishing;
  set_deadline(SteadyTime::max());
  finish_invocation(std::move(fault.document), true, "error", fault.error_type);
  if (error_type == "Function.ResponseSizeTooLarge") {
    if (!retired_) owner_.on_finishing(*this);
    return;
  }
  stop(Duration::zero());
}

void Environment::time_out() {
  if (phase_ == Phase::kReinit)
    log(lines_.init_report(to_ms(now() - phase_started_), "invoke", "timeout", {}, wall()));
  Fault fault = timeout_fault(config_->timeout_s, current_->request.request_id);
  phase_ = Phase::kStopping;
  finish_invocation(std::move(fault.document), true, "timeout", {});
  stop(Duration::zero());
}

void Environment::finish_invocation(std::string&& payload, bool function_error,
                                    std::string_view status, std::string_view error_type) {
  const double duration_ms = to_ms(now() - phase_started_);
  if (sandbox_) sandbox_->drain_output();
  Invocation invocation = std::move(*current_);
  const InvokeRequest& request = invocation.request;
  const bool tail_wanted = request.want_log_tail;

  InvokeReply reply;
  reply.payload = std::move(payload);
  reply.function_error = function_error;
  reply.executed_version = config_->version;
  owner_.on_invocation_end(invocation, duration_ms, function_error);
  // Whoever has the answer may use the concurrency.
  invocation.ticket.release();
  // Without Tail the caller need not wait for the lines below.
  if (!tail_wanted) invocation.done(std::move(reply));

  end_partial_line();
  constexpr uint64_t kMiB = 1024 * 1024;
  const uint64_t peak = sandbox_ ? sandbox_->peak_memory_bytes() : 0;
  ReportFacts facts;
  facts.request_id = request.request_id;
  facts.duration_ms = duration_ms;
  facts.init_ms = std::exchange(init_ms_, -1);
  facts.memory_mb = config_->memory_mb;
  facts.max_memory_mb = static_cast<int>(
      std::min<uint64_t>((peak + kMiB - 1) / kMiB, static_cast<uint64_t>(config_->memory_mb)));
  if (error_type == "Runtime.OutOfMemory") facts.max_memory_mb = config_->memory_mb;
  facts.trace_id = request.trace_id;
  facts.status = status;
  if (status.empty())
    facts.handled_error_type = error_type;
  else
    facts.error_type = error_type;
  log(lines_.end(request.request_id));
  log(lines_.report(facts, wall()));
  flush_log();
  if (tail_wanted) {
    reply.log_tail = std::move(tail_);
    invocation.done(std::move(reply));
  }
  current_.reset();
}

// ---- Ends

void Environment::on_exit(const sandbox::Exit& exit) {
  end_partial_line();
  bury_sandbox();
  switch (phase_) {
    case Phase::kInit:
      if (current_) return fail_init(exit);
      fail_init_ahead(exit);
      break;
    case Phase::kReinit: {
      const double init_ms = to_ms(now() - phase_started_);
      Fault fault = exit_fault(exit, *config_, current_->request.request_id);
      if (!init_error_type_.empty()) {
        fault.error_type = init_error_type_;
        fault.document = std::move(init_error_document_);
      }
      log(lines_.init_report(init_ms, "invoke", "error", fault.error_type, wall()));
      finish_invocation(std::move(fault.document), true, "error", fault.error_type);
      break;
    }
    case Phase::kBusy: {
      Fault fault = exit_fault(exit, *config_, current_->request.request_id);
      finish_invocation(std::move(fault.document), true, "error", fault.error_type);
      break;
    }
    case Phase::kFinishing:
    case Phase::kIdle:
    case Phase::kStopping:
    case Phase::kGone:
      break;
  }
  phase_ = Phase::kGone;
  set_deadline(SteadyTime::max());
  flush_log();
  give_back_pending();
  owner_.on_gone(*this);
}

void Environment::become_idle() {
  if (retired_ && !pending_) return stop(kShutdownGrace);
  if (pending_) {
    phase_ = Phase::kIdle;
    Invocation next = std::move(*pending_);
    pending_.reset();
    return invoke(std::move(next));
  }
  phase_ = Phase::kIdle;
  // Lambda keeps provisioned environments for as long as they are configured.
  set_deadline(initialization_ == Initialization::kProvisioned
                   ? SteadyTime::max()
                   : now() + std::chrono::duration_cast<SteadyTime::duration>(host_.idle_lifetime));
  owner_.on_idle(*this);
}

void Environment::retire() {
  retired_ = true;
  if (phase_ == Phase::kIdle) return stop(kShutdownGrace);
  if (phase_ == Phase::kInit && !current_) stop(Duration::zero());
}

void Environment::abandon(const Error& error) {
  const auto refuse = [&error](std::optional<Invocation>& invocation) {
    if (!invocation) return;
    InvokeReply reply;
    reply.error = error;
    invocation->ticket.release();
    invocation->done(std::move(reply));
    invocation.reset();
  };
  refuse(current_);
  refuse(pending_);
  if (phase_ != Phase::kGone) stop(Duration::zero());
}

void Environment::stop(Duration grace) {
  phase_ = Phase::kStopping;
  give_back_pending();
  if (!sandbox_) return;
  if (grace == Duration::zero()) {
    set_deadline(SteadyTime::max());
    return sandbox_->kill();
  }
  set_deadline(now() + grace);
  sandbox_->terminate();
}

// Within its own last callback it may not be destroyed: that comes when the loop comes round.
void Environment::bury_sandbox() {
  host_.sandboxes.loop.post([dead = std::shared_ptr<sandbox::Sandbox>(std::move(sandbox_))] {});
}

void Environment::give_back_pending() {
  if (!pending_) return;
  Invocation invocation = std::move(*pending_);
  pending_.reset();
  owner_.on_returned(*this, std::move(invocation));
}

// ---- Time

void Environment::set_deadline(SteadyTime when) {
  deadline_ = when;
  if (when != SteadyTime::max()) host_.sandboxes.loop.schedule(this, when);
}

SteadyTime Environment::on_time(SteadyTime t) {
  if (resume_output_at_ <= t) {
    if (host_.log_store.overloaded()) {
      resume_output_at_ = t + kOutputPause;
    } else {
      resume_output_at_ = SteadyTime::max();
      if (sandbox_) sandbox_->resume_output();
    }
  }
  if (deadline_ <= t) {
    deadline_ = SteadyTime::max();
    switch (phase_) {
      case Phase::kInit:
        init_timed_out_ = init_error_type_.empty();
        sandbox_->kill();
        break;
      case Phase::kReinit:
        if (!init_error_type_.empty())
          sandbox_->kill();
        else
          time_out();
        break;
      case Phase::kBusy:
        time_out();
        break;
      case Phase::kFinishing:
        give_back_pending();
        break;
      case Phase::kIdle:
        retire();
        break;
      case Phase::kStopping:
        if (sandbox_) sandbox_->kill();
        break;
      case Phase::kGone:
        break;
    }
  }
  return std::min(deadline_, resume_output_at_);
}

// ---- Logs

void Environment::on_output(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t newline = std::min(bytes.find('\n'), bytes.size());
    // A line beyond the limit is cut into several events.
    const size_t length = std::min(newline, kMaxLine - partial_line_.size());
    partial_line_.append(bytes.substr(0, length));
    bytes.remove_prefix(length);
    const bool complete = !bytes.empty() && bytes.front() == '\n';
    if (complete) bytes.remove_prefix(1);
    if (!complete && partial_line_.size() < kMaxLine) break;
    partial_line_ += '\n';
    log(partial_line_);
    partial_line_.clear();
  }
  flush_log();
  if (host_.log_store.overloaded() && resume_output_at_ == SteadyTime::max()) {
    sandbox_->pause_output();
    resume_output_at_ = now() + kOutputPause;
    host_.sandboxes.loop.schedule(this, resume_output_at_);
  }
}

void Environment::end_partial_line() {
  if (partial_line_.empty()) return;
  partial_line_ += '\n';
  log(partial_line_);
  partial_line_.clear();
}

// A line as it stands in the log, ending in '\n'.
void Environment::log(std::string_view line) {
  if (line.empty()) return;
  log_buffer_ += stamp(wall());
  log_buffer_ += line;
  if (current_ && current_->request.want_log_tail) {
    tail_ += line;
    if (tail_.size() > 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  }
  if (log_buffer_.size() > kFlushBytes) flush_log();
}

void Environment::flush_log() {
  if (log_buffer_.empty()) return;
  host_.log_store.append(log_key_, std::exchange(log_buffer_, {}));
}

}  // namespace kiln::engine
