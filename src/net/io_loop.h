// An event loop: one thread, the descriptors and streams that it watches, timers, and work that is
// posted to it.
//
// A turn waits for the kernel, calls whom its news concern, then does what was posted and what is
// due; post_late's work is done when a turn has nothing else. What is thrown out of any of these
// ends at a fence (base/fence.h), and the loop goes on.
//
// Threading: post, dispatch, stop and remote from any thread, all else on the loop's own, or before
// it runs. Cost: a post from another thread makes a system call only when the loop sleeps.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/unique_function.h"
#include "net/io_backend.h"
#include "net/loop_scheduling.h"
#include "net/nap_rule.h"
#include "net/poll_rule.h"
#include "net/timers.h"

namespace kiln::net {

using Work = UniqueFunction<void()>;

class IoLoop {
 public:
  // kUring REQUIRES that it is to be had (see uring_fault); kAuto falls back to epoll.
  IoLoop(int index, const Clock& clock, IoChoice io = IoChoice::kEpoll);
  ~IoLoop();
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  int index() const { return index_; }
  const Clock& clock() const { return clock_; }
  // "epoll" or "io_uring".
  const char* io_name() const { return backend_->name(); }

  void start();  // starts the thread
  void run();    // or runs on the caller's thread until stop()
  void stop();   // from any thread
  void join();
  // Runs one turn on the caller's thread, which waits for at most so long. Whether anything was
  // done. REQUIRES: no thread runs the loop.
  bool turn(Duration at_most);
  // Turns until there is nothing to do, or too much for an end. The same requirement.
  void drain();
  bool on_this_loop() const;
  // Whether the caller may touch what this loop owns: it is on the loop, or no thread runs that.
  // Any thread; what "its loop only" says KILN_REQUIREs it where it is not hot.
  bool owned_here() const { return on_this_loop() || !runs_.load(std::memory_order_acquire); }

  // Any thread. Work of one thread runs in the order posted.
  template <class F>
  void post(F&& work) {
    add(Work(std::forward<F>(work)));
  }
  // Runs now when already here, else posts.
  template <class F>
  void dispatch(F&& work) {
    if (on_this_loop())
      std::forward<F>(work)();
    else
      add(Work(std::forward<F>(work)));
  }
  // Runs when there is nothing else to do, but within a few milliseconds: what nobody waits for.
  // The loop's thread only.
  template <class F>
  void post_late(F&& work) {
    late_.emplace_back(std::forward<F>(work));
  }

  // Posts to a loop that may have gone: the work is then destroyed where it is posted.
  class Remote {
   public:
    template <class F>
    void post(F&& work) const {
      add(Work(std::forward<F>(work)));
    }

   private:
    friend class IoLoop;
    struct Inbox;
    explicit Remote(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}
    void add(Work work) const;
    std::shared_ptr<Inbox> inbox_;
  };
  Remote remote() const { return Remote(inbox_); }

  // Calls what->on_time at `when` or a little later. One pending time per object: an earlier
  // pending time stands (on_time then answers with the later one), so moving a deadline back, as
  // every invocation does, costs a comparison. The object must cancel before it dies.
  void schedule(Scheduled* what, SteadyTime when) { timers_.schedule(what, when); }
  void cancel(Scheduled* what) { timers_.cancel(what); }
  // The time as this turn began; for deadlines that needn't be sharper.
  SteadyTime now() const { return now_; }

  // See IoBackend.
  bool add(Polled& what, int fd, uint32_t events = IoBackend::kReads) {
    KILN_REQUIRE(owned_here());
    return backend_->add(what, fd, events);
  }
  void change(Polled& what, int fd, uint32_t events) { backend_->change(what, fd, events); }
  void remove(Polled& what, int fd);
  // Calls what.on_events(events) in the next turn, which doesn't wait: for one that has read enough
  // for this turn, but not all.
  void again(Polled& what, uint32_t events = EPOLLIN);
  std::unique_ptr<Stream> open(UniqueFd socket, StreamUser& user) {
    KILN_REQUIRE(owned_here());
    return backend_->open(std::move(socket), user);
  }

  // Of the backend: the kernel has given the thread back, and what it brought comes next.
  void woke();
  // A caller has been answered, and may ask for more at once; one has asked.
  void answered() { ++answered_; }
  void asked() { ++asked_; }
  // A function was given something to do; it has answered after so long; it never will.
  void work_given() { ++at_work_; }
  void work_done(Duration taken) {
    --at_work_;
    ++done_;
    nap_rule_.answered(taken);
  }
  void work_lost() { --at_work_; }

  // Keeps an object until drop(), or until the loop goes. What is dropped is destroyed when the
  // loop comes round: it may be on the stack.
  void hold(std::shared_ptr<void> what);
  void drop(const void* what);

 private:
  friend class Remote;
  void add(Work work);
  bool take_inbox();
  bool run_posted();
  bool run_again();
  void run_late();
  bool run_turn(Duration at_most);
  Duration patience(Duration at_most) const;
  bool poll_for_news();
  bool poll_for_callers();
  bool nap(Duration at_most);

  const int index_;
  const Clock& clock_;
  SteadyTime now_;
  Timers timers_;
  PollRule poll_rule_;
  PollRule callers_rule_;
  size_t answered_ = 0;  // callers, since the loop last thought of sleeping
  size_t asked_ = 0;     // callers, ever
  NapRule nap_rule_;
  LoopScheduling scheduling_;
  size_t at_work_ = 0;  // functions
  size_t done_ = 0;     // by functions, ever
  size_t done_before_nap_ = 0;
  bool napped_ = false;  // in this turn
  std::shared_ptr<Remote::Inbox> inbox_;
  std::vector<Work> here_;     // posted on this thread
  std::vector<Work> arrived_;  // of other threads
  std::vector<Work> running_;
  std::vector<Work> late_;
  SteadyTime late_since_ = SteadyTime::max();
  bool lies_down_ = false;  // others were asked to wake it
  std::vector<std::pair<Polled*, uint32_t>> again_, again_now_;
  std::unordered_map<const void*, std::shared_ptr<void>> held_;
  std::unique_ptr<IoBackend> backend_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> runs_ = false;  // a thread runs it, or is about to
  std::thread thread_;
};

// What forbids io_uring on this machine, or "". Probes once.
const std::string& uring_fault();

}  // namespace kiln::net
