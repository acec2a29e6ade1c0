// Alarms and scaling as AWS's APIs write them, in requests and in answers, read into what the rules
// take. Pure.
//
// What an API would refuse for its form is an error that names the member; what it would refuse for
// its meaning is the rules' to say, when the scenario is simulated.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "scaling/scaling_input.h"
#include "telemetry/alarm.h"

namespace kiln::survey {

// As PutMetricAlarm takes it and DescribeAlarms answers it.
Result<telemetry::AlarmConfig> read_alarm(const Json& document, const std::string& region);
// RegisterScalableTarget, DescribeScalableTargets.
Result<scaling::TargetInput> read_target(const Json& document);
// PutScalingPolicy, DescribeScalingPolicies.
Result<scaling::PolicyInput> read_policy(const Json& document, const std::string& region);
// PutScheduledAction, DescribeScheduledActions.
Result<scaling::ActionInput> read_action(const Json& document);

}  // namespace kiln::survey
