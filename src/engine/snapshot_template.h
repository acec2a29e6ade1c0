// One template of a version: runs its init and hooks in a sandbox of its own, with a log stream,
// and says what came of it. Threading: its loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/environment.h"
#include "model/snapshot_state.h"
#include "sandbox/template_port.h"

namespace kiln::engine {

class SnapshotTemplate final : private sandbox::TemplateOwner, private net::Scheduled {
 public:
  // How its init ended, or why it is gone. `code` and `text` say why as a version's state reason.
  struct Outcome {
    model::SnapshotEvent event;
    std::string code, text;
    bool lacks_room = false;  // an idle environment less would help
  };
  using Tell = std::function<void(Outcome&&)>;
  // `tell` may be called several times; it may not destroy the template.
  SnapshotTemplate(EnvironmentHost& host, model::ConfigPtr config, TaskFolder task, Tell tell);

  ~SnapshotTemplate() { host_.loop.cancel(this); }

  void start();
  // Its time for init is over.
  void report_timeout();
  std::shared_ptr<sandbox::ForkSource> source() { return sandbox_->source(); }

 private:
  void on_template_ready() override;
  void on_template_init_error(std::string&& document, std::string_view error_type) override;
  void on_template_unfit(std::string_view why) override;
  void on_template_not_permitted(std::string_view why) override;
  void on_template_without_room(std::string_view why) override;
  void on_output(std::string_view bytes) override;
  void on_template_gone(const sandbox::Exit& exit) override;

  SteadyTime on_time(SteadyTime now) override;
  void report(std::string_view status, std::string_view error_type);

  EnvironmentHost& host_;
  model::ConfigPtr config_;
  TaskFolder task_;
  Tell tell_;
  EnvironmentLog log_;
  LogLines lines_;
  SteadyTime started_{};
  bool reported_ = false;
  bool output_paused_ = false;
  std::unique_ptr<sandbox::TemplatePort> sandbox_;
};

}  // namespace kiln::engine
