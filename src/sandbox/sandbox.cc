#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/check.h"
#include "sandbox/direct_channel.h"
#include "sandbox/runtime_api.h"

namespace kiln::sandbox {
namespace asio = boost::asio;
using Descriptor = asio::posix::basic_stream_descriptor<net::Executor>;

namespace {

constexpr size_t kOutputChunk = 16 * 1024;

// VmHWM of a process: what is known of its memory without a cgroup.
uint64_t peak_rss_bytes(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  uint64_t kib = 0;
  while (in >> word)
    if (word == "VmHWM:" && in >> kib) return kib * 1024;
  return 0;
}

// The function is the first child of process 1 of the sandbox.
pid_t first_child(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  pid_t child = 0;
  in >> child;
  return child;
}

}  // namespace

struct Sandbox::Io {
  explicit Io(net::IoLoop& loop)
      : output(loop.executor()), status(loop.executor()), death(loop.executor()) {}
  Descriptor output, status, death;
  bool reading_output = false;
  bool output_paused = false;
  bool output_ended = false;
  ExitStatus status_bytes = {};
  UniqueFd pidfd;
  pid_t pid = -1;
};

Sandbox::Sandbox(SandboxHost& host, SandboxOwner& owner)
    : host_(host),
      owner_(owner),
      io_(std::make_unique<Io>(host.loop)),
      alive_(std::make_shared<bool>(true)) {
  if (host_.free_slots.empty()) {
    slot_ = host_.first_slot + host_.used_slots++;
  } else {
    slot_ = host_.free_slots.back();
    host_.free_slots.pop_back();
  }
}

Sandbox::~Sandbox() {
  *alive_ = false;
  if (state_ != State::kGone) signal(SIGKILL);
  host_.free_slots.push_back(slot_);
}

void Sandbox::start(const SandboxSpec& spec) {
  KILN_REQUIRE(state_ == State::kNew);
  state_ = State::kStarting;
  spawn(spec);
}

void Sandbox::spawn(const SandboxSpec& spec) {
  int output[2], status[2], channel[2];
  if (::pipe2(output, O_CLOEXEC) != 0)
    return fail_start(std::string("pipe: ") + std::strerror(errno), 0);
  UniqueFd output_read(output[0]), output_write(output[1]);
  if (::pipe2(status, O_CLOEXEC) != 0)
    return fail_start(std::string("pipe: ") + std::strerror(errno), 0);
  UniqueFd status_read(status[0]), status_write(status[1]);
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0)
    return fail_start(std::string("socketpair: ") + std::strerror(errno), 0);
  UniqueFd channel_ours(channel[0]), channel_theirs(channel[1]);
  ::fcntl(output_read.get(), F_SETFL, O_NONBLOCK);

  SpawnRequest request;
  SpawnFds fds;
  cgroup_ = host_.cgroups.make();
  if (cgroup_) {
    if (auto set = cgroup_->set_memory(spec.limits); !set)
      return fail_start(set.error().message, 0);
    fds.cgroup = cgroup_->join_fds();
    fds.cgroup_v2 = host_.cgroups.kind() == LimitsKind::kCgroupV2;
  } else {
    request.data_limit_bytes = int64_t{spec.limits.memory_mb} * 1024 * 1024;
  }
  const auto uid =
      host_.isolation == Isolation::kFull ? std::optional(kFirstUid + slot_) : std::nullopt;
  io_->output.assign(output_read.release());
  io_->status.assign(status_read.release());
  channel_ = std::make_unique<DirectChannel>(std::move(channel_ours), host_.loop,
                                             static_cast<RuntimePort&>(*this));
  address_ = host_.runtime_api.add(*this, uid);

  request.argv = spec.argv;
  request.env = spec.env;
  request.env.push_back("AWS_LAMBDA_RUNTIME_API=" + address_.text);
  request.env.push_back(std::string(kChannelFdVariable) + "=" + std::to_string(kChannelFd));
  request.task_dir = spec.task_dir;
  request.layers_dir = spec.layers_dir;
  request.tmp_bytes = int64_t{spec.ephemeral_mb} * 1024 * 1024;
  request.slot = slot_;
  fds.log = output_write.get();
  fds.status = status_write.get();
  fds.channel = channel_theirs.get();
  host_.launcher.spawn(
      request, fds, [this, alive = alive_](Result<LauncherClient::Spawned> spawned) {
        if (*alive) return on_spawned(std::move(spawned));
        // Destroyed while it was being made.
        if (spawned) ::syscall(SYS_pidfd_send_signal, spawned->pidfd.get(), SIGKILL, nullptr, 0);
      });
  read_output();
  read_status();
}

void Sandbox::on_spawned(Result<LauncherClient::Spawned> spawned) {
  if (!spawned) return fail_start(spawned.error().message, 0);
  io_->pidfd = std::move(spawned->pidfd);
  io_->pid = spawned->pid;
  if (kill_signal_ != 0) signal(kill_signal_);
  watch_death();
}

// The first process is readable by its pidfd when it, and with it all of its namespace, has ended.
void Sandbox::watch_death() {
  io_->death.assign(::fcntl(io_->pidfd.get(), F_DUPFD_CLOEXEC, 0));
  io_->death.async_wait(asio::posix::descriptor_base::wait_read,
                        [this, alive = alive_](boost::system::error_code ec) {
                          if (*alive && !ec) finish();
                        });
}

void Sandbox::read_output() {
  Io& io = *io_;
  if (io.reading_output || io.output_paused || io.output_ended) return;
  io.reading_output = true;
  // Waits for readiness and reads into a buffer of the stack: thousands of idle sandboxes hold no
  // buffers.
  io.output.async_wait(asio::posix::descriptor_base::wait_read,
                       [this, alive = alive_](boost::system::error_code ec) {
                         if (!*alive) return;
                         io_->reading_output = false;
                         if (ec) return;
                         drain_output();
                         if (*alive) read_output();
                       });
}

void Sandbox::drain_output() {
  std::array<char, kOutputChunk> chunk;
  const auto alive = alive_;
  // A bounded turn: a function that prints without end must not hold the loop.
  for (int turn = 0; turn < 16; ++turn) {
    if (!io_->output.is_open() || io_->output_ended || io_->output_paused) return;
    const ssize_t n = ::read(io_->output.native_handle(), chunk.data(), chunk.size());
    if (n == 0) io_->output_ended = true;
    if (n <= 0) return;
    owner_.on_output({chunk.data(), static_cast<size_t>(n)});
    if (!*alive) return;
    if (n < static_cast<ssize_t>(chunk.size())) return;
  }
}

void Sandbox::pause_output() { io_->output_paused = true; }

void Sandbox::resume_output() {
  io_->output_paused = false;
  read_output();
}

void Sandbox::read_status() {
  io_->status.async_read_some(asio::buffer(&io_->status_bytes, sizeof io_->status_bytes),
                              [this, alive = alive_](boost::system::error_code ec, size_t n) {
                                if (!*alive || ec || n != sizeof io_->status_bytes) return;
                                status_ = io_->status_bytes;
                              });
}

void Sandbox::finish() {
  if (state_ == State::kGone) return;
  if (!status_) {
    // It was written before the process ended, but its event may not have come round.
    ExitStatus last;
    if (io_->status.is_open() && ::fcntl(io_->status.native_handle(), F_SETFL, O_NONBLOCK) == 0 &&
        ::read(io_->status.native_handle(), &last, sizeof last) == sizeof last)
      status_ = last;
  }
  const auto alive = alive_;
  io_->output_paused = false;
  drain_output();
  if (!*alive) return;
  state_ = State::kGone;
  host_.runtime_api.remove(address_);
  channel_.reset();
  Exit exit;
  exit.out_of_memory = cgroup_ && cgroup_->oom_killed();
  if (status_) {
    exit.value = status_->value;
    switch (status_->kind) {
      case ExitStatus::Kind::kExited:
        exit.kind = Exit::Kind::kExited;
        break;
      case ExitStatus::Kind::kSignaled:
        exit.kind = Exit::Kind::kSignaled;
        break;
      case ExitStatus::Kind::kExecFailed:
      case ExitStatus::Kind::kSetupFailed:
        exit.kind = Exit::Kind::kNotStarted;
        exit.error = status_->kind == ExitStatus::Kind::kExecFailed ? status_->value : 0;
        exit.reason =
            std::string(status_->kind == ExitStatus::Kind::kExecFailed ? "exec: "
                                                                       : "sandbox set-up: ") +
            std::strerror(status_->value);
        break;
    }
  } else {
    exit.kind = killed_by_us_ ? Exit::Kind::kKilledByUs : Exit::Kind::kSignaled;
    exit.value = SIGKILL;
  }
  cgroup_.reset();
  owner_.on_exit(exit);
}

void Sandbox::fail_start(std::string reason, int error) {
  host_.loop.post([this, alive = alive_, reason = std::move(reason), error] {
    if (!*alive || state_ == State::kGone) return;
    state_ = State::kGone;
    host_.runtime_api.remove(address_);
    cgroup_.reset();
    Exit exit;
    exit.kind = Exit::Kind::kNotStarted;
    exit.reason = reason;
    exit.error = error;
    owner_.on_exit(exit);
  });
}

void Sandbox::signal(int number) {
  if (!io_->pidfd) {
    kill_signal_ = number == SIGKILL ? SIGKILL : std::max(kill_signal_, number);
    return;
  }
  ::syscall(SYS_pidfd_send_signal, io_->pidfd.get(), number, nullptr, 0);
}

void Sandbox::terminate() { signal(SIGTERM); }

void Sandbox::kill() {
  killed_by_us_ = true;
  signal(SIGKILL);
}

void Sandbox::send(const Event& event) {
  KILN_REQUIRE(state_ == State::kReady && sink_ != nullptr);
  state_ = State::kBusy;
  request_id_ = event.request_id;
  std::exchange(sink_, nullptr)->deliver(event);
}

void Sandbox::begin_cpu_quota(const ResourceLimits& limits) {
  if (cgroup_) cgroup_->set_cpu_quota(limits);
}

uint64_t Sandbox::peak_memory_bytes() {
  if (cgroup_) return cgroup_->peak_memory_bytes();
  const pid_t function = io_->pid > 0 ? first_child(io_->pid) : 0;
  return function > 0 ? peak_rss_bytes(function) : 0;
}

void Sandbox::reset_peak_memory() {
  if (cgroup_) return cgroup_->reset_peak();
  const pid_t function = io_->pid > 0 ? first_child(io_->pid) : 0;
  if (function > 0) std::ofstream("/proc/" + std::to_string(function) + "/clear_refs") << "5";
}

Verdict Sandbox::next(EventSink& sink) {
  if (state_ != State::kStarting && state_ != State::kAnswered && state_ != State::kReady)
    return Verdict::kWrongState;
  if (sink_ != nullptr) return Verdict::kWrongState;
  sink_ = &sink;
  state_ = State::kReady;
  owner_.on_ready();
  return Verdict::kAccepted;
}

void Sandbox::sink_gone(EventSink& sink) {
  // The runtime dropped its call; it will ask again, or it is about to end.
  if (sink_ != &sink) return;
  sink_ = nullptr;
  if (state_ == State::kReady) state_ = State::kAnswered;
}

Verdict Sandbox::respond(std::string_view request_id, std::string&& payload) {
  if (request_id != request_id_) return Verdict::kUnknownRequest;
  if (state_ != State::kBusy) return Verdict::kWrongState;
  state_ = State::kAnswered;
  if (payload.size() > kMaxResponseBytes) {
    owner_.on_bad_answer("Function.ResponseSizeTooLarge");
    return Verdict::kTooLarge;
  }
  owner_.on_answer(std::move(payload), {});
  return Verdict::kAccepted;
}

Verdict Sandbox::fail(std::string_view request_id, std::string&& document,
                      std::string_view error_type) {
  if (request_id != request_id_) return Verdict::kUnknownRequest;
  if (state_ != State::kBusy) return Verdict::kWrongState;
  state_ = State::kAnswered;
  if (document.size() > kMaxResponseBytes) {
    owner_.on_bad_answer("Function.ResponseSizeTooLarge");
    return Verdict::kTooLarge;
  }
  owner_.on_answer(std::move(document),
                   error_type.empty() ? std::string_view("Runtime.Unknown") : error_type);
  return Verdict::kAccepted;
}

Verdict Sandbox::fail_init(std::string&& document, std::string_view error_type) {
  if (state_ != State::kStarting) return Verdict::kWrongState;
  owner_.on_init_error(std::move(document), error_type);
  return Verdict::kAccepted;
}

void Sandbox::broke_protocol(std::string_view request_id, std::string_view error_type) {
  if (!request_id.empty() && request_id != request_id_) return;
  if (state_ == State::kBusy) {
    state_ = State::kAnswered;
    owner_.on_bad_answer(error_type);
  } else if (request_id.empty()) {
    kill();
  }
}

}  // namespace kiln::sandbox
