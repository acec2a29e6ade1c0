#include "sandbox/forks.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sandbox/descriptors.h"
#include "sandbox/launcher_message.h"
#include "sandbox/pidfd.h"

namespace kiln::sandbox {
namespace {

Error no_fork(int error) {
  return machine_error("SnapshotError", "the snapshot makes no environment", error);
}

bool make_pipe(UniqueFd& ours, UniqueFd& theirs) {
  int pair[2];
  if (::pipe2(pair, O_CLOEXEC) != 0) return false;
  ours = UniqueFd(pair[0]);
  theirs = UniqueFd(pair[1]);
  return true;
}

bool make_socket(int type, UniqueFd& ours, UniqueFd& theirs) {
  int pair[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) != 0) return false;
  ours = UniqueFd(pair[0]);
  theirs = UniqueFd(pair[1]);
  return true;
}

bool send_letter(int socket, char letter) {
  return ::send(socket, &letter, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

}  // namespace

Forks::Forks(SandboxHost& host, std::shared_ptr<Blank> its_template, const ResourceLimits& limits,
             Told told)
    : host_(host), template_(std::move(its_template)), limits_(limits), told_(std::move(told)) {}

Forks::~Forks() {
  host_.loop.cancel(this);
  // Nobody waits for these; those that are there end with their blanks.
  for (Making& one : making_) {
    one.blank->pidfd = std::move(one.process);
    one.blank->taken = false;
  }
}

void Forks::open(UniqueFd control) {
  control_ = std::move(control);
  fill();
}

void Forks::close() {
  const auto keep = shared_from_this();
  told_ = {};
  control_.reset();
  spare_.clear();
  // Those that the template was asked for may still come.
  for (;;) {
    const At at =
        std::find_if(making_.begin(), making_.end(), [](const Making& m) { return !m.asked; });
    if (at == making_.end()) return;
    settle(at, "its template has ended", true);
  }
}

Result<std::shared_ptr<Blank>> Forks::take(const ResourceLimits& limits) {
  std::shared_ptr<Blank> blank;
  while (!blank && !spare_.empty()) {
    if (spare_.front()->usable()) blank = std::move(spare_.front());
    spare_.pop_front();
  }
  if (!blank) {
    auto made = make(limits);
    if (!made) return made;
    blank = std::move(*made);
  }
  blank->taken = true;
  // Making the next would take the processor from this one.
  host_.stock.after_start([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->fill();
  });
  return blank;
}

void Forks::fill() {
  std::erase_if(spare_, [](const auto& blank) { return !blank->usable(); });
  const auto coming = static_cast<size_t>(std::count_if(
      making_.begin(), making_.end(), [](const Making& one) { return !one.blank->taken; }));
  for (size_t have = spare_.size() + coming; control_ && have < kSpare; ++have)
    if (auto made = make(limits_); !made) {
      if (told_.first)
        std::exchange(told_.first,
                      nullptr)({.text = made.error().message,
                                .lacks_room = made.error().kind == ErrorKind::kUnavailable});
      return;
    }
}

Result<std::shared_ptr<Blank>> Forks::make(const ResourceLimits& limits) {
  if (!control_)
    return Error{ErrorKind::kInternal, "SnapshotError",
                 "the snapshot makes no environment: its template has ended"};
  auto blank = std::make_shared<Blank>(template_);
  UniqueFd orders, log, words, status, channel;
  if (!make_socket(SOCK_SEQPACKET, blank->orders, orders) || !make_pipe(blank->output, log) ||
      !make_pipe(words, status) || !make_socket(SOCK_STREAM, blank->channel, channel) ||
      !ask_for_pids(blank->orders.get()))
    return no_fork(errno);
  if (is_kept_back(channel.get())) return no_fork(EMFILE);
  blank->words = std::make_shared<LastWords>(std::move(words));
  blank->ring = RingMemory::make();
  ::fcntl(blank->output.get(), F_SETFL, O_NONBLOCK);
  blank->cgroup = host_.cgroups.make();
  if (blank->cgroup) {
    blank->limits = limits;
    blank->has_limits = static_cast<bool>(blank->cgroup->set_memory(limits));
  }
  std::vector<UniqueFd> group;
  if (blank->cgroup) {
    group = blank->cgroup->join_fds();
    if (group.empty()) return no_fork(errno);
  } else if (host_.cgroups.kind() != LimitsKind::kRlimit) {
    return no_fork(errno);
  }
  const At at = making_.emplace(making_.end());
  at->blank = blank;
  at->group = std::move(group);
  at->ends = {std::move(orders), std::move(log), std::move(status), std::move(channel)};
  ask();
  return blank;
}

// Asks the template for those that wait, as many as may come at a time.
void Forks::ask() {
  if (std::exchange(asking_, true)) return;
  const auto keep = shared_from_this();
  while (control_) {
    const At at =
        std::find_if(making_.begin(), making_.end(), [](const Making& m) { return !m.asked; });
    const auto coming = static_cast<size_t>(std::distance(making_.begin(), at));
    if (at == making_.end() || coming >= kMostComing) break;
    if (!request(*at)) {
      // It doesn't read: time will tell.
      if (errno == EAGAIN && coming > 0) break;
      settle(at, std::string("its template takes no request (") + std::strerror(errno) + ")", true);
      continue;
    }
    at->asked = true;
    at->ends = {};
    expect(at);
  }
  asking_ = false;
}

// Its next word comes in time.
void Forks::expect(At making) {
  making->due = host_.loop.clock().steady_now() + kTakes;
  making->watch.emplace(host_.loop, making->blank->orders.get(), [this, making] { hear(making); });
  host_.loop.schedule(this, making->due);
}

bool Forks::request(const Making& making) {
  // Only root can give each a user of its own.
  const std::string_view text = host_.isolation == Isolation::kFull ? "Fu" : "F";
  // A template that doesn't read must not hold the loop.
  ::fcntl(control_.get(), F_SETFL, O_NONBLOCK);
  std::vector<int> fds;
  for (const UniqueFd& end : making.ends) fds.push_back(end.get());
  return send_message(control_.get(), text.data(), text.size(), fds);
}

void Forks::hear(At making) {
  ForkWord word;
  // It says one thing, waits, and says another.
  if (!read_word(making->blank->orders.get(), word)) return;
  if (word.letter == 'X') return settle(making, word.text, false);
  if (word.letter == 'N') return settle(making, word.text, true, true);
  if (word.letter == 0) return settle(making, "it has ended", true);
  if (word.letter == 'R' && making->process) return settle(making, {}, true);
  if (word.letter == 'H' && !making->process) return meet(making, word);
  if (word.letter != 'U' || making->has_user || host_.isolation != Isolation::kFull)
    return settle(making, "what it made is no environment", true);
  making->has_user = true;
  const uid_t user = kFirstUid + making->blank->slot;
  if (!give_user(word, kFirstUid + template_->slot, user) ||
      !send_letter(making->blank->orders.get(), 'G'))
    return settle(making, "an environment can't have a user of its own", false);
  making->watch->again();
}

void Forks::meet(At making, const ForkWord& hello) {
  const uid_t uid =
      host_.isolation == Isolation::kFull ? kFirstUid + making->blank->slot : ::geteuid();
  UniqueFd pidfd = open_first_process(hello, uid, template_->pid);
  if (!pidfd) return settle(making, "what it made is no environment", true);
  making->blank->pid = hello.pid;
  making->watch.reset();
  making->process = std::move(pidfd);
  auto go = [self = shared_from_this(), making](const Result<void>& joined) {
    if (!joined) {
      making->blank->lacks_room = joined.error().kind == ErrorKind::kUnavailable;
      return self->settle(making, joined.error().message, true);
    }
    if (!send_letter(making->blank->orders.get(), 'G'))
      return self->settle(making, "it has ended", true);
    self->expect(making);
  };
  if (making->group.empty()) return go({});
  std::vector<int> group;
  for (const UniqueFd& fd : making->group) group.push_back(fd.get());
  host_.launcher.join(making->process.get(), hello.pid, group, host_.stock.cgroup_v2(),
                      std::move(go));
}

void Forks::settle(At making, std::string fault, bool permitted, bool says_no_room) {
  const auto keep = shared_from_this();
  const std::shared_ptr<Blank> blank = std::move(making->blank);
  blank->pidfd = std::move(making->process);
  making_.erase(making);
  // Its end, and that of its group, are the blank's matter.
  if (!fault.empty()) {
    blank->fault = "snapshot: " + fault;
    blank->taken = false;
    send_signal(blank->pidfd, SIGKILL);
  }
  const bool spare = !blank->taken && fault.empty();
  // A machine without room is not the template's fault.
  if (!blank->lacks_room) faults_ = fault.empty() ? 0 : faults_ + 1;
  if (told_.first)
    std::exchange(told_.first, nullptr)({fault, permitted, blank->lacks_room, says_no_room});
  if (auto told = std::exchange(blank->on_settled, nullptr)) told();
  if (faults_ >= kMostFaults && told_.useless) std::exchange(told_.useless, nullptr)();
  if (spare && control_) spare_.push_back(blank);
  ask();
}

SteadyTime Forks::on_time(SteadyTime now) {
  // Its last user may go meanwhile.
  host_.loop.post([keep = shared_from_this()] {});
  bool late = false;
  for (;;) {
    // A group may take the launcher its time: the template owes nothing meanwhile, and nothing is
    // watched.
    const At at = std::find_if(making_.begin(), making_.end(),
                               [now](const Making& m) { return m.watch && m.due <= now; });
    if (at == making_.end()) break;
    late = true;
    settle(at, "it makes no environment", true);
  }
  if (late && told_.useless) std::exchange(told_.useless, nullptr)();
  SteadyTime next = SteadyTime::max();
  for (const Making& one : making_)
    if (one.watch) next = std::min(next, one.due);
  return next;
}

bool tell_fork(const Blank& blank, const std::string& variables) {
  const std::string message = "O" + variables;
  return ::send(blank.orders.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(message.size());
}

}  // namespace kiln::sandbox
