#include "survey/advice.h"

#include <algorithm>
#include <map>

#include "base/statistics.h"

namespace kiln::survey {
namespace {

constexpr size_t kEnoughReports = 20;

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

}  // namespace

std::vector<advise::TunedSize> sizes_of(const advise::Observed& observed) {
  struct Times {
    std::vector<double> durations, inits;
  };
  std::map<int, Times> by_size;
  for (const advise::Report& report : observed.reports) {
    if (report.timed_out) continue;
    Times& times = by_size[report.memory_mb];
    // A cold start's duration has more in it than the work.
    (report.init_ms ? times.inits : times.durations)
        .push_back(report.init_ms.value_or(report.duration_ms));
  }
  std::vector<advise::TunedSize> out;
  for (auto& [memory_mb, times] : by_size) {
    if (times.durations.size() < kEnoughReports) continue;
    std::sort(times.durations.begin(), times.durations.end());
    std::sort(times.inits.begin(), times.inits.end());
    advise::TunedSize size{memory_mb, percentile(times.durations, 0.5), {}};
    if (!times.inits.empty()) size.init_ms = percentile(times.inits, 0.5);
    out.push_back(size);
  }
  return out;
}

Result<FunctionAdvice> advise_function(Api& api, const AdviceQuestion& question,
                                       const simulate::StudyOptions& options) {
  FunctionAdvice out;
  out.where = {question.function, question.region};
  auto settings = read_settings(api, {question.function}, question.region);
  if (!settings) return settings.error();
  const MetricTime time = metric_time(api, question.machine_now);
  simulate::Scenario& scenario = settings->scenario;
  simulate::SimulatedFunction& function = scenario.functions[0];
  out.notes = std::move(settings->notes);
  const std::vector<std::string> qualifiers = qualifiers_of(function.config);
  auto observed =
      read_observed(api, question.function, qualifiers, window_of(time, question.since), time);
  if (!observed) return observed.error();
  out.observed = *std::move(observed);
  if (function.config.aliases.contains(out.observed.qualifier))
    out.where.alias = out.observed.qualifier;
  else if (is_number(out.observed.qualifier))
    out.where.alias = out.observed.qualifier;
  const model::ConfigPtr called =
      model::resolve_qualifier(function.config, out.observed.qualifier, 1);
  // What the callers' version has is what counts.
  if (called) {
    auto latest = std::make_shared<model::FunctionConfig>(*function.config.latest);
    latest->memory_mb = called->memory_mb;
    latest->timeout_s = called->timeout_s;
    function.config.latest = std::move(latest);
  }
  out.memory_mb = function.config.latest->memory_mb;
  out.sizes = question.sizes.empty() ? sizes_of(out.observed) : question.sizes;
  // How long it took with other memory sizes says nothing of this one.
  const auto is_other = [&](const advise::Report& report) {
    return report.memory_mb != out.memory_mb;
  };
  advise::Observed own = out.observed;
  std::erase_if(own.reports, is_other);
  if (auto set = advise::set_observed(function, own.reports.empty() ? out.observed : own); !set)
    return set.error();
  advise::set_tuned(function, out.sizes);
  const auto span = advise::span_of(out.observed);
  if (!span) return span.error();
  scenario.start = span->start;
  scenario.length = span->length;
  scenario.platform = platform_of(time);
  auto advice = advise::advise(scenario, 0, out.observed, question.goals, options);
  if (!advice) return advice.error();
  out.advice = *std::move(advice);
  return out;
}

}  // namespace kiln::survey
