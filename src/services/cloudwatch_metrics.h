// The metric operations of CloudWatch: documents in, documents out, over a MetricStore.
//
// A document may have come as a form, with texts where numbers belong. Answers have times as epoch
// seconds. Not thread-safe: as the store, it belongs to one thread at a time.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/metric_store.h"

namespace kiln::services {

class CloudWatchMetrics {
 public:
  // `store` outlives this.
  explicit CloudWatchMetrics(telemetry::MetricStore& store) : store_(store) {}

  static bool has(const std::string& operation);
  // Error types are the shape names of the API: InvalidParameterValueException,
  // InvalidParameterCombinationException, MissingRequiredParameterException, ValidationError,
  // InvalidNextToken.
  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input,
                             const std::string& region, WallTime now);

 private:
  Result<nlohmann::json> put_metric_data(const nlohmann::json& input, const std::string& region,
                                         WallTime now);
  Result<nlohmann::json> get_metric_statistics(const nlohmann::json& input,
                                               const std::string& region, WallTime now);
  Result<nlohmann::json> get_metric_data(const nlohmann::json& input, const std::string& region,
                                         WallTime now);
  Result<nlohmann::json> list_metrics(const nlohmann::json& input, const std::string& region,
                                      WallTime now);

  telemetry::MetricStore& store_;
};

}  // namespace kiln::services
