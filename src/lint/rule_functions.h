// The rules' functions, by the file that they are in. docs/lint.md says what each is for, and where
// AWS says so.
#pragma once

#include <cstdint>
#include <string>

#include "lint/rule.h"

namespace kiln::lint {

inline constexpr int64_t kDefaultTimeout = 3;  // a function's, in seconds
// A number in a finding's text.
inline std::string n(int64_t value) { return std::to_string(value); }

// rules_concurrency.cc
void provisioned_above_reserved(const Model&, const Circumstances&, Report&);
void provisioned_takes_whole_reserve(const Model&, const Circumstances&, Report&);
void reserved_above_account(const Model&, const Circumstances&, Report&);
void provisioned_above_unreserved(const Model&, const Circumstances&, Report&);
// rules_qualifiers.cc
void provisioned_on_latest(const Model&, const Circumstances&, Report&);
void provisioned_twice(const Model&, const Circumstances&, Report&);
void provisioned_with_routing(const Model&, const Circumstances&, Report&);
void provisioned_with_snapstart(const Model&, const Circumstances&, Report&);
// rules_scaling.cc
void scaling_above_reserved(const Model&, const Circumstances&, Report&);
void scaling_above_unreserved(const Model&, const Circumstances&, Report&);
void scaling_minimum_above_maximum(const Model&, const Circumstances&, Report&);
void scaling_overrides_provisioned(const Model&, const Circumstances&, Report&);
void scaling_without_provisioned(const Model&, const Circumstances&, Report&);
void scaling_on_latest(const Model&, const Circumstances&, Report&);
void step_scaling_unsupported(const Model&, const Circumstances&, Report&);
void tracking_target_fraction(const Model&, const Circumstances&, Report&);
void scaling_idle_trap(const Model&, const Circumstances&, Report&);
// rules_alarm_limits.cc
void duration_alarm_unit(const Model&, const Circumstances&, Report&);
void duration_alarm_above_timeout(const Model&, const Circumstances&, Report&);
void utilization_alarm_percent(const Model&, const Circumstances&, Report&);
void concurrency_alarm_above_limit(const Model&, const Circumstances&, Report&);
// rules_alarm_time.cc
void alarm_period(const Model&, const Circumstances&, Report&);
void alarm_window(const Model&, const Circumstances&, Report&);
void alarm_datapoints(const Model&, const Circumstances&, Report&);
// rules_alarm_data.cc
void alarm_dimensions(const Model&, const Circumstances&, Report&);
void error_rate_without_traffic(const Model&, const Circumstances&, Report&);
void missing_data_breaches_when_idle(const Model&, const Circumstances&, Report&);
void quiet_alarm_never_fires(const Model&, const Circumstances&, Report&);
// rules_timeouts.cc
void time_limit_above_timeout(const Model&, const Circumstances&, Report&);
void timeout_above_api(const Model&, const Circumstances&, Report&);
void queue_visibility(const Model&, const Circumstances&, Report&);
void queue_concurrency_above_reserved(const Model&, const Circumstances&, Report&);
// rules_memory.cc
void memory_too_small(const Model&, const Circumstances&, Report&);
void memory_mostly_unused(const Model&, const Circumstances&, Report&);
// rules_names.cc
void function_not_in_stack(const Model&, const Circumstances&, Report&);
void alias_not_in_stack(const Model&, const Circumstances&, Report&);
void duplicate_key(const Model&, const Circumstances&, Report&);

}  // namespace kiln::lint
