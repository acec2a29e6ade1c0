// The metric operations of CloudWatch: documents in, documents out, over a MetricStore.
//
// A document may have come as a form, with texts where numbers belong. Answers have times as epoch
// seconds. Not thread-safe: as the store, it belongs to one thread at a time.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/metric_store.h"

namespace kiln::services {

class CloudWatchMetrics {
 public:
  // `store` outlives this.
  CloudWatchMetrics(telemetry::MetricStore& store, std::string account)
      : store_(store), account_(std::move(account)) {}

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

  // In which there are values, in order; only `wanted`, where it is not "".
  std::vector<std::string> units_of(const telemetry::MetricKey& key, const std::string& wanted,
                                    int64_t start_s, int64_t end_s) const;

  telemetry::MetricStore& store_;
  std::string account_;
};

}  // namespace kiln::services
