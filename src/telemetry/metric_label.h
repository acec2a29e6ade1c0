// Labels of results: CloudWatch's default, which says what tells the metrics of a request apart,
// and dynamic labels, whose ${…} are filled in.
//
//   default_labels(stats)                        // {"Errors Sum", "Errors p99"}
//   fill_label("${PROP('Dim.FunctionName')} max ${MAX}", facts)   // "orders max 12"
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/metric.h"

namespace kiln::telemetry {

// Of metrics that are read together, in their order. The name, before it the values of the
// dimensions in which metrics of that name differ (the name is left out then, where all have the
// same), after it the statistic and the period where these differ.
std::vector<std::string> default_labels(const std::vector<const MetricStat*>& metrics);

struct LabelFacts {
  const Series* series = nullptr;
  const MetricStat* metric = nullptr;  // that the series is of; nullptr: of an expression
  std::string_view label;              // ${LABEL}
  std::string_view account;            // ${PROP('AccountId')}
  int64_t now_s = 0;                   // what ${…_RELATIVE} counts from
};

// What is no known value, or has none, is left as it is written.
std::string fill_label(std::string_view text, const LabelFacts& facts);

}  // namespace kiln::telemetry
