#include "simulate/figures.h"

#include <algorithm>

namespace kiln::simulate {
namespace {

using Form = FigureName::Form;

double part(double of, double all) { return all > 0 ? of / all : 0; }

int32_t most_in_use(const FunctionResult& function) {
  int32_t most = 0;
  for (const Slice& slice : function.slices) most = std::max(most, slice.most_in_use);
  return most;
}

void add_totals(FunctionTotals& sum, const FunctionTotals& totals) {
  sum.requests += totals.requests;
  sum.invocations += totals.invocations;
  sum.cold_starts += totals.cold_starts;
  for (size_t i = 0; i < kThrottleReasons; ++i) sum.throttles[i] += totals.throttles[i];
  sum.errors += totals.errors;
  sum.timeouts += totals.timeouts;
  sum.on_provisioned += totals.on_provisioned;
  sum.provisioned_busy_s += totals.provisioned_busy_s;
  sum.spillovers += totals.spillovers;
  sum.events += totals.events;
  sum.event_tries += totals.event_tries;
  sum.events_succeeded += totals.events_succeeded;
  sum.events_dropped += totals.events_dropped;
  sum.event_age_ms += totals.event_age_ms;
  sum.latency.merge(totals.latency);
  sum.duration_ms += totals.duration_ms;
  sum.init_ms += totals.init_ms;
  sum.environment_s += totals.environment_s;
  sum.busy_s += totals.busy_s;
  sum.provisioned_s += totals.provisioned_s;
}

}  // namespace

const std::array<FigureName, kFigures>& figure_names() {
  static constexpr std::array<FigureName, kFigures> kNames = {{
      {Figure::kRequests, "requests", "requests", Form::kCount},
      {Figure::kRequestsPerSecond, "requestsPerSecond", "requests per second", Form::kNumber},
      {Figure::kInvocations, "invocations", "invocations", Form::kCount},
      {Figure::kColdStarts, "coldStarts", "cold starts", Form::kCount},
      {Figure::kColdShare, "coldShare", "cold starts, of invocations", Form::kShare},
      {Figure::kThrottles, "throttles", "throttles", Form::kCount},
      {Figure::kThrottleShare, "throttleShare", "throttles, of all tries", Form::kShare},
      {Figure::kErrors, "errors", "errors", Form::kCount},
      {Figure::kTimeouts, "timeouts", "time-outs", Form::kCount},
      {Figure::kEventsDropped, "eventsDropped", "events dropped", Form::kCount},
      {Figure::kEventAgeMs, "eventAgeMs", "age of events, average", Form::kMs},
      {Figure::kSpillovers, "spillovers", "spillovers", Form::kCount},
      {Figure::kMeanMs, "meanMs", "latency, average", Form::kMs},
      {Figure::kP50Ms, "p50Ms", "latency, p50", Form::kMs},
      {Figure::kP90Ms, "p90Ms", "latency, p90", Form::kMs},
      {Figure::kP95Ms, "p95Ms", "latency, p95", Form::kMs},
      {Figure::kP99Ms, "p99Ms", "latency, p99", Form::kMs},
      {Figure::kMaxMs, "maxMs", "latency, greatest", Form::kMs},
      {Figure::kBusy, "busy", "concurrency, average", Form::kNumber},
      {Figure::kMostInUse, "mostInUse", "concurrency, greatest", Form::kCount},
      {Figure::kEnvironments, "environments", "environments, average", Form::kNumber},
      {Figure::kProvisioned, "provisioned", "provisioned, average", Form::kNumber},
      {Figure::kProvisionedUse, "provisionedUse", "of it in use, average", Form::kShare},
      {Figure::kMonthlyCost, "monthlyCost", "cost per month", Form::kUsd},
  }};
  return kNames;
}

std::vector<cost::Usage> monthly_usage(const RunResult& result) {
  std::vector<cost::Usage> out;
  for (const FunctionResult& function : result.functions)
    out.push_back(cost::per_month(function.usage, result.counted_s));
  cost::Usage alarms;
  alarms.function = "(alarms)";
  alarms[cost::Item::kAlarms] = result.alarm_metrics;
  out.push_back(alarms);
  return out;
}

void Summary::take(Values& values, const FunctionTotals& t, const RunResult& run, int32_t most,
                   double monthly_cost) {
  const auto count = [](uint64_t number) { return static_cast<double>(number); };
  const auto set = [&](Figure figure, double value) {
    values.figures[static_cast<size_t>(figure)].push_back(value);
  };
  const double throttled = count(t.throttled());
  set(Figure::kRequests, count(t.requests));
  set(Figure::kRequestsPerSecond, count(t.requests) / run.run_s);
  set(Figure::kInvocations, count(t.invocations));
  set(Figure::kColdStarts, count(t.cold_starts));
  set(Figure::kColdShare, part(count(t.cold_starts), count(t.invocations)));
  set(Figure::kThrottles, throttled);
  set(Figure::kThrottleShare, part(throttled, throttled + count(t.invocations)));
  set(Figure::kErrors, count(t.errors));
  set(Figure::kTimeouts, count(t.timeouts));
  set(Figure::kEventsDropped, count(t.events_dropped));
  set(Figure::kEventAgeMs, part(t.event_age_ms, count(t.event_tries)));
  set(Figure::kSpillovers, count(t.spillovers));
  set(Figure::kMeanMs, t.latency.mean_ms());
  set(Figure::kP50Ms, t.latency.quantile_ms(0.5));
  set(Figure::kP90Ms, t.latency.quantile_ms(0.9));
  set(Figure::kP95Ms, t.latency.quantile_ms(0.95));
  set(Figure::kP99Ms, t.latency.quantile_ms(0.99));
  set(Figure::kMaxMs, t.latency.max_ms());
  set(Figure::kBusy, t.busy_s / run.run_s);
  set(Figure::kMostInUse, most);
  set(Figure::kEnvironments, t.environment_s / run.run_s);
  set(Figure::kProvisioned, t.provisioned_s / run.counted_s);
  set(Figure::kProvisionedUse,
      part(t.provisioned_busy_s / run.run_s, t.provisioned_s / run.counted_s));
  set(Figure::kMonthlyCost, monthly_cost);
  for (size_t i = 0; i < kThrottleReasons; ++i)
    values.throttles[i].push_back(count(t.throttles[i]));
}

void Summary::merge(const Summary& other, const Costing& costing) {
  values_.resize(std::max(values_.size(), other.values_.size()));
  for (size_t i = 0; i < other.values_.size(); ++i) {
    const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    for (size_t k = 0; k < kFigures; ++k)
      append(values_[i].figures[k], other.values_[i].figures[k]);
    for (size_t k = 0; k < kThrottleReasons; ++k)
      append(values_[i].throttles[k], other.values_[i].throttles[k]);
  }
  runs_ += other.runs_;
  add_usage(other.usage_, costing);
}

void Summary::add_usage(const std::vector<cost::Usage>& usage, const Costing& costing) {
  usage_.resize(std::max(usage_.size(), usage.size()));
  for (size_t i = 0; i < usage.size(); ++i) {
    usage_[i].function = usage[i].function;
    usage_[i].architecture = usage[i].architecture;
    for (size_t k = 0; k < cost::kItems; ++k) usage_[i].amount[k] += usage[i].amount[k];
  }
  if (!costing.prices) return;
  auto average = usage_;
  for (cost::Usage& each : average)
    for (double& amount : each.amount) amount /= static_cast<double>(runs_);
  bill_ = cost::make_bill(average, *costing.prices, costing.free_tier);
}

void Summary::add(const RunResult& result, const Costing& costing) {
  const auto usage = monthly_usage(result);
  cost::Bill bill;
  if (costing.prices) bill = cost::make_bill(usage, *costing.prices, costing.free_tier);
  values_.resize(result.functions.size() + 1);
  FunctionTotals all;
  int32_t most = 0;
  for (size_t i = 0; i < result.functions.size(); ++i) {
    const FunctionResult& function = result.functions[i];
    take(values_[i], function.totals, result, most_in_use(function), bill.of(function.name));
    add_totals(all, function.totals);
    // An upper bound: their greatest moments need not be the same.
    most += most_in_use(function);
  }
  take(values_.back(), all, result, most, bill.total());
  ++runs_;
  add_usage(usage, costing);
}

Estimate Summary::of(size_t function, Figure figure) const {
  if (values_.empty()) return {};
  const Values& values = function == kAll ? values_.back() : values_[function];
  return mean_estimate(values.figures[static_cast<size_t>(figure)]);
}

Estimate Summary::throttles(size_t function, model::Throttle reason) const {
  if (values_.empty()) return {};
  const Values& values = function == kAll ? values_.back() : values_[function];
  return mean_estimate(values.throttles[static_cast<size_t>(reason)]);
}

}  // namespace kiln::simulate
