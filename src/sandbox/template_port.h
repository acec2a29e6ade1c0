// The process of a version that environments are forked of, as its keeper sees it: it runs init
// once, and then makes environments that wait. Mechanism only: time limits and what the version's
// state is are the keeper's. template_sandbox.h has the real one; tests have doubles.
//
// Threading: one loop. A callback may not destroy it; its owner does that when the loop comes
// round.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sandbox/sandbox_port.h"

namespace kiln::sandbox {

struct Blank;

// Environments with a version's init behind them. Shared: one may come when the template has ended.
class ForkSource {
 public:
  virtual ~ForkSource() = default;
  // One that waits for its order, or is about to. An error: there is none to be had.
  virtual Result<std::shared_ptr<Blank>> take(const ResourceLimits& limits) = 0;
};

class TemplateOwner {
 public:
  // It is initialised, and the first environment waits.
  virtual void on_template_ready() = 0;
  virtual void on_template_init_error(std::string&& document, std::string_view error_type) = 0;
  // Its program can't be forked; `why` is a sentence without its end.
  virtual void on_template_unfit(std::string_view why) = 0;
  // This machine permits no environment of it.
  virtual void on_template_not_permitted(std::string_view why) = 0;
  // It says that the machine has no process, memory or descriptor for one now.
  virtual void on_template_without_room(std::string_view why) = 0;
  virtual void on_output(std::string_view bytes) = 0;
  // Its program has ended, or does not do its work and is ended; environments that came of it live
  // on. Last callback.
  virtual void on_template_gone(const Exit& exit) = 0;

 protected:
  ~TemplateOwner() = default;
};

class TemplatePort {
 public:
  // Ends its program. What it is made of goes with the last environment.
  virtual ~TemplatePort() = default;
  // REQUIRES: called once.
  virtual void start(const SandboxSpec& spec) = 0;
  virtual std::shared_ptr<ForkSource> source() = 0;
  // Its program may be forked from now on, and needs little of the processor.
  virtual void begin_cpu_quota(const ResourceLimits& limits) = 0;
  // As a sandbox's: one that prints faster than logs are written must wait.
  virtual void pause_output() = 0;
  virtual void resume_output() = 0;
};

}  // namespace kiln::sandbox
