// The configurations of scaling policies as JSON, in the member names of Application Auto Scaling's
// API. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "scaling/step_scaling.h"
#include "scaling/target_tracking.h"

namespace kiln::scaling {

inline constexpr const char* kStepScaling = "StepScaling";
inline constexpr const char* kTargetTracking = "TargetTrackingScaling";

nlohmann::json step_configuration(const StepPolicy& policy);
nlohmann::json tracking_configuration(const TrackingPolicy& policy);

// Members of wrong types are SerializationException; what is unknown or missing is
// ValidationException. The rules of validate() are not checked. `region` is that of its metrics.
Result<StepPolicy> read_step_configuration(const nlohmann::json& document);
Result<TrackingPolicy> read_tracking_configuration(const nlohmann::json& document,
                                                   const std::string& region);

}  // namespace kiln::scaling
