// One process behind a server, as every engine has one behind it: bodies go to other processes,
// which answer them, by shared memory, and whoever sleeps is woken. Nothing else: no limits, no
// logs, no isolation, no parsing. It is the plain way: an engine is only faster if it wakes less
// often.
#pragma once

#include <linux/futex.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::bench {

class Hop {
 public:
  static constexpr size_t kRoom = 1024 * 1024;

  // The answer to a body; valid until the next call.
  using Handle = std::function<std::string_view(std::string_view body)>;
  static Handle echo(size_t) {
    return [](std::string_view body) { return body; };
  }

  // `begin` is called in each process, with its number. REQUIRES: no thread has been started.
  explicit Hop(size_t processes, const std::function<Handle(size_t number)>& begin = echo)
      : bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    void* at = ::mmap(nullptr, sizeof(Shared) + processes * sizeof(Slot), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bell_ < 0 || at == MAP_FAILED) std::abort();
    shared_ = static_cast<Shared*>(at);
    slots_ = reinterpret_cast<Slot*>(shared_ + 1);
    for (size_t i = 0; i < processes; ++i) {
      idle_.push_back(i);
      if (::fork() == 0) work(slots_[i], begin(i));
    }
  }

  int bell() const { return bell_; }
  void heard() {
    uint64_t count;
    [[maybe_unused]] const ssize_t n = ::read(bell_, &count, sizeof count);
  }

  // `body` is answered for whoever `asker` is. False: it is too large.
  bool ask(int asker, std::string_view body) {
    if (body.size() > kRoom) return false;
    if (idle_.empty())
      waiting_.emplace_back(asker, body);
    else
      give(asker, body);
    return true;
  }

  // Calls tell(asker, body) for each answer that is there. The number of them.
  template <class F>
  size_t take(F tell) {
    size_t taken = 0;
    for (size_t i = 0; i < busy_.size();) {
      const auto [number, asker] = busy_[i];
      Slot& slot = slots_[number];
      if (slot.answered.load() != slot.asked.load(std::memory_order_relaxed)) {
        ++i;
        continue;
      }
      busy_[i] = busy_.back();
      busy_.pop_back();
      idle_.push_back(number);
      ++taken;
      tell(asker, std::string_view(slot.bytes, slot.size));
      if (waiting_.empty()) continue;
      const auto [next, body] = std::move(waiting_.front());
      waiting_.pop_front();
      give(next, body);
    }
    return taken;
  }

  // Around a sleep that the bell ends: in between, take() once more.
  void sleeps() { shared_->sleeps.store(1); }
  void wakes() { shared_->sleeps.store(0); }

 private:
  struct Shared {
    alignas(64) std::atomic<uint32_t> sleeps;
  };
  struct Slot {
    alignas(64) std::atomic<uint32_t> asked;
    std::atomic<uint32_t> sleeps;
    alignas(64) std::atomic<uint32_t> answered;
    size_t size;
    char bytes[kRoom];
  };

  void give(int asker, std::string_view body) {
    const size_t number = idle_.back();
    idle_.pop_back();
    busy_.emplace_back(number, asker);
    Slot& slot = slots_[number];
    std::memcpy(slot.bytes, body.data(), body.size());
    slot.size = body.size();
    slot.asked.fetch_add(1);
    if (slot.sleeps.exchange(0) != 0)
      ::syscall(SYS_futex, &slot.asked, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }

  // The other process.
  [[noreturn]] void work(Slot& slot, const Handle& handle) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint32_t done = 0;;) {
      uint32_t asked = slot.asked.load();
      while (asked == done) {
        slot.sleeps.store(1);
        if (slot.asked.load() == done)
          ::syscall(SYS_futex, &slot.asked, FUTEX_WAIT, done, nullptr, nullptr, 0);
        slot.sleeps.store(0);
        asked = slot.asked.load();
      }
      const std::string_view answer = handle(std::string_view(slot.bytes, slot.size));
      if (answer.size() > kRoom) std::abort();
      if (answer.data() != slot.bytes) std::memcpy(slot.bytes, answer.data(), answer.size());
      slot.size = answer.size();
      slot.answered.store(done = asked);
      if (shared_->sleeps.exchange(0) == 0) continue;
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t n = ::write(bell_, &one, sizeof one);
    }
  }

  int bell_;
  Shared* shared_;
  Slot* slots_;
  std::vector<size_t> idle_;                         // the last one first: its caches are warm
  std::vector<std::pair<size_t, int>> busy_;         // and for whom
  std::deque<std::pair<int, std::string>> waiting_;  // for an idle one
};

}  // namespace kiln::bench
