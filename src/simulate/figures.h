// The figures by which runs are compared, each over several seeds: names for tables and JSON, and
// how each follows from a run. Pure.
//
//   Summary summary(runs);   summary.of(0, Figure::kColdShare).mean
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "base/statistics.h"
#include "cost/bill.h"
#include "simulate/result.h"

namespace kiln::simulate {

enum class Figure {
  kRequests,  // synchronous calls and events
  kRequestsPerSecond,
  kInvocations,
  kColdStarts,
  kColdShare,  // of the invocations
  kThrottles,
  kThrottleShare,  // of all tries
  kErrors,
  kTimeouts,
  kEventsDropped,
  kEventAgeMs,  // of a try, on average
  kSpillovers,
  kMeanMs,
  kP50Ms,
  kP90Ms,
  kP95Ms,
  kP99Ms,
  kMaxMs,
  kBusy,            // environments with an invocation, on average
  kMostInUse,       // at the same time
  kEnvironments,    // on average
  kProvisioned,     // configured, on average
  kProvisionedUse,  // part of it that was in use, on average; 0 without any
  kMonthlyCost,     // USD
};
inline constexpr size_t kFigures = 24;

struct FigureName {
  Figure figure;
  std::string_view key;    // "coldShare": in JSON
  std::string_view title;  // "cold starts (%)": for people
  enum class Form { kCount, kShare, kMs, kUsd, kNumber } form;
};
const std::array<FigureName, kFigures>& figure_names();

// How usage becomes money.
struct Costing {
  const cost::Prices* prices = nullptr;  // nullptr: costs are 0
  cost::FreeTier free_tier = cost::FreeTier::kNo;
};

// The usage of a run for a month, by function, and last that of the alarms.
std::vector<cost::Usage> monthly_usage(const RunResult& result);

class Summary {
 public:
  // Takes the figures of a run; the run itself is not kept.
  void add(const RunResult& result, const Costing& costing);
  // Those of more runs of the same scenario.
  void merge(const Summary& other, const Costing& costing);

  size_t functions() const { return values_.empty() ? 0 : values_.size() - 1; }
  size_t runs() const { return runs_; }
  // Of a function of the scenario; kAll: of all of them together.
  static constexpr size_t kAll = ~size_t{0};
  Estimate of(size_t function, Figure figure) const;
  // Throttles by reason.
  Estimate throttles(size_t function, model::Throttle reason) const;
  // The average monthly bill of the runs.
  const cost::Bill& bill() const { return bill_; }

 private:
  struct Values {
    std::array<std::vector<double>, kFigures> figures;
    std::array<std::vector<double>, kThrottleReasons> throttles;
  };
  static void take(Values& values, const FunctionTotals& totals, const RunResult& run,
                   int32_t most_in_use, double monthly_cost);
  void add_usage(const std::vector<cost::Usage>& usage, const Costing& costing);

  std::vector<Values> values_;  // by function, and last all
  size_t runs_ = 0;
  std::vector<cost::Usage> usage_;  // sums over the runs
  cost::Bill bill_;
};

}  // namespace kiln::simulate
