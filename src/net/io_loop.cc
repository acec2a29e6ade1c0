#include "net/io_loop.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>

#include "base/check.h"
#include "base/fence.h"
#include "base/in_hand.h"
#include "base/memory_reserve.h"
#include "base/mutex.h"
#include "base/processors.h"
#include "base/thread_owned.h"
#include "net/looked_at.h"

namespace kiln::net {
namespace {

thread_local const IoLoop* current = nullptr;

constexpr std::string_view kWhere = "an event loop";
// Posted work that posts again gets so many rounds before the kernel is asked.
constexpr int kRounds = 8;
// How long late work waits for a quiet moment.
constexpr auto kLatest = std::chrono::milliseconds(5);

const ThreadOwned<std::vector<LookedAt*>> those_looked_at;

bool notice() {
  auto& looked_at = *those_looked_at;
  bool any = false;
  for (LookedAt* what : looked_at) any |= what->notice();
  return any;
}

// From the end: what is removed on the way moves only those that were looked at already.
bool look_around() {
  auto& looked_at = *those_looked_at;
  bool any = false;
  for (size_t i = looked_at.size(); i > 0; --i) {
    if (i > looked_at.size()) continue;
    LookedAt* const what = looked_at[i - 1];
    fenced(kWhere, [what, &any] { any |= what->look(); });
  }
  return any;
}

// Between two looks at the same memory: lets the other hardware thread of a core go on.
void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Whoever is polled for needs a processor of its own.
bool may_poll() {
  static const bool may = usable_processors() > 1;
  return may;
}

bool may_sleep() {
  auto& looked_at = *those_looked_at;
  bool may = true;
  for (LookedAt* what : looked_at) may &= what->before_sleep();
  return may;
}

void end_sleep() {
  auto& looked_at = *those_looked_at;
  for (LookedAt* what : looked_at) what->after_sleep();
}

}  // namespace

void look_at(LookedAt& what) {
  auto& looked_at = *those_looked_at;
  if (what.place_ != LookedAt::kNowhere) return;
  what.place_ = looked_at.size();
  looked_at.push_back(&what);
}

void look_away(LookedAt& what) {
  auto& looked_at = *those_looked_at;
  const size_t place = std::exchange(what.place_, LookedAt::kNowhere);
  // Its loop's thread may have ended before it.
  if (place >= looked_at.size() || looked_at[place] != &what) return;
  // The last one takes its place.
  if (looked_at.back() != &what) {
    looked_at[place] = looked_at.back();
    looked_at[place]->place_ = place;
  }
  looked_at.pop_back();
}

// Where other threads leave work. It outlives the loop as long as somebody may post.
struct IoLoop::Remote::Inbox {
  Mutex mutex;
  std::vector<Work> work KILN_GUARDED_BY(mutex);
  IoLoop* loop KILN_GUARDED_BY(mutex) = nullptr;  // null: it has gone
  std::atomic<bool> filled = false;
  // Set before the loop looks into the inbox for the last time before it sleeps.
  std::atomic<bool> sleeps = false;
};

void IoLoop::Remote::add(Work work) const {
  {
    const MutexLock lock(inbox_->mutex);
    if (inbox_->loop != nullptr) {
      inbox_->work.push_back(std::move(work));
      inbox_->filled.store(true);
      // Under the lock: the loop can't go meanwhile.
      if (inbox_->sleeps.exchange(false)) inbox_->loop->backend_->wake();
      return;
    }
  }
}

IoLoop::IoLoop(int index, const Clock& clock, IoChoice io)
    : index_(index),
      clock_(clock),
      now_(clock.steady_now()),
      inbox_(std::make_shared<Remote::Inbox>()) {
  inbox_->loop = this;
  std::string why;
  if (io != IoChoice::kEpoll) backend_ = make_uring_backend(*this, why);
  KILN_REQUIRE(backend_ || io != IoChoice::kUring);
  if (!backend_) backend_ = make_epoll_backend(*this);
}

IoLoop::~IoLoop() {
  stop();
  join();
  {
    const MutexLock lock(inbox_->mutex);
    inbox_->loop = nullptr;
    arrived_.swap(inbox_->work);
  }
  // What is destroyed may post, and hold what is destroyed then.
  for (int round = 0; round < 1000; ++round) {
    const auto held = std::exchange(held_, {});
    const auto here = std::exchange(here_, {});
    const auto arrived = std::exchange(arrived_, {});
    const auto late = std::exchange(late_, {});
    if (held.empty() && here.empty() && arrived.empty() && late.empty()) break;
  }
}

void IoLoop::start() {
  runs_.store(true, std::memory_order_release);
  try {
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), ("loop-" + std::to_string(index_)).c_str());
      run();
    });
  } catch (...) {  // there are no threads left
    runs_.store(false, std::memory_order_release);
    throw;
  }
}

void IoLoop::run() {
  const InHand working(kWhere);
  ::prctl(PR_SET_TIMERSLACK, 1'000UL);  // naps last some microseconds
  current = this;
  scheduling_.begin();
  runs_.store(true, std::memory_order_release);
  while (!stopped_.load(std::memory_order_acquire)) {
    fenced(kWhere, [this] { run_turn(Duration::max()); });
    if (is_memory_reserve_short()) hold_memory_reserve();
  }
  current = nullptr;
  runs_.store(false, std::memory_order_release);
}

void IoLoop::stop() {
  stopped_.store(true, std::memory_order_release);
  backend_->wake();
}

void IoLoop::join() {
  if (thread_.joinable()) thread_.join();
}

bool IoLoop::turn(Duration at_most) {
  const IoLoop* const before = std::exchange(current, this);
  const bool any = run_turn(at_most);
  current = before;
  return any;
}

void IoLoop::drain() {
  for (int left = 10'000; left > 0 && turn(Duration::zero()); --left) {
  }
}

bool IoLoop::on_this_loop() const { return current == this; }

void IoLoop::add(Work work) {
  if (on_this_loop())
    here_.push_back(std::move(work));
  else
    remote().add(std::move(work));
}

void IoLoop::remove(Polled& what, int fd) {
  KILN_REQUIRE(owned_here());
  backend_->remove(what, fd);
  for (auto* list : {&again_, &again_now_})
    for (auto& [polled, events] : *list)
      if (polled == &what) polled = nullptr;
}

void IoLoop::again(Polled& what, uint32_t events) { again_.emplace_back(&what, events); }

void IoLoop::hold(std::shared_ptr<void> what) {
  KILN_REQUIRE(owned_here());
  const void* const key = what.get();
  held_.emplace(key, std::move(what));
}

void IoLoop::drop(const void* what) {
  KILN_REQUIRE(owned_here());
  const auto found = held_.find(what);
  if (found == held_.end()) return;
  post([gone = std::move(found->second)] {});
  held_.erase(found);
}

// How long this turn may wait.
Duration IoLoop::patience(Duration at_most) const {
  if (!here_.empty() || !again_.empty() || !late_.empty()) return Duration::zero();
  const SteadyTime next = std::min(timers_.next(), scheduling_.wake_at());
  if (next == SteadyTime::max()) return at_most;
  const Duration left = next - clock_.steady_now();
  return std::max(Duration::zero(), std::min(left, at_most));
}

// Looks again and again for as long as the rule allows. Whether there is something to do.
bool IoLoop::poll_for_news() {
  if (!may_poll()) return false;
  const Duration longest = poll_rule_.before_sleep(those_looked_at->size());
  if (longest == Duration::zero()) return false;
  constexpr int kLooksPerTime = 32;  // the time costs more than a look
  // The machine's time, whatever clock the loop goes by.
  const auto end = std::chrono::steady_clock::now() + longest;
  do {
    for (int i = 0; i < kLooksPerTime; ++i) {
      if (notice()) return poll_rule_.came(), true;
      if (inbox_->filled.load(std::memory_order_relaxed)) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  poll_rule_.missed();
  return false;
}

// Asks the kernel again and again, and does what it brings. Whether there was something.
bool IoLoop::poll_for_callers() {
  const size_t answered = std::exchange(answered_, 0);
  if (!those_looked_at->empty() || at_work_ > PollRule::kMostAwaited || !may_poll()) return false;
  const Duration longest = callers_rule_.before_sleep(answered);
  if (longest == Duration::zero()) return false;
  constexpr int kPauses = 32;  // between two questions, which cost more than these
  const auto end = std::chrono::steady_clock::now() + longest;
  do {
    const size_t before = asked_;
    if (backend_->wait(Duration::zero()) > 0) {
      if (asked_ != before) callers_rule_.came();
      return true;
    }
    for (int i = 0; i < kPauses; ++i) {
      if (inbox_->filled.load(std::memory_order_relaxed)) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  callers_rule_.missed();
  return false;
}

// Lets the functions work for a moment, if there is nothing to do now. Whether the kernel has
// brought something instead.
bool IoLoop::nap(Duration at_most) {
  const Duration longest = std::min(at_most, nap_rule_.before_sleep(at_work_));
  if (longest < NapRule::kShortest) return false;
  if (backend_->wait(Duration::zero()) > 0) return true;
  if (inbox_->filled.load(std::memory_order_relaxed)) return false;
  const struct timespec time = {0, static_cast<long>(longest.count())};
  ::nanosleep(&time, nullptr);
  done_before_nap_ = done_;
  napped_ = true;
  notice();
  return false;
}

bool IoLoop::take_inbox() {
  if (!inbox_->filled.load()) return false;
  const MutexLock lock(inbox_->mutex);
  inbox_->filled.store(false);
  arrived_.swap(inbox_->work);
  return !arrived_.empty();
}

bool IoLoop::run_posted() {
  bool any = false;
  for (int round = 0; round < kRounds; ++round) {
    if (!take_inbox() && here_.empty()) break;
    any = true;
    for (std::vector<Work>* list : {&arrived_, &here_}) {
      running_.swap(*list);
      for (Work& work : running_) {
        fenced(kWhere, work);
        work = nullptr;  // what it holds goes before the next one runs
      }
      running_.clear();
    }
  }
  return any;
}

bool IoLoop::run_again() {
  if (again_.empty()) return false;
  again_now_.swap(again_);
  for (size_t i = 0; i < again_now_.size(); ++i) {
    const auto [what, events] = again_now_[i];
    if (what == nullptr) continue;
    fenced(kWhere, [what = what, events = events] { what->on_events(events); });
  }
  again_now_.clear();
  return true;
}

void IoLoop::run_late() {
  std::vector<Work> batch;
  batch.swap(late_);
  late_since_ = SteadyTime::max();
  for (Work& work : batch) {
    fenced(kWhere, work);
    work = nullptr;
  }
}

void IoLoop::woke() {
  now_ = clock_.steady_now();
  if (!std::exchange(lies_down_, false)) return;
  inbox_->sleeps.store(false, std::memory_order_relaxed);
  end_sleep();
}

bool IoLoop::run_turn(Duration at_most) {
  if (now_ >= scheduling_.due()) scheduling_.look(now_, done_, at_work_);
  Duration wait = patience(at_most);
  if (notice() || (wait > Duration::zero() && poll_for_news())) wait = Duration::zero();
  bool any = wait > Duration::zero() && poll_for_callers();
  if (!any && wait > Duration::zero()) any = nap(wait);
  if (any || napped_) wait = Duration::zero();
  if (wait > Duration::zero()) {
    lies_down_ = true;
    inbox_->sleeps.store(true);
    if (inbox_->filled.load() || !may_sleep()) wait = Duration::zero();
  }
  if (!any) any = backend_->wait(wait) > 0;
  any |= look_around();
  any |= run_again();
  any |= run_posted();
  if (std::exchange(napped_, false)) nap_rule_.woke(done_ - done_before_nap_);
  if (timers_.next() <= now_) any |= timers_.fire(now_);
  if (!late_.empty()) {
    if (late_since_ == SteadyTime::max()) late_since_ = now_;
    if (!any || now_ - late_since_ > kLatest) {
      run_late();
      any = true;
    }
  }
  return any;
}

}  // namespace kiln::net
