// The real template (see template_port.h): a sandbox of its own whose program forks environments.
//
// Its program and all that comes of it are hostile. Each of their words is checked, the launcher
// moves an environment into its group, and each step has a deadline. An environment lives
// below the template's first process, which stays until the last of them has gone.
//
// Threading: its loop only. Cost: the process of its program; for the environment that waits, two
// more that share its memory, and five descriptors.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/watch.h"
#include "sandbox/forks.h"
#include "sandbox/sandbox.h"
#include "sandbox/template_port.h"

namespace kiln::sandbox {

class TemplateSandbox final : public TemplatePort, private net::Scheduled {
 public:
  TemplateSandbox(SandboxHost& host, TemplateOwner& owner) : host_(host), owner_(owner) {}
  ~TemplateSandbox() override;

  void start(const SandboxSpec& spec) override;
  std::shared_ptr<ForkSource> source() override { return forks_; }
  void begin_cpu_quota(const ResourceLimits& limits) override;
  void pause_output() override { output_paused_ = true; }
  void resume_output() override;

 private:
  // kInit: until it says that it is ready; kChecked: its first environment is on its way.
  enum class State { kNew, kInit, kChecked, kReady, kGone };

  Result<void> spawn(const SandboxSpec& spec);
  void on_settled();
  void hear();
  void on_word(char letter, std::string&& text);
  void on_first(const Forks::Fault& fault);
  void drain_output();
  void kill_program();
  void on_status();
  // kNoRoom: the machine, for what it lacks now.
  enum class By { kFunction, kMachine, kNoRoom };
  void end(std::string reason, By by = By::kFunction);
  void finish(Exit exit);
  SteadyTime on_time(SteadyTime now) override;

  SandboxHost& host_;
  TemplateOwner& owner_;
  State state_ = State::kNew;
  bool has_spoken_ = false;  // it has one word
  bool output_paused_ = false;
  ResourceLimits limits_;
  std::shared_ptr<Blank> blank_;
  std::shared_ptr<Forks> forks_;
  UniqueFd control_;  // until it is ready; then it belongs to forks_
  UniqueFd program_;  // its main process
  // After the descriptors: they go first.
  std::optional<net::Watch> control_watch_, output_watch_, death_watch_;
  std::string program_path_;  // as seen inside
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kiln::sandbox
