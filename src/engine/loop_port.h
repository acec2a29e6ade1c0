// What environments and pools need of an event loop: its clock, its timers, and a later turn.
// Tests drive one by hand. Threading: the loop's thread only.
#pragma once

#include <functional>
#include <utility>

#include "base/clock.h"
#include "net/io_loop.h"

namespace kiln::engine {

class LoopPort {
 public:
  virtual const Clock& clock() const = 0;
  // As net::IoLoop's.
  virtual void schedule(net::Scheduled* what, SteadyTime when) = 0;
  virtual void cancel(net::Scheduled* what) = 0;
  virtual void post(std::function<void()> work) = 0;

 protected:
  ~LoopPort() = default;
};

class IoLoopPort final : public LoopPort {
 public:
  explicit IoLoopPort(net::IoLoop& loop) : loop_(loop) {}
  const Clock& clock() const override { return loop_.clock(); }
  void schedule(net::Scheduled* what, SteadyTime when) override { loop_.schedule(what, when); }
  void cancel(net::Scheduled* what) override { loop_.cancel(what); }
  void post(std::function<void()> work) override { loop_.post(std::move(work)); }

 private:
  net::IoLoop& loop_;
};

}  // namespace kiln::engine
