// What an environment tells whoever wants to look at it.
#include "engine/environment.h"

namespace kiln::engine {

EnvironmentStatus Environment::status() const {
  using Phase = model::EnvironmentPhase;
  EnvironmentStatus out;
  out.log_stream = log_.stream();
  out.id = out.log_stream.substr(out.log_stream.find(']') + 1);
  out.region = config_->region;
  out.function = config_->name;
  out.version = config_->version;
  switch (phase()) {
    case Phase::kInit:
    case Phase::kInitEnding:
    case Phase::kReinit:
      out.phase = "init";
      break;
    case Phase::kIdle:
    case Phase::kAway:
      out.phase = "idle";
      break;
    case Phase::kBusy:
    case Phase::kAnswered:
      out.phase = "busy";
      break;
    case Phase::kStopping:
    case Phase::kKilled:
    case Phase::kGone:
      out.phase = "stopping";
      break;
  }
  out.provisioned = initialization_ == Initialization::kProvisioned;
  out.memory_mb = config_->memory_mb;
  if (sandbox_) {
    out.pid = sandbox_->function_pid();
    out.memory_bytes = sandbox_->memory_bytes();
  }
  out.age_ms = to_ms(now() - created_);
  out.invocations = invocations_;
  out.debug = debug_;
  return out;
}

}  // namespace kiln::engine
