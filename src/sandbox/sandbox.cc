#include "sandbox/sandbox.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "base/fence.h"
#include "net/watch.h"
#include "sandbox/activity.h"
#include "sandbox/descriptors.h"
#include "sandbox/direct_channel.h"
#include "sandbox/exit_status.h"
#include "sandbox/forks.h"
#include "sandbox/pidfd.h"
#include "sandbox/runtime_api.h"

namespace kiln::sandbox {
namespace {

constexpr size_t kOutputChunk = 16 * 1024;
// Of one that has thousands of processes or threads some are enough: the loop waits meanwhile.
constexpr int kMostLooks = 32;

std::string variable(const std::vector<std::string>& env, std::string_view name) {
  for (const auto& one : env)
    if (one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=')
      return one.substr(name.size() + 1);
  return {};
}

}  // namespace

struct Sandbox::Io {
  UniqueFd output, pidfd;
  std::shared_ptr<LastWords> words;
  // After the descriptors: they go first.
  std::optional<net::Watch> output_watch, death_watch;
  bool output_left = false;  // something may be there to be read
  bool output_paused = false;
  bool output_ended = false;
  // What the function printed at an event whose turn has not come, and how many events ahead that
  // is. Nothing more is read before that.
  std::string output_kept;
  size_t kept_for = 0;
  pid_t pid = -1;
};

Sandbox::Sandbox(SandboxHost& host, SandboxOwner& owner)
    : host_(host),
      owner_(owner),
      io_(std::make_unique<Io>()),
      alive_(std::make_shared<bool>(true)) {}

Sandbox::~Sandbox() {
  *alive_ = false;
  waiting_.reset();
  if (state_ != State::kGone) signal(SIGKILL);
  give_group_back();
  end_start();
}

// Its owner waits for news of it, whatever happens here.
template <class Work>
void Sandbox::or_fail(Work&& work) noexcept {
  fenced("sandbox", work, [this] {
    has_failed_ = true;
    // A process that comes of it nevertheless ends.
    kill_signal_ = SIGKILL;
    if (io_->pidfd) send_signal(io_->pidfd, SIGKILL);
    if (blank_ && !io_->pidfd) blank_->taken = false;
    fail_start(std::string(kNoMemory), true);
  });
}

void Sandbox::start(const SandboxSpec& spec) {
  KILN_REQUIRE(state_ == State::kNew);
  state_ = State::kStarting;
  or_fail([&] { take_turn(spec); });
}

void Sandbox::take_turn(const SandboxSpec& spec) {
  if (!spec.fork_of) {
    const bool for_caller =
        variable(spec.env, "AWS_LAMBDA_INITIALIZATION_TYPE") != "provisioned-concurrency";
    turn_ = host_.starts.ask(
        variable(spec.env, "AWS_REGION") + ":" + variable(spec.env, "AWS_LAMBDA_FUNCTION_NAME"),
        for_caller, *this);
    if (!host_.starts.has_turn(turn_)) {
      waiting_ = std::make_unique<SandboxSpec>(spec);
      return;
    }
  }
  begin_start();
  spawn(spec);
}

void Sandbox::begin() noexcept {
  const std::unique_ptr<SandboxSpec> spec = std::move(waiting_);
  if (!spec) return;
  or_fail([&] {
    begin_start();
    spawn(*spec);
  });
}

void Sandbox::begin_start() {
  starting_ = true;
  host_.stock.begin_start();
}

void Sandbox::end_start() {
  if (turn_ != 0) host_.starts.leave(std::exchange(turn_, 0));
  if (std::exchange(starting_, false)) host_.stock.end_start();
}

bool Sandbox::at_work() {
  if (io_->pid <= 0) return true;  // it is being made
  const std::vector<pid_t> all = processes();
  int looks = kMostLooks;
  return std::any_of(all.begin(), all.end(), [&](pid_t pid) { return is_at_work(pid, looks); });
}

void Sandbox::spawn(const SandboxSpec& spec) {
  auto taken = spec.fork_of ? spec.fork_of->take(spec.limits) : host_.stock.take(spec);
  if (!taken) return fail_start(taken.error());
  blank_ = std::move(*taken);
  fork_of_ = spec.fork_of;
  cgroup_ = std::move(blank_->cgroup);
  io_->output = std::move(blank_->output);
  io_->words = blank_->words;

  StartOrder order;
  if (!cgroup_) {
    order.data_limit_bytes = int64_t{spec.limits.memory_mb} * 1024 * 1024;
  } else if (!blank_->has_limits || blank_->limits != spec.limits) {
    if (auto set = cgroup_->set_memory(spec.limits); !set) return fail_start(set.error());
  }
  // Without root all sandboxes have the engine's own uid: other users of the machine stay out.
  const uint32_t uid = host_.isolation == Isolation::kFull ? kFirstUid + blank_->slot : ::geteuid();
  address_ = host_.runtime_api.add(*this, uid,
                                   {variable(spec.env, "AWS_LAMBDA_FUNCTION_NAME"),
                                    variable(spec.env, "AWS_LAMBDA_FUNCTION_VERSION"),
                                    variable(spec.env, "_HANDLER"), spec.account});

  extensions_ = host_.runtime_api.extensions_of(address_.ipv4);
  extensions_->expect(spec.extensions, [this] { on_extension_news(); });

  if (UniqueFd ours = std::move(blank_->channel); ours && spec.direct_channel)
    channel_ = std::make_unique<DirectChannel>(std::move(ours), std::move(blank_->ring), host_.loop,
                                               static_cast<RuntimePort&>(*this), extensions_);
  blank_->ring.reset();

  if (blank_->fork_of) return follow();
  order.argv = spec.argv;
  program_ = spec.argv.empty() ? std::string() : spec.argv[0];
  order.env = spec.env;
  order.env.push_back("AWS_LAMBDA_RUNTIME_API=" + address_.text);
  order.extensions = spec.extensions;
  if (!spec.extensions.empty()) order.extension_env = extension_environment(order.env);
  order.channel = spec.direct_channel;
  if (spec.direct_channel)
    order.env.push_back(std::string(kChannelFdVariable) + "=" + std::to_string(kChannelFd));
  order.task_dir = spec.task_dir;
  order.layers_dir = spec.layers_dir;
  if (!blank_->ahead) order.lang_dir = spec.lang_dir;
  order.tmp_bytes = int64_t{spec.ephemeral_mb} * 1024 * 1024;
  if (auto started = host_.launcher.start(order, blank_->orders.get(), -1); !started)
    return fail_start(started.error());
  give_up_orders();
  follow();
}

// Reads its output, and hears of its end.
void Sandbox::follow() {
  io_->output_watch.emplace(host_.loop, io_->output.get(), [this] {
    io_->output_left = true;
    drain_output();
  });
  if (blank_->settled()) return settle();
  blank_->on_settled = [this, alive = alive_, blank = blank_.get()] {
    if (*alive) return on_settled();
    // Destroyed while it was being made.
    if (blank->fork_of)
      blank->taken = false;  // it ends with its blank
    else
      send_signal(blank->pidfd, SIGKILL);
  };
}

void Sandbox::on_settled() {
  or_fail([this] { settle(); });
}

void Sandbox::settle() {
  fork_of_.reset();
  if (!blank_->fault.empty()) return fail_start(blank_->fault, blank_->lacks_room);
  if (state_ == State::kGone) {
    blank_->taken = false;  // it ends with its blank
    blank_.reset();
    return;
  }
  if (blank_->fork_of && kill_signal_ != SIGKILL) {
    // What its template can't know. One that has ended is heard of below.
    tell_fork(*blank_, "AWS_LAMBDA_RUNTIME_API=" + address_.text + std::string(1, '\0'));
  }
  give_up_orders();
  io_->pidfd = std::move(blank_->pidfd);
  io_->pid = blank_->pid;
  if (kill_signal_ != 0) signal(kill_signal_);
  watch_death();
  owner_.on_started();
}

// The first process is readable by its pidfd when it, and with it all of its namespace, has ended.
void Sandbox::watch_death() {
  io_->death_watch.emplace(host_.loop, io_->pidfd.get(), [this] { finish(); });
}

// Into a buffer of the stack: thousands of idle sandboxes hold no buffers.
void Sandbox::drain_output() {
  std::array<char, kOutputChunk> chunk;
  const auto alive = alive_;
  // A bounded turn: a function that prints without end must not hold the loop.
  for (int turn = 0; turn < 16; ++turn) {
    // News come in the order in which they happened: what was printed before an answer has been
    // read before the answer is.
    if (io_->output_paused) return;
    if (io_->kept_for == 0 && !io_->output_kept.empty()) {
      owner_.on_output(std::exchange(io_->output_kept, {}));
      if (!*alive) return;
    }
    if (!io_->output_left || io_->output_ended) return;
    // What is there was printed at a later event, and is read when its turn has come.
    if (io_->kept_for > 0 || (channel_ && channel_->is_ahead())) return;
    if (channel_) channel_->begin_reading();
    const ssize_t n = ::read(io_->output.get(), chunk.data(), chunk.size());
    if (channel_) channel_->end_reading();
    if (n == 0) io_->output_ended = true;
    if (n < static_cast<ssize_t>(chunk.size())) io_->output_left = false;
    if (n <= 0) return;
    if (channel_ && (io_->kept_for = channel_->printed_ahead()) > 0) {
      io_->output_kept.assign(chunk.data(), static_cast<size_t>(n));
      return;
    }
    owner_.on_output({chunk.data(), static_cast<size_t>(n)});
    if (!*alive) return;
    if (n < static_cast<ssize_t>(chunk.size())) return;
  }
  if (io_->output_watch) io_->output_watch->again();
}

void Sandbox::pause_output() { io_->output_paused = true; }

void Sandbox::resume_output() {
  if (std::exchange(io_->output_paused, false) && io_->output_watch) io_->output_watch->again();
}

void Sandbox::finish() {
  if (state_ == State::kGone) return;
  // It was written before the process ended.
  const std::optional<ExitStatus> last =
      io_->words ? io_->words->read() : std::optional<ExitStatus>();
  const auto alive = alive_;
  if (channel_) channel_->catch_up(true);
  if (!*alive) return;
  io_->kept_for = 0;
  io_->output_paused = false;
  io_->output_left = static_cast<bool>(io_->output);
  drain_output();
  if (!*alive) return;
  state_ = State::kGone;
  end_start();
  const Extensions::Fault fault = extensions_ ? extensions_->fault() : Extensions::Fault();
  shut_doors();
  Exit exit;
  if (last) {
    exit = exit_of(*last, program_);
    const std::string& failed_at = io_->words->failed_at();
    exit.functions_fault = last->kind == ExitStatus::Kind::kSetupFailed &&
                           (last->value == ENOENT || last->value == ENOTDIR) &&
                           failed_at.ends_with(" at /var/task: ");
    const bool extension = last->kind == ExitStatus::Kind::kExtensionFailed;
    if (extension) exit.program = failed_at;
    exit.reason.insert(0, extension ? failed_at + ": " : failed_at);
    // A fork's own program has the pipe for these words: it could end others' environments.
    if (blank_->fork_of) exit.lacks_room = false;
  } else {
    exit.kind = killed_by_us_ ? Exit::Kind::kKilledByUs : Exit::Kind::kSignaled;
    exit.value = SIGKILL;
  }
  if (exit.kind != Exit::Kind::kNotStarted && !fault.type.empty()) {
    exit.extension_error = fault.type;
    exit.extension_text = fault.text;
  }
  exit.out_of_memory = cgroup_ && cgroup_->oom_killed();
  if (cgroup_) exit.peak_memory_bytes = cgroup_->peak_memory_bytes();
  cgroup_.reset();
  tell(exit);
}

void Sandbox::tell(const Exit& exit) {
  if (exit.lacks_room) host_.stock.on_no_room();
  owner_.on_exit(exit);
}

// The channel first: it speaks to the extensions that go with the address.
void Sandbox::shut_doors() {
  channel_.reset();
  by_channel_ = false;
  extensions_ = nullptr;
  host_.runtime_api.remove(address_);
}

void Sandbox::fail_start(const Error& why) {
  fail_start(why.message, why.kind == ErrorKind::kUnavailable);
}

void Sandbox::fail_start(std::string reason, bool lacks_room) {
  Exit exit;
  exit.kind = Exit::Kind::kNotStarted;
  exit.reason = std::move(reason);
  exit.lacks_room = lacks_room;
  end_unstarted(std::move(exit));
}

// There is no process whose end would be heard of.
void Sandbox::end_unstarted(Exit exit) {
  host_.loop.post([this, alive = alive_, exit = std::move(exit)] {
    // If a process has come meanwhile, its end is.
    if (!*alive || state_ == State::kGone || io_->death_watch) return;
    state_ = State::kGone;
    end_start();
    shut_doors();
    give_group_back();
    cgroup_.reset();
    tell(exit);
  });
}

// Its place is another's, and nothing has been made for it.
void Sandbox::give_up_waiting() {
  waiting_.reset();
  end_start();
  Exit exit;
  exit.value = SIGKILL;
  end_unstarted(std::move(exit));
}

// A fork that nobody waits for may still come, or has to end: its group goes with it.
void Sandbox::give_group_back() {
  if (blank_ && (blank_->fork_of || !blank_->taken) && !io_->pidfd)
    blank_->cgroup = std::move(cgroup_);
}

void Sandbox::signal(int number) {
  thaw();
  if (!io_->pidfd) {
    kill_signal_ = number == SIGKILL ? SIGKILL : std::max(kill_signal_, number);
    return;
  }
  if (number == SIGKILL && host_.isolation == Isolation::kNone) number = kEndSignal;
  send_signal(io_->pidfd, number);
}

void Sandbox::terminate() {
  if (waits()) return kill();
  if (!extensions_ || !extensions_->want_to_end()) return kill();
  signal(SIGTERM);
  const auto until = host_.loop.clock().wall_now() + kShutdownWithExtensions;
  extensions_->shut_down("spindown", epoch_ms(until));
}

void Sandbox::kill() {
  killed_by_us_ = true;
  signal(SIGKILL);
  if (waiting_) return give_up_waiting();
  // One that may never come of its template is not waited for; if it does, it is killed.
  // Nor is one whose failure could not be told.
  if (blank_ && blank_->fork_of && !io_->pidfd) end_unstarted({});
  if (has_failed_ && !io_->death_watch) end_unstarted({});
}

bool Sandbox::send(const Event& event) {
  if (state_ != State::kReady || sink_ == nullptr) return false;
  extensions_ms_ = -1;
  thaw();
  state_ = State::kBusy;
  request_id_ = event.request_id;
  by_channel_ = channel_ && channel_->is(*sink_);
  const bool was_shown = by_channel_ && channel_->staged() > 0;
  std::exchange(sink_, nullptr)->deliver(event);
  if (was_shown) await_output(1);
  return true;
}

bool Sandbox::stage(const Event& event) {
  return state_ == State::kBusy && channel_ && channel_->stage(event);
}

bool Sandbox::take_back() {
  if (!channel_ || channel_->staged() == 0 || !channel_->take_back()) return false;
  // Else a function that lies about what it has taken is not heard of again.
  if (io_->kept_for > channel_->staged()) await_output(1);
  return true;
}

bool Sandbox::was_taken_ahead() const { return by_channel_ && channel_->was_taken_ahead(); }

Duration Sandbox::answered_ago() const {
  // Extensions are a part of the invocation.
  return by_channel_ && !has_external_extensions() ? channel_->answered_ago() : Duration(0);
}

void Sandbox::catch_up() {
  if (!channel_) return;
  // The kernel may not have said yet that something was printed.
  io_->output_left = static_cast<bool>(io_->output);
  channel_->catch_up(false);
}

// The event at which the output that is kept was printed has come so much nearer.
void Sandbox::await_output(size_t events) {
  io_->kept_for -= std::min(io_->kept_for, events);
  if ((io_->output_left || !io_->output_kept.empty()) && io_->output_watch)
    io_->output_watch->again();
}

// Its first event is most likely answered when the quota begins: to write it takes longer than a
// small invocation.
void Sandbox::begin_cpu_quota(const ResourceLimits& limits) {
  host_.stock.after_start([this, alive = alive_, limits] {
    if (*alive && cgroup_) cgroup_->set_cpu_quota(limits);
  });
}

pid_t Sandbox::function_pid() const {
  const pid_t function = io_->pid > 0 && state_ != State::kGone ? first_child(io_->pid) : 0;
  return function > 0 ? function : -1;
}

uint64_t Sandbox::memory_bytes() const {
  if (cgroup_) return cgroup_->memory_bytes();
  const pid_t function = function_pid();
  return function > 0 ? rss_bytes(function) : 0;
}

uint64_t Sandbox::peak_memory_bytes() {
  // What a fork shares with its template is not in its group.
  if (cgroup_ && !blank_->fork_of) return cgroup_->peak_memory_bytes();
  const pid_t function = io_->pid > 0 ? first_child(io_->pid) : 0;
  return function > 0 ? peak_rss_bytes(function) : 0;
}

bool Sandbox::is_running() {
  // The function is the first child of process 1 of the sandbox.
  const pid_t function = io_->pid > 0 ? first_child(io_->pid) : 0;
  int looks = kMostLooks;
  return function > 0 && is_at_work(function, looks);
}

std::vector<pid_t> Sandbox::processes() {
  if (cgroup_) return cgroup_->processes();
  std::vector<pid_t> all = process_tree(io_->pid);
  if (!all.empty()) all.erase(all.begin());  // the first process
  return all;
}

uint64_t Sandbox::cpu_ns() {
  uint64_t ns = cgroup_ ? cgroup_->cpu_ns() : 0;
  if (ns > 0) return ns;
  for (const pid_t pid : processes()) ns += cpu_ns_of(pid);
  return ns;
}

bool Sandbox::freeze() {
  if (frozen_ != Frozen::kNo) return true;
  if (cgroup_ && cgroup_->freeze(true)) {
    frozen_ = Frozen::kByGroup;
    return true;
  }
  const auto all = processes();
  for (const pid_t pid : all) ::kill(pid, SIGSTOP);
  if (!all.empty()) frozen_ = Frozen::kBySignal;
  return !all.empty();
}

void Sandbox::thaw() {
  const Frozen frozen = std::exchange(frozen_, Frozen::kNo);
  if (frozen == Frozen::kByGroup) cgroup_->freeze(false);
  if (frozen == Frozen::kBySignal)
    for (const pid_t pid : processes()) ::kill(pid, SIGCONT);
}

Verdict Sandbox::next(EventSink& sink) {
  if (state_ != State::kStarting && state_ != State::kAnswered) return Verdict::kWrongState;
  // What was shown through the channel has its turn there.
  if (channel_ && channel_->staged() > 0 && !channel_->is(sink)) return Verdict::kWrongState;
  if (sink_ != nullptr) return Verdict::kWrongState;
  sink_ = &sink;
  // Back from its first event: the answer goes out now.
  if (state_ == State::kAnswered && !std::exchange(has_answered_, true))
    host_.stock.on_first_answer();
  state_ = State::kReady;
  runtime_is_back();
  return Verdict::kAccepted;
}

void Sandbox::sink_gone(EventSink& sink) {
  if (sink_ != &sink) return;
  sink_ = nullptr;
  if (state_ != State::kReady) return;
  state_ = State::kAnswered;
  if (!std::exchange(held_, false)) owner_.on_withdrawn();
}

Verdict Sandbox::may_answer(std::string_view request_id) const {
  if (request_id != request_id_) return Verdict::kUnknownRequest;
  return state_ == State::kBusy ? Verdict::kAccepted : Verdict::kWrongState;
}

Verdict Sandbox::respond(std::string_view request_id, std::string&& payload) {
  if (const Verdict no = may_answer(request_id); no != Verdict::kAccepted) return no;
  state_ = State::kAnswered;
  if (payload.size() > kMaxResponseBytes) {
    owner_.on_too_large_answer();
    return Verdict::kTooLarge;
  }
  owner_.on_answer(std::move(payload), {});
  return Verdict::kAccepted;
}

Verdict Sandbox::fail(std::string_view request_id, std::string&& document,
                      std::string_view error_type) {
  if (const Verdict no = may_answer(request_id); no != Verdict::kAccepted) return no;
  state_ = State::kAnswered;
  if (document.size() > kMaxResponseBytes) {
    owner_.on_too_large_answer();
    return Verdict::kTooLarge;
  }
  owner_.on_answer(std::move(document),
                   error_type.empty() ? std::string_view("Runtime.Unknown") : error_type);
  return Verdict::kAccepted;
}

std::shared_ptr<AnswerStream> Sandbox::stream(std::string_view request_id,
                                              std::string_view content_type) {
  if (may_answer(request_id) != Verdict::kAccepted) return nullptr;
  return owner_.on_stream(content_type);
}

Verdict Sandbox::end_stream(std::string_view request_id, std::string&& document,
                            std::string_view error_type) {
  if (const Verdict no = may_answer(request_id); no != Verdict::kAccepted) return no;
  state_ = State::kAnswered;
  owner_.on_stream_end(std::move(document), error_type);
  return Verdict::kAccepted;
}

Verdict Sandbox::fail_init(std::string&& document, std::string_view error_type) {
  if (state_ != State::kStarting) return Verdict::kWrongState;
  owner_.on_init_error(std::move(document), error_type);
  return Verdict::kAccepted;
}

std::string_view Sandbox::state_name() const {
  if (state_ == State::kReady) return "Ready";
  if (state_ == State::kBusy) return "Running";
  return state_ == State::kAnswered ? "RuntimeResponseSentState" : "Started";
}

void Sandbox::broke_protocol(std::string_view request_id, std::string_view error_type) {
  if (!request_id.empty() && request_id != request_id_) return;
  if (state_ == State::kBusy) {
    state_ = State::kAnswered;
    if (error_type == "Function.ResponseSizeTooLarge") return owner_.on_too_large_answer();
    owner_.on_broken(error_type);
  } else if (request_id.empty()) {
    // Whatever it does without an event in hand.
    killed_by_us_ = true;
    signal(SIGKILL);
  }
}

}  // namespace kiln::sandbox
