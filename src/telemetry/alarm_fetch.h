// How alarms read a MetricStore: their periods end now, so they are counted from the start that is
// asked for, while the store's own periods are aligned to the epoch. Pure.
#pragma once

#include "telemetry/metric.h"
#include "telemetry/metric_store.h"

namespace kiln::telemetry {

// For AlarmBook::evaluate. `store` outlives the function.
FetchSeries alarm_fetch(const MetricStore& store);

}  // namespace kiln::telemetry
