// What Compute Optimizer says of a function, out of the advice about its memory. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "survey/advice.h"

namespace kiln::services {

struct FunctionFacts {
  std::string arn, account, version;
  int memory_mb = 0;
  WallTime now;  // in metric time
};

// A member of lambdaFunctionRecommendations. `found`: nullptr: there was nothing to go by.
nlohmann::json recommendation(const FunctionFacts& facts, const survey::FunctionAdvice* found);

// A filter of the request: its values are alternatives.
struct RecommendationFilter {
  std::string name;  // "Finding", "FindingReasonCode"
  std::vector<std::string> values;
};
// Error: InvalidParameterValueException.
Result<std::vector<RecommendationFilter>> read_filters(const nlohmann::json& input);
bool passes(const nlohmann::json& recommendation, const std::vector<RecommendationFilter>& filters);

}  // namespace kiln::services
