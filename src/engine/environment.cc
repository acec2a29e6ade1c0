#include "engine/environment.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/code_folder.h"
#include "base/fence.h"
#include "engine/fault_text.h"

namespace kiln::engine {
namespace {

using std::chrono::milliseconds;
constexpr Duration kOutputPause = milliseconds(20);
constexpr Duration kTailPause = milliseconds(20);
// Reading the memory peak is a system call; a shorter time of work is left to the next reading.
constexpr double kMeasureAfterMs = 20;

// AWS's words for what can go wrong in a Restore phase.
Error restore_timeout() {
  return {ErrorKind::kBadGateway, "SnapStartTimeoutException",
          "Lambda couldn't restore the snapshot within the timeout limit."};
}
// Nothing of the function has run, and who asks again may find the machine less busy.
Error start_timeout(const model::FunctionConfig& config) {
  return {
      ErrorKind::kInternal, "ServiceException",
      "Kiln could not start an environment of " + config.name + " within " +
          std::to_string(Environment::kStartLimit / std::chrono::seconds(1)) +
          " seconds: too many start. Send fewer requests at once, or raise `kiln serve --starts`."};
}
Error restore_error() {
  return {ErrorKind::kInvalid, "SnapStartException",
          "The afterRestore() runtime hook encountered an error. For more information, check the "
          "Amazon CloudWatch logs."};
}

}  // namespace

const char* to_text(Initialization initialization) {
  switch (initialization) {
    case Initialization::kProvisioned:
      return "provisioned-concurrency";
    case Initialization::kSnapshot:
      return "snap-start";
    case Initialization::kOnDemand:
      break;
  }
  return "on-demand";
}

Environment::Environment(EnvironmentHost& host, EnvironmentOwner& owner, model::ConfigPtr config,
                         TaskFolder task, Initialization initialization)
    : host_(host),
      owner_(owner),
      config_(std::move(config)),
      task_(std::move(task)),
      initialization_(initialization),
      log_(host.log_store, host.loop.clock(), *config_, host.metrics),
      lines_(*config_->logging, to_text(initialization)),
      created_(host.loop.clock().steady_now()) {}

Environment::~Environment() { host_.loop.cancel(this); }

// ---- What the state is told, and what it answers

void Environment::tell(Event event) {
  const bool was_available = available(), was_returning = returning();
  first_init_ = state_->phase() == model::EnvironmentPhase::kInit;
  answered_ = state_->phase() == model::EnvironmentPhase::kAnswered;
  const SteadyTime t = now();
  for (const Effect effect : state_->on(event, t)) {
    // An effect may have told the state more, which is then ahead of what is left here: only a
    // refused event does that, and giving it back is all that follows.
    try {
      carry_out(effect);
    } catch (...) {
      // The others are carried out: without its end nothing ever ends.
      internal::fence_caught("environment");
      give_up(effect);
    }
    if (effect == Effect::kGone) return;  // the owner may have let go of it
    if (effect == Effect::kSend && !current_) break;
  }
  if (available() != was_available) {
    freeze_rule_.begin();
    look_at_ = available() && !debug_ ? t + freeze_rule_.until_look() : SteadyTime::max();
  }
  const SteadyTime deadline = std::min({state_->deadline(), resume_output_at_, look_at_});
  if (deadline != SteadyTime::max()) host_.loop.schedule(this, deadline);
  if (available() != was_available || returning() != was_returning) owner_.on_change(*this);
}

// Nobody waits for what will not come.
void Environment::give_up(Effect effect) {
  switch (effect) {
    case Effect::kFinish:
    case Effect::kFinishBroken:
    case Effect::kFinishTimeout:
    case Effect::kFinishExit:
    case Effect::kFinishAbandoned:
      return current_.reset();  // its caller is told that it was dropped
    case Effect::kSend:
      if (sandbox_) sandbox_->kill();
      return;
    default:
      return;
  }
}

void Environment::carry_out(Effect effect) {
  switch (effect) {
    case Effect::kEndInit:
      return end_init();
    case Effect::kReportInit:
      return report_init("init", false);
    case Effect::kReportInitEnd:
      return is_restored() ? report_failed_restore() : report_init("init", true);
    case Effect::kReportReinitEnd:
      return report_init("invoke", true);
    case Effect::kTellInitFailed:
      return owner_.on_init_failed(*this);
    case Effect::kStartAgain:
      return start_sandbox();
    case Effect::kBegin:
      return begin_invocation();
    case Effect::kSend:
      if (!send_event()) tell(Event::kRefused);
      return;
    case Effect::kGiveBack:
      return give_back();
    case Effect::kHoldAnswer:
      return;  // it stands in answer_
    case Effect::kDeliver:
      return deliver(current_->request.want_log_tail ? log_.take_tail() : std::string());
    case Effect::kFinish:
      return finish();
    case Effect::kFinishBroken:
      return finish_with_fault(answer_fault(broken_type_, current_->request.request_id), "error",
                               broken_type_);
    case Effect::kFinishTimeout:
      return finish_with_fault(timeout_fault(config_->timeout_s, current_->request.request_id),
                               "timeout", {});
    case Effect::kFinishExit:
      return finish_exit();
    case Effect::kFinishAbandoned:
      return finish_abandoned();
    case Effect::kTerminate:
      if (sandbox_) sandbox_->terminate();
      return;
    case Effect::kKill:
      if (sandbox_) sandbox_->kill();
      return;
    case Effect::kGone:
      fenced("environment", [this] { log_.flush(); });
      return owner_.on_gone(*this);
  }
}

// ---- Init

void Environment::end_init() {
  init_error_document_.clear();
  init_error_type_.clear();
  if (!debug_) sandbox_->begin_cpu_quota({config_->memory_mb});
  for (const auto& extension : sandbox_->extensions())
    log_.line(lines_.extension(extension.name, extension.events, wall()));
  // What the function printed in its Init phase comes before START.
  sandbox_->drain_output();
  // Within a suppressed init the invocation has begun already, and its duration tells all.
  if (!current_ || !first_init_) return;
  const double ms = to_ms(now() - state_->init_started());
  if (!is_restored()) {
    init_ms_ = ms;
    if (lines_.debug()) log_.line(lines_.init_report(ms, "init", {}, {}, wall()));
    return;
  }
  restore_ms_ = ms;
  log_.line(lines_.restore_end(ms, {}, {}, wall()));
}

// What the invocation that waits for it is answered with, too.
void Environment::report_failed_restore() {
  const bool late = state_->init_timed_out();
  std::string type = late ? std::string() : init_error_type_;
  if (!late && type.empty() && exit_) type = exit_fault(*exit_, *config_, {}).error_type;
  log_.line(lines_.restore_end(to_ms(now() - state_->init_started()), late ? "timeout" : "error",
                               type, wall()));
  log_.flush();
  abandoned_ = late ? restore_timeout() : restore_error();
}

void Environment::report_init(std::string_view phase, bool ended) {
  const SteadyTime since = phase == "init" ? state_->init_started() : state_->invocation_started();
  std::string_view status;
  std::string type;
  if (ended && state_->init_timed_out()) {
    status = "timeout";
  } else if (ended) {
    status = "error";
    type = init_error_type_;
    if (type.empty() && exit_) type = exit_fault(*exit_, *config_, {}).error_type;
  }
  log_.line(lines_.init_report(to_ms(now() - since), phase, status, type, wall()));
  log_.flush();
}

// ---- Invocations

void Environment::invoke(Invocation&& invocation) {
  KILN_REQUIRE(available());
  current_ = std::move(invocation);
  tell(Event::kInvoke);
}

// Its time began when the state said so.
void Environment::begin_invocation() {
  answer_ = {};
  ++invocations_;
  log_.begin_tail(current_->request.want_log_tail);
  const WallTime t = wall();
  log_.append_line(t, [&](std::string& out) {
    lines_.start(out, current_->request.request_id, config_->version, t);
  });
}

bool Environment::send_event() {
  return sandbox_->send(event_of(*current_, state_->invocation_deadline()));
}

bool Environment::stage(const Invocation& next) {
  return takes_more() &&
         sandbox_->stage(event_of(next, now() + std::chrono::seconds(config_->timeout_s)));
}

sandbox::Event Environment::event_of(const Invocation& invocation, SteadyTime deadline) const {
  const InvokeRequest& r = invocation.request;
  sandbox::Event event;
  event.request_id = r.request_id;
  event.payload = r.payload.empty() ? std::string_view("{}") : std::string_view(r.payload);
  event.function_arn = invocation.function_arn;
  event.trace_id = r.trace_id;
  event.client_context = r.client_context;
  event.deadline_ms =
      epoch_ms(wall() + std::chrono::duration_cast<WallTime::duration>(deadline - now()));
  return event;
}

void Environment::give_back() {
  Invocation invocation = std::move(*current_);
  current_.reset();
  owner_.on_given_back(*this, std::move(invocation));
}

void Environment::on_started() {
  fenced("environment", [this] { begin_log(); });
  tell(Event::kStarted);
}
void Environment::on_ready() { tell(Event::kReady); }
void Environment::on_withdrawn() { tell(Event::kWithdrawn); }

void Environment::on_answer(std::string&& payload, std::string_view error_type) {
  if (state_->phase() != model::EnvironmentPhase::kBusy) return;
  set_answer(std::move(payload), !error_type.empty(), {}, error_type);
  tell(Event::kAnswer);
}

std::shared_ptr<sandbox::AnswerStream> Environment::on_stream(std::string_view content_type) {
  if (state_->phase() != model::EnvironmentPhase::kBusy || answer_.streamed) return nullptr;
  const std::shared_ptr<sandbox::AnswerStream>& stream = current_->request.stream;
  if (!stream) return nullptr;
  answer_.streamed = true;
  stream->begin(config_->version, content_type);
  return stream;
}

// Lambda takes an answer that has failed on the way for a success, and passes the error on.
void Environment::on_stream_end(std::string&& document, std::string_view error_type) {
  if (state_->phase() != model::EnvironmentPhase::kBusy) return;
  set_answer(std::move(document), false, {}, error_type);
  tell(Event::kAnswer);
}

void Environment::set_answer(std::string&& payload, bool function_error, std::string_view status,
                             std::string_view error_type) {
  answer_ = {std::move(payload), function_error, std::string(status), std::string(error_type),
             answer_.streamed};
}

void Environment::on_too_large_answer() {
  if (state_->phase() != model::EnvironmentPhase::kBusy) return;
  Fault fault = answer_fault("Function.ResponseSizeTooLarge", current_->request.request_id);
  set_answer(std::move(fault.document), true, "error", fault.error_type);
  tell(Event::kAnswer);
}

void Environment::on_broken(std::string_view error_type) {
  broken_type_ = error_type;
  tell(Event::kBroken);
}

void Environment::on_init_error(std::string&& document, std::string_view error_type) {
  init_error_document_ = std::move(document);
  init_error_type_ = error_type.empty() ? "Runtime.Unknown" : std::string(error_type);
  tell(Event::kInitError);
}

// The caller gets its answer, once.
void Environment::deliver(std::string&& tail) {
  if (!current_->done) return;
  InvokeReply reply;
  // Of an error the first line is still told when the invocation ends.
  reply.payload = answer_.function_error ? answer_.payload : std::move(answer_.payload);
  reply.function_error = answer_.function_error;
  reply.streamed = answer_.streamed;
  reply.error_type = answer_.error_type;
  reply.executed_version = config_->version;
  reply.log_tail = std::move(tail);
  std::exchange(current_->done, nullptr)(std::move(reply));
}

// What it has taken. An event that the function has taken ahead of its turn began when the one
// before was answered, which the loop may hear of later.
double Environment::end_work(bool timed_out) {
  const bool ahead = sandbox_ && sandbox_->was_taken_ahead();
  const SteadyTime begun = ahead ? last_ended_ : state_->invocation_started();
  const Duration ago = sandbox_ ? sandbox_->answered_ago() : Duration(0);
  last_ended_ = std::max(begun, now() - ago);
  return timed_out ? config_->timeout_s * 1000.0 : to_ms(last_ended_ - begun);
}

// The end of the invocation: END and REPORT, metrics, and the answer.
void Environment::finish() {
  const bool timed_out = answer_.status == "timeout";
  const double duration_ms = end_work(timed_out);
  if (sandbox_) sandbox_->drain_output();
  owner_.on_invocation_end(
      *current_, {duration_ms, init_ms_, answer_.function_error, config_->version, answer_.payload,
                  sandbox_ ? sandbox_->extensions_ms() : -1});
  // Whoever has the answer may use the concurrency.
  current_->ticket.release();
  const bool tail_wanted = current_->request.want_log_tail;
  // Without Tail the caller need not wait for the lines below.
  if (!tail_wanted) deliver({});

  log_.end_output();
  ReportFacts facts;
  facts.request_id = current_->request.request_id;
  facts.duration_ms = duration_ms;
  facts.init_ms = std::exchange(init_ms_, -1);
  facts.restore_ms = std::exchange(restore_ms_, -1);
  facts.memory_mb = config_->memory_mb;
  facts.max_memory_mb = max_memory_mb(duration_ms);
  facts.trace_id = current_->request.trace_id;
  facts.status = answer_.status;
  if (answer_.status.empty())
    facts.handled_error_type = answer_.error_type;
  else
    facts.error_type = answer_.error_type;
  const WallTime t = wall();
  log_.append_line(t, [&](std::string& out) { lines_.end(out, facts.request_id); });
  if (is_traced(facts.trace_id) && !lines_.json()) {
    std::string report;
    lines_.report(report, facts, t);
    log_.several_lines(t, report);
  } else {
    log_.append_line(t, [&](std::string& out) { lines_.report(out, facts, t); });
  }
  log_.flush();
  if (tail_wanted) deliver(log_.take_tail());
  current_.reset();
}

// The most of all of the environment's invocations, as Lambda reports it.
int Environment::max_memory_mb(double duration_ms) {
  constexpr uint64_t kMiB = 1024 * 1024;
  unmeasured_ms_ += duration_ms;
  if (exit_) {
    peak_bytes_ = std::max(peak_bytes_, exit_->peak_memory_bytes);
  } else if (sandbox_ && (unmeasured_ms_ >= kMeasureAfterMs || current_->request.want_log_tail)) {
    peak_bytes_ = std::max(peak_bytes_, sandbox_->peak_memory_bytes());
    unmeasured_ms_ = 0;
  }
  if (answer_.error_type == "Runtime.OutOfMemory") return config_->memory_mb;
  return static_cast<int>(std::min<uint64_t>((peak_bytes_ + kMiB - 1) / kMiB,
                                             static_cast<uint64_t>(config_->memory_mb)));
}

void Environment::finish_with_fault(Fault&& fault, std::string_view status, std::string_view type) {
  set_answer(std::move(fault.document), true, status, type);
  finish();
}

void Environment::finish_exit() {
  Fault fault = exit_fault(*exit_, *config_, current_->request.request_id);
  if (answered_) {
    // As a runtime does that reports an error and gives up: the report is the answer.
    answer_.status = "error";
    if (!answer_.function_error) answer_.error_type = fault.error_type;
    return finish();
  }
  if (!init_error_type_.empty()) {
    fault.error_type = init_error_type_;
    fault.document = std::move(init_error_document_);
  }
  std::string type = fault.error_type;
  finish_with_fault(std::move(fault), "error", type);
}

void Environment::finish_abandoned() {
  Invocation invocation = std::move(*current_);
  current_.reset();
  if (exit_ && exit_->lacks_room && first_init_)
    return owner_.on_no_room(*this, std::move(invocation), abandoned_);
  refuse(invocation, abandoned_);
}

// ---- Ends

void Environment::on_exit(const sandbox::Exit& exit) {
  exit_.emplace();
  bury_sandbox();
  // Whatever fails of this, its end is told.
  fenced("environment", [&] { note_exit(exit); });
  tell(Event::kExit);
}

void Environment::note_exit(const sandbox::Exit& exit) {
  exit_ = exit;
  if (state_->phase() == model::EnvironmentPhase::kInit) begin_log();
  log_.end_output();
  if (const std::string& folder = config_->code.hot_reload_dir;
      exit.error == EACCES && host_.isolation == sandbox::Isolation::kFull && !folder.empty())
    if (const std::string why = why_closed_to_others(folder); !why.empty())
      exit_->closed_folder = "the hot-reload folder '" + folder + "' " + why;
  if (auto fault = machine_fault(); fault && current_) abandon(*fault);
}

// Within its own last callback it may not be destroyed: that comes when the loop comes round.
void Environment::bury_sandbox() {
  auto dead = std::move(sandbox_);
  if (!fenced("environment", [&] { host_.loop.post([dead] {}); })) dead_sandbox_ = std::move(dead);
}

void Environment::retire() {
  if (state_) tell(Event::kRetire);
}

std::optional<Error> Environment::machine_fault() const {
  if (never_started_) return never_started_;
  return exit_ ? engine::machine_fault(*exit_, *config_) : std::nullopt;
}

void Environment::abandon(const Error& error) {
  if (!state_) return;
  abandoned_ = error;
  tell(Event::kAbandon);
}

// ---- Time and output

SteadyTime Environment::on_time(SteadyTime t) {
  if (unstarted_) end_unstarted();
  if (resume_output_at_ <= t) {
    if (log_.overloaded()) {
      resume_output_at_ = t + kOutputPause;
    } else {
      resume_output_at_ = SteadyTime::max();
      if (sandbox_) sandbox_->resume_output();
    }
  }
  if (look_at_ <= t) look(t);
  if (state_->deadline() <= t && state_->phase() == model::EnvironmentPhase::kBusy) {
    owner_.on_late(*this);
    // What it has answered by now isn't late.
    catch_up();
  }
  if (state_->deadline() <= t) {
    if (state_->starting()) never_started_ = abandoned_ = start_timeout(*config_);
    const bool running = state_->phase() == model::EnvironmentPhase::kAnswered && is_running();
    // Who wants the log's end gets END and REPORT with it, while the runtime is on its way to them.
    if (running && current_->request.want_log_tail && t < state_->invocation_deadline())
      return std::min({t + kTailPause, state_->invocation_deadline(), resume_output_at_, look_at_});
    tell(running ? Event::kDueRunning : Event::kDue);
  }
  return std::min({state_->deadline(), resume_output_at_, look_at_});
}

// Lambda freezes what has answered; here that is spared what sleeps anyway.
void Environment::look(SteadyTime t) {
  look_at_ = SteadyTime::max();
  if (!available() || !sandbox_) return;
  switch (freeze_rule_.look(std::chrono::nanoseconds(sandbox_->cpu_ns()))) {
    case model::FreezeRule::Verdict::kFreeze:
      sandbox_->freeze();
      break;
    case model::FreezeRule::Verdict::kLookAgain:
      look_at_ = t + freeze_rule_.until_look();
      break;
    case model::FreezeRule::Verdict::kSleeps:
      break;
  }
}

void Environment::on_output(std::string_view bytes) {
  log_.output(bytes);
  if (log_.overloaded() && resume_output_at_ == SteadyTime::max() && sandbox_) {
    sandbox_->pause_output();
    resume_output_at_ = now() + kOutputPause;
    host_.loop.schedule(this, resume_output_at_);
  }
}

}  // namespace kiln::engine
