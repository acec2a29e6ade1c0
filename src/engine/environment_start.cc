// The start of an environment, and each start of a sandbox for it.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/fence.h"
#include "base/interpreters.h"
#include "engine/environment.h"
#include "engine/runtime_launch.h"
#include "model/environment_limits.h"
#include "model/runtime_version.h"

namespace kiln::engine {
namespace {

using Cause = model::EnvironmentCause;

// With the hooks after it.
constexpr Duration kRestoreLimit = std::chrono::seconds(10);
// Who steps through a program has all the time in the world.
constexpr Duration kDebuggedLimit = std::chrono::hours(24);

}  // namespace

LaunchContext launch_context(const EnvironmentHost& host, const TaskFolder& task,
                             const model::FunctionConfig& config, Initialization initialization) {
  LaunchContext context;
  context.task_dir = task.path;
  context.layers_dir = task.layers_path;
  context.runtimes_dir = host.runtimes_dir;
  context.endpoint_url = host.endpoint_url;
  context.symbols = host.symbols;
  context.initialization_type = to_text(initialization);
  context.interpreter = machine_interpreters().at_hand(config.runtime);
  context.isolation = host.isolation;
  return context;
}

void Environment::start(Invocation&& cause) {
  KILN_REQUIRE(!state_);
  current_ = std::move(cause);
  begin_life(model::kInitLimit, Cause::kInvocation);
}

void Environment::start_restored(Invocation&& cause, std::shared_ptr<sandbox::ForkSource> source) {
  KILN_REQUIRE(!state_);
  current_ = std::move(cause);
  fork_of_ = std::move(source);
  begin_life(kRestoreLimit, Cause::kInvocation);
}

void Environment::start_ahead() {
  KILN_REQUIRE(!state_);
  begin_life(model::ahead_init_limit(*config_), Cause::kProvisioning);
}

void Environment::start_debugged(const DebugLaunch& launch) {
  KILN_REQUIRE(!state_);
  debug_ = launch;
  begin_life(kDebuggedLimit, Cause::kProvisioning);
}

void Environment::begin_life(Duration init_limit, Cause cause) {
  model::EnvironmentLimits limits{};
  limits.init = init_limit;
  // A restore is served by a process that runs already.
  if (!is_restored()) limits.start = kStartLimit;
  limits.invocation = debug_ ? kDebuggedLimit : std::chrono::seconds(config_->timeout_s);
  // Lambda keeps provisioned environments for as long as they are configured.
  limits.idle = debug_ || initialization_ == Initialization::kProvisioned ? Duration::max()
                                                                          : host_.idle_lifetime;
  if (is_restored()) limits.after_failed_init = model::AfterFailedInit::kRefuse;
  // First: without a state it could not be ended.
  state_.emplace(limits, cause, now());
  host_.loop.schedule(this, state_->deadline());
  if (is_restored()) fenced("environment", [this] { begin_log(); });
  start_sandbox();
}

// Of one that never had its turn there is nothing to be read.
void Environment::begin_log() {
  if (std::exchange(log_begun_, true)) return;
  const std::string runtime = runtime_label(running_runtime(config_->runtime));
  const std::string arn = model::runtime_version_arn(config_->region, config_->runtime);
  log_.line(is_restored() ? lines_.restore_start(runtime, arn, *config_, log_.stream(), wall())
                          : lines_.init_start(runtime, arn, config_->version, wall()));
}

// Without memory for it, it ends when the loop comes round, as one does that finds no room.
void Environment::start_sandbox() {
  unstarted_ = !fenced("environment", [this] { make_sandbox(); });
  if (unstarted_) host_.loop.schedule(this, now());
}

void Environment::end_unstarted() {
  unstarted_ = false;
  sandbox::Exit exit;
  exit.kind = sandbox::Exit::Kind::kNotStarted;
  exit.reason = kNoMemory;
  exit.lacks_room = true;
  on_exit(exit);
}

void Environment::make_sandbox() {
  init_error_document_.clear();
  init_error_type_.clear();
  exit_.reset();
  if (is_restored()) return start_sandbox_of(fork_spec(*config_, std::move(fork_of_)));
  LaunchContext context = launch_context(host_, task_, *config_, initialization_);
  context.log_stream = log_.stream();
  sandbox::SandboxSpec spec = launch_spec(*config_, context);
  if (debug_) {
    spec.ahead_env.clear();
    put_under_debugger(spec, *debug_);
  }
  if (!spec.extensions.empty()) state_->allow_for_end(sandbox::kShutdownWithExtensions);
  start_sandbox_of(spec);
}

void Environment::start_sandbox_of(const sandbox::SandboxSpec& spec) {
  sandbox_ = host_.make_sandbox(static_cast<sandbox::SandboxOwner&>(*this));
  sandbox_->start(spec);
}

}  // namespace kiln::engine
