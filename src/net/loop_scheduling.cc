#include "net/loop_scheduling.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <utility>

namespace kiln::net {

void LoopScheduling::begin() {
  if (::sched_getscheduler(0) != SCHED_OTHER) return;
  schedstat_.reset(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  // All are 0 where the kernel doesn't count: this thread has run.
  if (schedstat_ && read(last_) && last_.turns > 0) due_ = SteadyTime::min();
}

// "ran waited turns", times in nanoseconds.
bool LoopScheduling::read(Stat& stat) const {
  std::array<char, 96> text;
  const ssize_t n = ::pread(schedstat_.get(), text.data(), text.size(), 0);
  if (n <= 0) return false;
  std::array<uint64_t, 3> numbers;
  const char* at = text.data();
  const char* const end = at + n;
  for (uint64_t& number : numbers) {
    while (at < end && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc()) return false;
    at = next;
  }
  stat.waited = std::chrono::nanoseconds(numbers[1]);
  stat.turns = numbers[2];
  return true;
}

void LoopScheduling::look(SteadyTime now, size_t answers, size_t at_work) {
  due_ = now + BatchRule::kPeriod;
  BatchRule::Seen seen;
  seen.answers = answers - std::exchange(answers_, answers);
  seen.at_work = at_work;
  Stat stat;
  if (!read(stat)) return;
  seen.turns = stat.turns - last_.turns;
  seen.waited = stat.waited - last_.waited;
  last_ = stat;
  const bool before = rule_.batch();
  const bool batch = rule_.after(seen);
  const sched_param none = {};
  if (batch != before) ::sched_setscheduler(0, batch ? SCHED_BATCH : SCHED_OTHER, &none);
}

}  // namespace kiln::net
