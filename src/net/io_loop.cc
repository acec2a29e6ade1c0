#include "net/io_loop.h"

#include <pthread.h>

#include <map>
#include <string>
#include <unordered_map>

#include "base/check.h"

namespace kiln::net {

// Pending times in order, and each object's place among them.
struct IoLoop::Timers {
  std::multimap<SteadyTime, Scheduled*> by_time;
  std::unordered_map<Scheduled*, std::multimap<SteadyTime, Scheduled*>::iterator> by_object;
};

IoLoop::IoLoop(int index, const Clock& clock)
    : index_(index),
      clock_(clock),
      timers_(std::make_unique<Timers>()),
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      work_(boost::asio::make_work_guard(context_)),
      timer_(context_.get_executor()) {}

IoLoop::~IoLoop() {
  stop();
  join();
}

void IoLoop::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), ("loop-" + std::to_string(index_)).c_str());
    run();
  });
}

void IoLoop::run() {
  thread_id_ = std::this_thread::get_id();
  context_.run();
}

void IoLoop::stop() { context_.stop(); }

void IoLoop::join() {
  if (thread_.joinable()) thread_.join();
}

bool IoLoop::on_this_loop() const { return std::this_thread::get_id() == thread_id_; }

void IoLoop::schedule(Scheduled* what, SteadyTime when) {
  const auto found = timers_->by_object.find(what);
  if (found != timers_->by_object.end()) {
    if (found->second->first <= when) return;
    timers_->by_time.erase(found->second);
    found->second = timers_->by_time.emplace(when, what);
  } else {
    timers_->by_object.emplace(what, timers_->by_time.emplace(when, what));
  }
  if (when < armed_) arm();
}

void IoLoop::cancel(Scheduled* what) {
  const auto found = timers_->by_object.find(what);
  if (found == timers_->by_object.end()) return;
  timers_->by_time.erase(found->second);
  timers_->by_object.erase(found);
}

void IoLoop::arm() {
  armed_ = timers_->by_time.empty() ? SteadyTime::max() : timers_->by_time.begin()->first;
  if (armed_ == SteadyTime::max()) return;
  timer_.expires_at(armed_);
  timer_.async_wait([this](boost::system::error_code ec) {
    if (!ec) fire();
  });
}

void IoLoop::fire() {
  const SteadyTime now = clock_.steady_now();
  while (!timers_->by_time.empty() && timers_->by_time.begin()->first <= now) {
    Scheduled* what = timers_->by_time.begin()->second;
    timers_->by_object.erase(what);
    timers_->by_time.erase(timers_->by_time.begin());
    // May destroy `what`; then it answers max().
    const SteadyTime next = what->on_time(now);
    if (next != SteadyTime::max()) schedule(what, next);
  }
  arm();
}

}  // namespace kiln::net
