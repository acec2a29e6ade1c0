// An event loop: one thread that runs one Asio io_context, and its timers.
#pragma once

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace kiln::net {

using Executor = boost::asio::io_context::executor_type;

// Something that wants to be called at a time. See IoLoop::schedule.
class Scheduled {
 public:
  // `now` is at or past the time asked for. Returns the next time, or SteadyTime::max() for none.
  virtual SteadyTime on_time(SteadyTime now) = 0;

 protected:
  ~Scheduled() = default;
};

class IoLoop {
 public:
  IoLoop(int index, const Clock& clock);
  ~IoLoop();
  IoLoop(const IoLoop&) = delete;

  int index() const { return index_; }
  boost::asio::io_context& context() { return context_; }
  Executor executor() { return context_.get_executor(); }
  const Clock& clock() const { return clock_; }

  void start();  // starts the thread
  void run();    // or runs on the caller's thread until stop()
  void stop();   // from any thread
  void join();
  bool on_this_loop() const;

  // Any thread. Work runs in the order posted.
  template <class F>
  void post(F&& work) {
    boost::asio::post(context_, std::forward<F>(work));
  }
  // Runs now when already here, else posts.
  template <class F>
  void dispatch(F&& work) {
    boost::asio::dispatch(context_, std::forward<F>(work));
  }

  // Timers, for this loop's thread only. Calls what->on_time at `when` or a little later. One
  // pending time per object: an earlier pending time stands (on_time then answers with the later
  // one), so moving a deadline back, as every invocation does, costs no system call. The object
  // must cancel before it dies.
  void schedule(Scheduled* what, SteadyTime when);
  void cancel(Scheduled* what);

 private:
  void arm();
  void fire();

  struct Timers;

  int index_;
  const Clock& clock_;
  std::unique_ptr<Timers>
      timers_;  // outlives the context, whose handlers may cancel timers as they are destroyed
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<Executor> work_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer_;
  SteadyTime armed_ = SteadyTime::max();
  std::thread thread_;
  std::thread::id thread_id_;
};

}  // namespace kiln::net
