#include "services/compute_optimizer/recommendation.h"

#include <algorithm>

#include "base/json_access.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr double kEnoughInvocations = 50;  // AWS's own number
constexpr double kLookbackDays = 14;

const advise::Advice* memory_advice(const survey::FunctionAdvice& found) {
  for (const advise::Advice& advice : found.advice)
    if (std::holds_alternative<advise::SetMemory>(advice.setting)) return &advice;
  return nullptr;
}

json metric(const char* name, const char* statistic, double value) {
  return {{"name", name}, {"statistic", statistic}, {"value", value}};
}

json utilization(const advise::Observed& observed) {
  double sum_ms = 0, most_ms = 0, sum_mb = 0, most_mb = 0;
  for (const advise::Report& report : observed.reports) {
    sum_ms += report.duration_ms;
    sum_mb += report.used_memory_mb;
    most_ms = std::max(most_ms, report.duration_ms);
    most_mb = std::max(most_mb, static_cast<double>(report.used_memory_mb));
  }
  if (observed.reports.empty()) return json::array();
  const auto count = static_cast<double>(observed.reports.size());
  return {metric("Duration", "Maximum", most_ms), metric("Duration", "Average", sum_ms / count),
          metric("Memory", "Maximum", most_mb), metric("Memory", "Average", sum_mb / count)};
}

// The average duration with another size, as its medians were.
std::optional<double> expected_ms(const survey::FunctionAdvice& found, int memory_mb) {
  const auto median = [&](int size) {
    const auto known = std::find_if(found.sizes.begin(), found.sizes.end(),
                                    [&](const auto& one) { return one.memory_mb == size; });
    return known == found.sizes.end() ? 0 : known->p50_ms;
  };
  const double own = median(found.memory_mb), other = median(memory_mb);
  if (own <= 0 || other <= 0) return std::nullopt;
  double sum = 0, count = 0;
  for (const advise::Report& report : found.observed.reports) {
    if (report.memory_mb != found.memory_mb) continue;
    sum += report.duration_ms;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / count * other / own;
}

json option(const survey::FunctionAdvice& found, const advise::Advice& advice) {
  const int memory_mb = std::get<advise::SetMemory>(advice.setting).memory_mb;
  json out{{"rank", 1}, {"memorySize", memory_mb}};
  out["projectedUtilizationMetrics"] = json::array();
  if (const auto ms = expected_ms(found, memory_mb))
    out["projectedUtilizationMetrics"].push_back(metric("Duration", "Expected", *ms));
  if (!advice.simulated) return out;
  const double now = advice.now.monthly_cost.mean, then = advice.then.monthly_cost.mean;
  const double saved = std::max(0.0, now - then);
  out["savingsOpportunity"] = {
      {"savingsOpportunityPercentage", now > 0 ? saved / now * 100 : 0},
      {"estimatedMonthlySavings", {{"currency", "USD"}, {"value", saved}}}};
  return out;
}

const std::vector<std::string>& values_of(const std::string& filter) {
  static const std::vector<std::string> kFindings = {"Optimized", "NotOptimized", "Unavailable"};
  static const std::vector<std::string> kReasons = {
      "MemoryOverprovisioned", "MemoryUnderprovisioned", "InsufficientData", "Inconclusive"};
  static const std::vector<std::string> kNone;
  if (filter == "Finding") return kFindings;
  return filter == "FindingReasonCode" ? kReasons : kNone;
}

}  // namespace

json recommendation(const FunctionFacts& facts, const survey::FunctionAdvice* found) {
  json out{{"functionArn", facts.arn},
           {"functionVersion", facts.version},
           {"accountId", facts.account},
           {"currentMemorySize", facts.memory_mb},
           {"numberOfInvocations", 0},
           {"utilizationMetrics", json::array()},
           {"lookbackPeriodInDays", kLookbackDays},
           {"lastRefreshTimestamp", epoch_s(facts.now)},
           {"memorySizeRecommendationOptions", json::array()},
           {"currentPerformanceRisk", "VeryLow"}};
  const double invocations = found ? found->observed.invocations() : 0;
  if (found) {
    out["numberOfInvocations"] = static_cast<int64_t>(invocations);
    out["utilizationMetrics"] = utilization(found->observed);
  }
  const auto finding = [&](const char* what, json reasons) {
    out["finding"] = what;
    out["findingReasonCodes"] = std::move(reasons);
    return out;
  };
  if (!found || invocations < kEnoughInvocations || found->observed.reports.empty())
    return finding("Unavailable", {"InsufficientData"});
  if (const advise::Advice* advice = memory_advice(*found)) {
    out["memorySizeRecommendationOptions"].push_back(option(*found, *advice));
    const bool more = std::get<advise::SetMemory>(advice->setting).memory_mb > facts.memory_mb;
    if (more) out["currentPerformanceRisk"] = "High";
    return finding("NotOptimized", {more ? "MemoryUnderprovisioned" : "MemoryOverprovisioned"});
  }
  const bool others_known =
      std::any_of(found->sizes.begin(), found->sizes.end(),
                  [&](const auto& size) { return size.memory_mb != facts.memory_mb; });
  if (!others_known) return finding("Unavailable", {"Inconclusive"});
  return finding("Optimized", json::array());
}

Result<std::vector<RecommendationFilter>> read_filters(const json& input) {
  const auto wrong = [](std::string message) {
    return Error{ErrorKind::kInvalid, "InvalidParameterValueException", std::move(message)};
  };
  std::vector<RecommendationFilter> out;
  const auto filters = input.find("filters");
  if (filters == input.end() || filters->is_null()) return out;
  if (!filters->is_array()) return wrong("filters must be a list");
  for (const json& filter : *filters) {
    RecommendationFilter one;
    if (filter.is_object() && filter.contains("name") && filter["name"].is_string())
      one.name = json_text(filter["name"]);
    const auto& known = values_of(one.name);
    if (known.empty())
      return wrong("The filter name '" + one.name + "' must be Finding or FindingReasonCode.");
    const auto values = filter.find("values");
    if (values == filter.end() || !values->is_array())
      return wrong("The filter " + one.name + " needs values.");
    for (const json& value : *values) {
      const std::string text = value.is_string() ? json_text(value) : json_dump(value);
      if (std::find(known.begin(), known.end(), text) == known.end())
        return wrong("The filter " + one.name + " has no value '" + text + "'.");
      one.values.push_back(text);
    }
    out.push_back(std::move(one));
  }
  return out;
}

bool passes(const json& recommendation, const std::vector<RecommendationFilter>& filters) {
  return std::all_of(filters.begin(), filters.end(), [&](const RecommendationFilter& filter) {
    const auto holds = [&](const json& value) {
      return std::find(filter.values.begin(), filter.values.end(), json_text(value)) !=
             filter.values.end();
    };
    if (filter.name == "Finding") return holds(recommendation["finding"]);
    const json& reasons = recommendation["findingReasonCodes"];
    return std::any_of(reasons.begin(), reasons.end(), holds);
  });
}

}  // namespace kiln::services
