#include "sandbox/sandbox_stock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fence.h"
#include "sandbox/descriptors.h"
#include "sandbox/pidfd.h"

namespace kiln::sandbox {
namespace {

std::string key_of(const SandboxSpec& spec) {
  std::string key = (spec.direct_channel ? "+" : "-") + spec.lang_dir;
  for (const auto* list : {&spec.argv, &spec.ahead_env})
    for (const auto& item : *list) key.append(1, '\0').append(item);
  return key;
}

Error no_descriptors(const char* what) { return machine_error("LauncherError", what, errno); }

}  // namespace

uint32_t Slots::take() {
  if (free_.empty()) return next_++;
  const uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

Blank::Blank(std::shared_ptr<Slots> its_slots, std::shared_ptr<Graves> its_graves,
             bool has_interpreter)
    : slots(std::move(its_slots)),
      graves(its_graves),
      slot(slots->take()),
      ahead(has_interpreter) {}

Blank::Blank(std::shared_ptr<Blank> its_template)
    : slots(its_template->slots),
      graves(its_template->graves),
      slot(its_template->take_fork_slot()),
      ahead(true),
      fork_of(std::move(its_template)) {}

uint32_t Blank::take_fork_slot() {
  if (fork_slots.empty()) return slots->take();
  const uint32_t one = fork_slots.back();
  fork_slots.pop_back();
  return one;
}

Blank::~Blank() {
  orders.reset();
  if (fork_of)
    fork_of->fork_slots.push_back(slot);
  else
    fork_slots.push_back(slot);
  auto give_back = [all = std::move(fork_slots), to = slots] {
    for (const uint32_t one : all) to->give_back(one);
  };
  if (!taken && pidfd) {
    send_signal(pidfd, SIGKILL);
    // Its second process is in its group, which can only be removed once that is empty, and has its
    // user.
    if (const auto open = graves.lock()) {
      open->add(std::move(pidfd), std::move(cgroup), std::move(give_back));
      return;
    }
    if (!has_ended(pidfd, 1000)) return;
  }
  cgroup.reset();
  give_back();
}

bool Blank::usable() const { return fault.empty() && (!pidfd || !has_ended(pidfd, 0)); }

SandboxStock::SandboxStock(net::IoLoop& loop, LauncherClient& launcher, CgroupFactory& cgroups,
                           Isolation isolation, uint32_t first_slot)
    : loop_(loop),
      launcher_(launcher),
      cgroups_(cgroups),
      isolation_(isolation),
      slots_(std::make_shared<Slots>(first_slot)),
      graves_(std::make_shared<Graves>(loop)),
      words_(std::make_shared<WordsLine>(loop)) {
  empty_.request.channel = true;
}

SandboxStock::~SandboxStock() {
  *alive_ = false;
  loop_.cancel(this);
}

Result<std::shared_ptr<Blank>> SandboxStock::take(const SandboxSpec& spec) {
  std::shared_ptr<Blank> blank;
  // Without namespaces there is no place to put the code into, later; without a group no way to set
  // the limit of its memory.
  if (!spec.ahead_env.empty() && isolation_ != Isolation::kNone &&
      cgroups_.kind() != LimitsKind::kRlimit) {
    Kind& kind = interpreters_[key_of(spec)];
    kind.request.argv = spec.argv;
    kind.request.env = spec.ahead_env;
    kind.request.lang_dir = spec.lang_dir;
    kind.request.channel = spec.direct_channel;
    kind.limits = spec.limits;
    kind.last_use = loop_.clock().steady_now();
    loop_.schedule(this, kind.last_use + kKeep);
    blank = take_spare(kind);
    forget_oldest();
  }
  if (!blank) {
    empty_.limits = spec.limits;
    depth_.took(loop_.clock().steady_now());
    deepen_when_quiet();
    blank = take_spare(empty_);
  }
  if (!blank) {
    auto made = make(empty_);
    if (!made) return made;
    blank = std::move(*made);
  }
  blank->taken = true;
  return blank;
}

void SandboxStock::forget_oldest() {
  if (interpreters_.size() <= kMostInterpreters) return;
  interpreters_.erase(std::min_element(
      interpreters_.begin(), interpreters_.end(),
      [](const auto& a, const auto& b) { return a.second.last_use < b.second.last_use; }));
}

std::shared_ptr<Blank> SandboxStock::take_spare(Kind& kind) {
  while (!kind.spare.empty()) {
    auto blank = std::move(kind.spare.front());
    kind.spare.pop_front();
    if (blank->usable()) return blank;
  }
  return nullptr;
}

Result<std::shared_ptr<Blank>> SandboxStock::make(const Kind& kind) {
  int pair[2];
  auto blank = std::make_shared<Blank>(slots_, graves_, !kind.request.argv.empty());
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return no_descriptors("socketpair");
  blank->orders = UniqueFd(pair[0]);
  const UniqueFd orders(pair[1]);
  if (is_kept_back(orders.get())) {
    errno = EMFILE;
    return no_descriptors("socketpair");
  }
  if (::pipe2(pair, O_CLOEXEC) != 0) return no_descriptors("pipe");
  blank->output = UniqueFd(pair[0]);
  const UniqueFd log(pair[1]);
  auto speaker = words_->add();
  if (!speaker) return std::move(speaker).error();
  blank->words = std::move(speaker->words);
  ::fcntl(blank->output.get(), F_SETFL, O_NONBLOCK);
  UniqueFd channel;
  if (kind.request.channel) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
      return no_descriptors("socketpair");
    blank->channel = UniqueFd(pair[0]);
    channel = UniqueFd(pair[1]);
    blank->ring = RingMemory::make();
  }

  BlankRequest request = kind.request;
  request.slot = blank->slot;
  BlankFds fds;
  fds.orders = orders.get();
  fds.log = log.get();
  fds.status = speaker->socket;
  fds.number = speaker->number;
  if (channel) fds.channel = channel.get();
  fds.cgroup_v2 = cgroup_v2();
  std::vector<UniqueFd> group;
  blank->cgroup = cgroups_.make();
  if (blank->cgroup) {
    group = blank->cgroup->join_fds();
    if (group.empty()) return no_descriptors("its cgroup");
    for (const UniqueFd& fd : group) fds.cgroup.push_back(fd.get());
    blank->limits = kind.limits;
    blank->has_limits = static_cast<bool>(blank->cgroup->set_memory(kind.limits));
  } else if (cgroups_.kind() != LimitsKind::kRlimit) {
    return no_descriptors("no control group");
  }
  ++making_;
  launcher_.make(request, fds, [this, alive = alive_, blank](Result<LauncherClient::Made> made) {
    if (made) {
      blank->pidfd = std::move(made->pidfd);
      blank->pid = made->pid;
    } else {
      blank->fault = made.error().message;
      blank->lacks_room = made.error().kind == ErrorKind::kUnavailable;
    }
    fenced("sandboxes", [&] {
      if (auto told = std::exchange(blank->on_settled, nullptr)) told();
    });
    if (!*alive) return;
    --making_;
    if (made) fenced("sandboxes", [this] { deepen(); });
    end_close();
  });
  return blank;
}

void SandboxStock::fill(Kind& kind, size_t count) {
  if (closed_ || loop_.clock().steady_now() < modest_until_) return;
  std::erase_if(kind.spare, [](const auto& blank) { return !blank->usable(); });
  while (kind.spare.size() < count) {
    auto made = make(kind);
    if (!made) return;
    kind.spare.push_back(std::move(*made));
  }
}

void SandboxStock::fill_all() {
  fill_at_ = SteadyTime::max();
  for (const auto& work : std::exchange(after_start_, {})) work();
  if (starting_ == 0 || empty_.spare.empty()) refill();
  if (starting_ > 0) return;
  for (auto& [key, kind] : interpreters_) fill(kind, kSpareOfInterpreter);
}

void SandboxStock::end_start() {
  --starting_;
  fill_soon();
  deepen_when_quiet();
}

void SandboxStock::on_no_room() {
  modest_until_ = loop_.clock().steady_now() + kModesty;
  for (auto& [key, kind] : interpreters_) kind.spare.clear();
  while (empty_.spare.size() > 1) empty_.spare.pop_back();
}

void SandboxStock::deepen_when_quiet() {
  const SteadyTime now = loop_.clock().steady_now();
  if (depth_.at(now) == StockDepth::kLeast) return;
  deepen_at_ = now + kQuiet;
  loop_.schedule(this, deepen_at_);
}

// By one, if it is time to; the next follows when the launcher has answered.
void SandboxStock::deepen() {
  if (deepen_at_ != SteadyTime::max() || making_ > 0 || starting_ > 0) return;
  const SteadyTime now = loop_.clock().steady_now();
  std::erase_if(empty_.spare, [](const auto& blank) { return !blank->usable(); });
  const bool plenty = empty_.spare.empty() || !is_in_upper_half(empty_.spare.back()->orders.get());
  const size_t depth = plenty ? depth_.at(now) : StockDepth::kLeast;
  if (empty_.spare.size() < depth) fill(empty_, empty_.spare.size() + 1);
  while (empty_.spare.size() > depth) empty_.spare.pop_back();
}

void SandboxStock::after_start(std::function<void()> work) {
  after_start_.push_back(std::move(work));
  fill_soon();
}

void SandboxStock::fill_soon() {
  if (fill_at_ != SteadyTime::max()) return;
  fill_at_ = loop_.clock().steady_now() + kAnswerTakes;
  loop_.schedule(this, fill_at_);
}

void SandboxStock::on_first_answer() {
  loop_.post_late([this, alive = alive_] {
    if (*alive && fill_at_ != SteadyTime::max()) fill_all();
  });
}

void SandboxStock::add_pids(const Kind& kind, std::vector<pid_t>& pids) {
  for (const auto& blank : kind.spare)
    if (blank->pidfd && blank->usable()) pids.push_back(blank->pid);
}

std::vector<pid_t> SandboxStock::empty_pids() const {
  std::vector<pid_t> pids;
  add_pids(empty_, pids);
  return pids;
}

std::vector<pid_t> SandboxStock::interpreter_pids() const {
  std::vector<pid_t> pids;
  for (const auto& [key, kind] : interpreters_) add_pids(kind, pids);
  return pids;
}

void SandboxStock::clear() {
  empty_.spare.clear();
  interpreters_.clear();
}

void SandboxStock::close(std::function<void()> then) {
  closed_ = true;
  then_ = std::move(then);
  clear();
  end_close();
}

void SandboxStock::end_close() {
  if (making_ == 0 && then_) std::exchange(then_, nullptr)();
}

SteadyTime SandboxStock::on_time(SteadyTime now) {
  if (fill_at_ <= now) fill_all();
  std::erase_if(interpreters_,
                [now](const auto& entry) { return entry.second.last_use + kKeep <= now; });
  if (deepen_at_ <= now) deepen_at_ = SteadyTime::max();
  deepen();
  SteadyTime next = std::min(fill_at_, deepen_at_);
  if (depth_.until() > now) next = std::min(next, depth_.until());
  for (const auto& [key, kind] : interpreters_) next = std::min(next, kind.last_use + kKeep);
  return next;
}

}  // namespace kiln::sandbox
