#include "telemetry/function_metrics.h"

namespace kiln::telemetry {
namespace {

constexpr const char* kCount = "Count";
constexpr const char* kMilliseconds = "Milliseconds";

// `hits` of `total` samples are 1, the others 0: what Errors and Throttles are.
Distribution hits_of(double hits, double total) {
  Distribution out;
  if (hits > 0) out.add(1, hits);
  if (total > hits) out.add(0, total - hits);
  return out;
}

std::string resource_of(const std::string& function, const std::string& qualifier) {
  return qualifier.empty() ? function : function + ":" + qualifier;
}

}  // namespace

void add_event_points(std::vector<MetricPoint>& out, const std::string& region,
                      const std::string& function, const std::string& qualifier, const char* metric,
                      const char* unit, int64_t minute_s, double value) {
  const std::string resource = resource_of(function, qualifier);
  for (const Dimensions& dimensions :
       {Dimensions{{"FunctionName", function}},
        Dimensions{{"FunctionName", function}, {"Resource", resource}}})
    out.push_back(
        {{region, "AWS/Lambda", metric, dimensions}, unit, minute_s, Distribution::of(value)});
}

FunctionMetrics::Way& FunctionMetrics::way(const std::string& qualifier,
                                           const std::string& version) {
  for (Way& way : ways_)
    if (way.version == version && way.qualifier == qualifier) return way;
  ways_.push_back({qualifier, version, 0, {}, -1, nullptr});
  return ways_.back();
}

FunctionMetrics::Minute& FunctionMetrics::minute(Way& way, int64_t minute_s) {
  if (way.newest_s == minute_s) return *way.newest;
  Minute& found = way.minutes[minute_s];
  if (minute_s > way.newest_s) {
    way.newest_s = minute_s;
    way.newest = &found;
  }
  return found;
}

FunctionMetrics::Account& FunctionMetrics::account(int64_t minute_s) {
  if (newest_account_s_ == minute_s) return *newest_account_;
  Account& found = account_[minute_s];
  if (minute_s > newest_account_s_) {
    newest_account_s_ = minute_s;
    newest_account_ = &found;
  }
  return found;
}

void FunctionMetrics::on_end(Way& way, int64_t minute_s, const End& end) {
  Minute& m = minute(way, minute_s);
  m.invocations += 1;
  m.duration_ms.add(end.duration_ms);
  if (end.extensions_ms >= 0) m.extensions_ms.add(end.extensions_ms);
  if (end.function_error) m.errors += 1;
  if (end.provisioned) m.provisioned_invocations += 1;
  if (end.spillover) m.spillovers += 1;
}

void FunctionMetrics::on_start(Way& way, int64_t minute_s, const Load& load) {
  Minute& m = minute(way, minute_s);
  m.concurrency.add_plain(way.in_use);
  if (load.provisioned_configured > 0) {
    m.provisioned_concurrency.add_plain(load.provisioned_in_use);
    m.provisioned_utilization.add_plain(static_cast<double>(load.provisioned_in_use) /
                                        load.provisioned_configured);
  }
  Account& of_account = account(minute_s);
  of_account.function_concurrency.add_plain(load.function_in_use);
  of_account.account_concurrency.add_plain(load.account_in_use);
  of_account.unreserved.add_plain(load.unreserved_in_use);
  of_account.claimed.add_plain(load.claimed);
}

void FunctionMetrics::collect(std::vector<MetricPoint>& out) {
  const auto add = [&](const char* metric, const char* unit, int64_t time_s,
                       const Dimensions& dimensions, const Distribution& values) {
    if (values.count > 0)
      out.push_back({{region_, "AWS/Lambda", metric, dimensions}, unit, time_s, values});
  };
  const Dimensions of_function = {{"FunctionName", name_}};
  for (Way& way : ways_) {
    const std::string resource = resource_of(name_, way.qualifier);
    const Dimensions of_resource = {{"FunctionName", name_}, {"Resource", resource}};
    const Dimensions of_executed = {
        {"ExecutedVersion", way.version}, {"FunctionName", name_}, {"Resource", resource}};
    // Only a call through an alias says which version ran.
    const bool by_alias = !way.qualifier.empty() && way.qualifier != way.version;
    for (const auto& [minute_s, m] : way.minutes) {
      const int64_t time_s = minute_s;
      const auto everywhere = [&](const char* metric, const char* unit, const Distribution& d) {
        add(metric, unit, time_s, {}, d);
        add(metric, unit, time_s, of_function, d);
        add(metric, unit, time_s, of_resource, d);
        if (by_alias) add(metric, unit, time_s, of_executed, d);
      };
      const auto of_resources = [&](const char* metric, const Distribution& d) {
        add(metric, kCount, time_s, of_resource, d);
        if (by_alias) add(metric, kCount, time_s, of_executed, d);
      };
      everywhere("Invocations", kCount, hits_of(m.invocations, m.invocations));
      everywhere("Errors", kCount, hits_of(m.errors, m.invocations));
      everywhere("Throttles", kCount, hits_of(m.throttles, m.invocations + m.throttles));
      everywhere("Duration", kMilliseconds, m.duration_ms);
      for (const Dimensions* dimensions : {&of_function, &of_resource})
        add("PostRuntimeExtensionsDuration", kMilliseconds, time_s, *dimensions, m.extensions_ms);
      add("ConcurrentExecutions", kCount, time_s, of_resource, m.concurrency);
      of_resources("ProvisionedConcurrentExecutions", m.provisioned_concurrency);
      of_resources("ProvisionedConcurrencyUtilization", m.provisioned_utilization);
      of_resources("ProvisionedConcurrencyInvocations",
                   hits_of(m.provisioned_invocations, m.provisioned_invocations));
      of_resources("ProvisionedConcurrencySpilloverInvocations",
                   hits_of(m.spillovers, m.spillovers));
    }
    way.minutes.clear();
    way.newest_s = -1;
    way.newest = nullptr;
  }
  for (const auto& [time_s, counted] : account_) {
    add("ConcurrentExecutions", kCount, time_s, of_function, counted.function_concurrency);
    add("ConcurrentExecutions", kCount, time_s, {}, counted.account_concurrency);
    add("UnreservedConcurrentExecutions", kCount, time_s, {}, counted.unreserved);
    add("ClaimedAccountConcurrency", kCount, time_s, {}, counted.claimed);
  }
  account_.clear();
  newest_account_s_ = -1;
  newest_account_ = nullptr;
}

}  // namespace kiln::telemetry
