// What a rule asks about the metric of an alarm. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lint/model.h"

namespace kiln::lint {

// The function that the dimension FunctionName names, if it is in the stacks.
std::optional<size_t> function_of(const Model& model, const Alarm& alarm, const MetricUse& metric);

// Average, Maximum, p99: a value of the metric's own size; not a sum or a count.
bool is_of_metric_size(const MetricUse& metric);

// Whether expressions of the alarm fill gaps: FILL(…).
bool fills_gaps(const Alarm& alarm);

// "0.8", "24000".
std::string number_text(double value);

}  // namespace kiln::lint
