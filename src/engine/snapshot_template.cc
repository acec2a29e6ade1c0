#include "engine/snapshot_template.h"

#include <utility>

#include "engine/fault_text.h"
#include "engine/runtime_launch.h"
#include "model/runtime_version.h"

namespace kiln::engine {
namespace {

// As environments wait for logs that aren't written yet.
constexpr Duration kTemplateOutputPause = std::chrono::milliseconds(20);

}  // namespace

SnapshotTemplate::SnapshotTemplate(EnvironmentHost& host, model::ConfigPtr config, TaskFolder task,
                                   Tell tell)
    : host_(host),
      config_(std::move(config)),
      task_(std::move(task)),
      tell_(std::move(tell)),
      log_(host.log_store, host.loop.clock(), *config_, host.metrics),
      lines_(*config_->logging, to_text(Initialization::kSnapshot)) {}

void SnapshotTemplate::start() {
  started_ = host_.loop.clock().steady_now();
  log_.line(lines_.init_start(runtime_label(running_runtime(config_->runtime)),
                              model::runtime_version_arn(config_->region, config_->runtime),
                              config_->version, host_.loop.clock().wall_now()));
  sandbox_ = host_.make_template(static_cast<sandbox::TemplateOwner&>(*this));
  const LaunchContext context = launch_context(host_, task_, *config_, Initialization::kSnapshot);
  const sandbox::SandboxSpec spec = launch_spec(*config_, context);
  if (!spec.extensions.empty()) return on_template_not_permitted("its layers have extensions");
  if (!spec.snapshots) return on_template_not_permitted("its runtime can't be forked");
  sandbox_->start(spec);
}

// INIT_REPORT is always written with SnapStart.
void SnapshotTemplate::report(std::string_view status, std::string_view error_type) {
  if (std::exchange(reported_, true)) return;
  log_.end_output();
  const auto& clock = host_.loop.clock();
  log_.line(lines_.init_report(to_ms(clock.steady_now() - started_), "init", status, error_type,
                               clock.wall_now()));
  log_.flush();
}

void SnapshotTemplate::report_timeout() { report("timeout", {}); }

void SnapshotTemplate::on_template_ready() {
  report({}, {});
  sandbox_->begin_cpu_quota({config_->memory_mb});
  tell_({model::SnapshotEvent::kReady, {}, {}});
}

void SnapshotTemplate::on_template_init_error(std::string&&, std::string_view error_type) {
  const std::string type = error_type.empty() ? "Runtime.Unknown" : std::string(error_type);
  report("error", type);
  tell_({model::SnapshotEvent::kUnfit, "FunctionError.RuntimeInitError",
         "The function's init, or a hook before its snapshot, has failed with " + type +
             "; its log says why."});
}

void SnapshotTemplate::on_template_unfit(std::string_view why) {
  report("error", "Runtime.SnapshotError");
  tell_({model::SnapshotEvent::kUnfit, "FunctionError",
         "No snapshot can be made of the function: " + std::string(why) + "."});
}

void SnapshotTemplate::on_template_not_permitted(std::string_view why) {
  report({}, {});
  tell_({model::SnapshotEvent::kNotPermitted, {}, std::string(why)});
}

void SnapshotTemplate::on_template_without_room(std::string_view why) {
  report({}, {});
  tell_({model::SnapshotEvent::kNoRoom, {}, std::string(why)});
}

void SnapshotTemplate::on_output(std::string_view bytes) {
  log_.output(bytes);
  if (!log_.overloaded() || std::exchange(output_paused_, true)) return;
  sandbox_->pause_output();
  host_.loop.schedule(this, host_.loop.clock().steady_now() + kTemplateOutputPause);
}

SteadyTime SnapshotTemplate::on_time(SteadyTime now) {
  if (log_.overloaded()) return now + kTemplateOutputPause;
  output_paused_ = false;
  sandbox_->resume_output();
  return SteadyTime::max();
}

void SnapshotTemplate::on_template_gone(const sandbox::Exit& exit) {
  const std::string type = exit.out_of_memory ? std::string("Runtime.OutOfMemory")
                                              : exit_fault(exit, *config_, {}).error_type;
  report("error", type);
  log_.flush();
  if (auto fault = machine_fault(exit, *config_))
    return tell_({exit.lacks_room ? model::SnapshotEvent::kNoRoom : model::SnapshotEvent::kGone,
                  "InternalError", std::move(fault->message), exit.lacks_room});
  const bool place = exit.kind == sandbox::Exit::Kind::kNotStarted && !exit.program.empty();
  tell_({model::SnapshotEvent::kGone,
         place                ? "FunctionError.InvalidEntryPoint"
         : exit.out_of_memory ? "FunctionError.InitResourceExhausted"
                              : "FunctionError.RuntimeInitError",
         "The function ended before its snapshot was made (" + type + "); its log says why." +
             (exit.reason.empty() ? "" : " " + exit.reason)});
}

}  // namespace kiln::engine
