// The units that a metric of CloudWatch may have.
#pragma once

#include <string_view>
#include <vector>

namespace kiln::telemetry {

const std::vector<std::string_view>& metric_units();
bool is_metric_unit(std::string_view name);

// CloudWatch never adds up values of different units: a query that names none gets the values of
// one of them. The smaller the rank, the rather of this one, as recorded: Megabits, …, Count, …,
// Milliseconds, …, Seconds, …, None.
int unit_rank(std::string_view unit);

}  // namespace kiln::telemetry
