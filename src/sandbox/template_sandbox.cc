#include "sandbox/template_sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/template_fd.h"
#include "sandbox/activity.h"
#include "sandbox/descriptors.h"
#include "sandbox/exit_status.h"
#include "sandbox/pidfd.h"

namespace kiln::sandbox {
namespace {

// A program that has shut its socket ends within this time, or is ended.
constexpr Duration kEndTakes = std::chrono::seconds(2);
// Forking must not take long in a small function; what a template does beside that it shouldn't.
constexpr int kForkingMb = ResourceLimits::kMbPerVcpu / 2;
constexpr size_t kMostWord = 128 * 1024 + 512;
constexpr int kMostWords = 4;  // that are read in one turn

}  // namespace

TemplateSandbox::~TemplateSandbox() {
  *alive_ = false;
  host_.loop.cancel(this);
  control_watch_.reset();
  if (forks_) forks_->close();
  kill_program();
}

void TemplateSandbox::start(const SandboxSpec& spec) {
  KILN_REQUIRE(state_ == State::kNew);
  state_ = State::kInit;
  if (const Result<void> spawned = spawn(spec); !spawned)
    host_.loop.post([this, alive = alive_, fault = spawned.error()] {
      const bool full = fault.kind == ErrorKind::kUnavailable;
      if (*alive) end(fault.message, full ? By::kNoRoom : By::kMachine);
    });
}

Result<void> TemplateSandbox::spawn(const SandboxSpec& spec) {
  limits_ = spec.limits;
  SandboxSpec plain = spec;
  plain.ahead_env.clear();
  auto taken = host_.stock.take(plain);
  if (!taken) return taken.error();
  blank_ = std::move(*taken);
  // It goes with the last of its environments.
  blank_->taken = false;
  forks_ =
      std::make_shared<Forks>(host_, blank_, limits_,
                              Forks::Told{[this](const Forks::Fault& fault) { on_first(fault); },
                                          [this] { end("it makes no environment"); }});
  // A template answers nothing.
  blank_->channel.reset();
  blank_->ring.reset();
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
    return machine_error("SnapshotError", "socketpair", errno);
  control_ = UniqueFd(pair[0]);
  const UniqueFd theirs(pair[1]);
  ::fcntl(theirs.get(), F_SETFL, 0);

  StartOrder order;
  order.role = StartOrder::Role::kTemplate;
  if (!blank_->cgroup) {
    order.data_limit_bytes = int64_t{limits_.memory_mb} * 1024 * 1024;
  } else if (!blank_->has_limits || blank_->limits != limits_) {
    if (auto set = blank_->cgroup->set_memory(limits_); !set) return set.error();
  }
  order.argv = spec.argv;
  order.env = spec.env;
  order.env.push_back(std::string(kTemplateFdVariable) + "=" + std::to_string(kChannelFd));
  order.task_dir = spec.task_dir;
  order.layers_dir = spec.layers_dir;
  order.lang_dir = spec.lang_dir;
  order.tmp_bytes = int64_t{spec.ephemeral_mb} * 1024 * 1024;
  if (auto started = host_.launcher.start(order, blank_->orders.get(), theirs.get()); !started)
    return started.error();
  blank_->orders.reset();
  if (!spec.argv.empty()) program_path_ = spec.argv[0];
  output_watch_.emplace(host_.loop, blank_->output.get(), [this] { drain_output(); });
  control_watch_.emplace(host_.loop, control_.get(), [this] { hear(); });
  blank_->words->when_said([this, alive = alive_] {
    if (*alive) on_status();
  });
  if (blank_->settled()) {
    on_settled();
  } else {
    blank_->on_settled = [this, alive = alive_] {
      if (*alive) on_settled();
    };
  }
  return {};
}

void TemplateSandbox::on_settled() {
  if (!blank_->fault.empty())
    return end(blank_->fault, blank_->lacks_room ? By::kNoRoom : By::kMachine);
  death_watch_.emplace(host_.loop, blank_->pidfd.get(), [this] { on_status(); });
}

// Its program has ended, and the first process has said how; or that was killed.
void TemplateSandbox::on_status() {
  if (state_ == State::kGone) return;
  const std::optional<ExitStatus> last = blank_->words->read();
  output_paused_ = false;
  drain_output();
  if (state_ == State::kGone) return;
  if (!last) return end({});
  Exit exit = exit_of(*last, program_path_);
  exit.reason.insert(0, blank_->words->failed_at());
  finish(std::move(exit));
}

void TemplateSandbox::begin_cpu_quota(const ResourceLimits& limits) {
  ResourceLimits least = limits;
  least.memory_mb = std::max(least.memory_mb, kForkingMb);
  if (blank_ && blank_->cgroup) blank_->cgroup->set_cpu_quota(least);
}

void TemplateSandbox::hear() {
  const auto alive = alive_;
  // A bounded turn: one that speaks without end must not hold the loop.
  for (int turn = 0; *alive && state_ != State::kGone; ++turn) {
    if (turn == kMostWords) return control_watch_->again();
    std::array<char, kMostWord> data;  // on the stack, as in receive_message()
    const int fd = control_ ? control_.get() : forks_->control().get();
    if (fd < 0) return;
    ssize_t n;
    do n = ::recv(fd, data.data(), data.size(), MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      // It has ended, as its status says in a moment; or it has shut the socket, and is ended.
      control_watch_.reset();
      kill_program();
      host_.loop.schedule(this, host_.loop.clock().steady_now() + kEndTakes);
      return;
    }
    on_word(data[0], std::string(data.data() + 1, static_cast<size_t>(n) - 1));
  }
}

void TemplateSandbox::on_word(char letter, std::string&& text) {
  if (std::exchange(has_spoken_, true)) return end("it says too much");
  drain_output();
  if (state_ != State::kInit) return;
  switch (letter) {
    case 'R': {
      const pid_t program = blank_->pid > 0 ? first_child(blank_->pid) : 0;
      if (program > 0) program_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, program, 0)));
      state_ = State::kChecked;
      return forks_->open(std::move(control_));
    }
    case 'E': {
      const size_t end_of_type = std::min(text.find('\0'), text.size());
      const std::string type = text.substr(0, end_of_type);
      text.erase(0, std::min(end_of_type + 1, text.size()));
      return owner_.on_template_init_error(std::move(text), type);
    }
    case 'X':
      return owner_.on_template_unfit(text.substr(0, 1024));
    default:
      return end("it speaks another language");
  }
}

void TemplateSandbox::on_first(const Forks::Fault& fault) {
  if (state_ != State::kChecked) return;
  if (fault.lacks_room) return end(fault.text, By::kNoRoom);
  if (fault.says_no_room) return owner_.on_template_without_room(fault.text);
  if (!fault.permitted) return owner_.on_template_not_permitted(fault.text);
  if (!fault.text.empty()) return end(fault.text);
  state_ = State::kReady;
  owner_.on_template_ready();
}

void TemplateSandbox::drain_output() {
  std::array<char, 16 * 1024> chunk;
  const auto alive = alive_;
  for (int turn = 0; turn < 16; ++turn) {
    if (output_paused_) return;
    const ssize_t n = ::read(blank_->output.get(), chunk.data(), chunk.size());
    if (n <= 0) return;
    owner_.on_output({chunk.data(), static_cast<size_t>(n)});
    if (!*alive) return;
  }
  if (output_watch_) output_watch_->again();
}

void TemplateSandbox::resume_output() {
  if (std::exchange(output_paused_, false) && output_watch_) output_watch_->again();
}

// Before there is an environment all of the sandbox may go; later they must stay.
void TemplateSandbox::kill_program() {
  if (program_)
    send_signal(program_, SIGKILL);
  else if (blank_ && state_ <= State::kInit)
    send_signal(blank_->pidfd, SIGKILL);
}

void TemplateSandbox::end(std::string reason, By by) {
  if (state_ == State::kGone) return;
  kill_program();
  Exit exit;
  exit.kind = reason.empty() ? Exit::Kind::kSignaled : Exit::Kind::kNotStarted;
  exit.value = SIGKILL;
  exit.reason = std::move(reason);
  exit.functions_fault = by == By::kFunction;
  exit.lacks_room = by == By::kNoRoom;
  finish(std::move(exit));
}

void TemplateSandbox::finish(Exit exit) {
  state_ = State::kGone;
  control_watch_.reset();
  if (forks_) forks_->close();
  if (exit.lacks_room) host_.stock.on_no_room();
  exit.out_of_memory = blank_ && blank_->cgroup && blank_->cgroup->oom_killed();
  owner_.on_template_gone(exit);
}

SteadyTime TemplateSandbox::on_time(SteadyTime) {
  end("it has closed its socket");
  return SteadyTime::max();
}

}  // namespace kiln::sandbox
