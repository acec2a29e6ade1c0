#include "advise/adviser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/provisioned_rules.h"

namespace kiln::advise {
namespace {

using simulate::Figure;
using simulate::Summary;

// An advice that saves less is not worth a change.
constexpr double kLeastSaving = 0.05;
// A memory size with which it takes that many times as long is slower.
constexpr double kSlower = 1.1;
// So many measured times at least are beyond the percentile that sizes are compared at.
constexpr double kSlowOnes = 3;

double drawn_percentile_ms(const traffic::TimeModel& times, double part) {
  traffic::Random random(3);
  std::vector<double> drawn;
  for (int i = 0; i < 20'000; ++i) drawn.push_back(times.draw_ms(random));
  std::sort(drawn.begin(), drawn.end());
  return percentile(drawn, part);
}

model::ConfigPtr changed(const model::ConfigPtr& config,
                         const std::function<void(model::FunctionConfig&)>& change) {
  auto copy = std::make_shared<model::FunctionConfig>(*config);
  change(*copy);
  return copy;
}

void change_versions(simulate::SimulatedFunction& function,
                     const std::function<void(model::FunctionConfig&)>& change) {
  function.config.latest = changed(function.config.latest, change);
  for (auto& [number, version] : function.config.versions.change())
    version = changed(version, change);
}

}  // namespace

std::string_view to_text(Confidence confidence) {
  switch (confidence) {
    case Confidence::kLow:
      return "low";
    case Confidence::kMedium:
      return "medium";
    case Confidence::kHigh:
      break;
  }
  return "high";
}

Adviser::Adviser(const simulate::Scenario& scenario, size_t function, const Observed& observed,
                 const Goals& goals, const simulate::StudyOptions& options)
    : index_(function), observed_(observed), goals_(goals), options_(options) {
  now_.scenario = scenario;
}

std::optional<Adviser::Trial> Adviser::attempt(const Change& change) const {
  Trial trial;
  trial.scenario = now_.scenario;
  change(trial.scenario);
  auto study = simulate::study(trial.scenario, options_);
  if (!study) return std::nullopt;
  const Summary& summary = study->summary;
  trial.outcome = {summary.of(index_, Figure::kColdShare),
                   summary.of(index_, Figure::kThrottleShare), summary.of(index_, Figure::kP99Ms),
                   summary.of(index_, Figure::kMonthlyCost),
                   summary.of(index_, Figure::kMostInUse)};
  const double tries = std::max(1.0, summary.of(index_, Figure::kInvocations).mean +
                                         summary.of(index_, Figure::kThrottles).mean);
  const auto share = [&](model::Throttle reason) {
    return summary.throttles(index_, reason).mean / tries;
  };
  trial.reserve_throttles = share(model::Throttle::kReservedFunctionConcurrentInvocations) +
                            share(model::Throttle::kReservedFunctionInvocationRate);
  trial.account_throttles = share(model::Throttle::kConcurrentInvocations);
  trial.example = std::move(study->example);
  return trial;
}

std::optional<int> Adviser::least(int low, int high,
                                  const std::function<void(simulate::Scenario&, int)>& set,
                                  const std::function<bool(const Trial&)>& keeps) const {
  const auto good = [&](int value) {
    const auto trial = attempt([&](simulate::Scenario& scenario) { set(scenario, value); });
    return trial && keeps(*trial);
  };
  if (high <= low || !good(high)) return std::nullopt;
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    (good(middle) ? high : low) = middle;
  }
  return high;
}

void Adviser::take(Advice advice, Trial trial) {
  advice.now = now_.outcome;
  advice.then = trial.outcome;
  set_confidence(advice);
  now_ = std::move(trial);
  out_.push_back(std::move(advice));
}

void Adviser::set_confidence(Advice& advice) const {
  const double hours = observed_.hours();
  const double requests = observed_.invocations() + observed_.throttles();
  advice.confidence = hours >= 7 * 24 && requests >= 10'000 ? Confidence::kHigh
                      : hours >= 6 && requests >= 1000      ? Confidence::kMedium
                                                            : Confidence::kLow;
  advice.confidence_reason =
      fmt::format("{:.0f} requests over {}", requests,
                  hours >= 48       ? fmt::format("{:.0f} days", hours / 24)
                  : hours >= 2      ? fmt::format("{:.0f} hours", hours)
                  : hours * 60 >= 2 ? fmt::format("{:.0f} minutes", hours * 60)
                                    : fmt::format("{:.0f} s", hours * 3600));
  if (hours < 7 * 24)
    advice.confidence_reason += ": a week shows how the load changes with days and hours";
}

Result<std::vector<Advice>> Adviser::go() {
  if (const auto checked = simulate::check(now_.scenario); !checked) return checked.error();
  auto first = attempt([](simulate::Scenario&) {});
  if (!first)
    return Error{ErrorKind::kInternal, "Scenario", "the function's settings can't be simulated"};
  now_ = std::move(*first);
  advise_memory();
  if (goals_.memory_alone) return std::move(out_);
  advise_timeout();
  advise_reserved();
  advise_provisioned();
  advise_idle();
  return std::move(out_);
}

bool Adviser::keeps_cold(const Trial& trial) const {
  return trial.outcome.cold_share.mean <= goals_.cold_share &&
         (!goals_.p99_ms || trial.outcome.p99_ms.mean <= *goals_.p99_ms);
}

bool Adviser::keeps_throttles(const Trial& trial) const {
  return trial.outcome.throttle_share.mean <= goals_.throttle_share;
}

// ---- Memory and timeout

// Whether it is slower with the memory `size` than it may be, or else than it is now.
bool Adviser::is_slower(const Trial& trial, int size, int size_now) const {
  if (goals_.p99_ms) return trial.outcome.p99_ms.mean > *goals_.p99_ms;
  const auto seen = [this](int memory_mb) {
    return std::count_if(observed_.reports.begin(), observed_.reports.end(),
                         [=](const Report& report) { return report.memory_mb == memory_mb; });
  };
  const auto fewest = static_cast<double>(std::min(seen(size), seen(size_now)));
  const auto& then = trial.scenario.functions[index_].behaviour;
  if (fewest == 0 || fewest >= kSlowOnes / 0.01)
    return trial.outcome.p99_ms.mean > kSlower * now_.outcome.p99_ms.mean;
  // The 99th percentile of so few is the slowest of them, which one pause of the machine made.
  const double part = std::max(0.5, 1 - kSlowOnes / fewest);
  return drawn_percentile_ms(then.duration, part) >
         kSlower * drawn_percentile_ms(function().behaviour.duration, part);
}

void Adviser::advise_memory() {
  const int memory_mb = function().config.latest->memory_mb;
  struct Best {
    int memory_mb = 0;
    Trial trial;
  };
  std::optional<Best> best;
  for (const auto& [size, behaviour] : function().of_memory) {
    if (size == memory_mb) continue;
    auto trial = attempt([&, size = size, &own = behaviour](simulate::Scenario& scenario) {
      function(scenario).behaviour = own;
      change_versions(function(scenario),
                      [&](model::FunctionConfig& config) { config.memory_mb = size; });
    });
    if (!trial) continue;
    if (is_slower(*trial, size, memory_mb)) continue;
    if (!best || trial->outcome.monthly_cost.mean < best->trial.outcome.monthly_cost.mean)
      best = Best{size, std::move(*trial)};
  }
  if (best &&
      best->trial.outcome.monthly_cost.mean < (1 - kLeastSaving) * now_.outcome.monthly_cost.mean) {
    Advice advice;
    advice.setting = SetMemory{best->memory_mb};
    advice.title = fmt::format("Give it {} MB of memory instead of {}", best->memory_mb, memory_mb);
    advice.reason = fmt::format(
        "As kiln tune measured it, it is no slower with that and costs less: CPU follows memory, "
        "and "
        "what is billed is both together.");
    return take(std::move(advice), std::move(best->trial));
  }
  int most = 0;
  for (const Report& report : observed_.reports)
    if (report.memory_mb == memory_mb) most = std::max(most, report.used_memory_mb);
  if (most * 10 < memory_mb * 9) return;
  constexpr int kStep = 64;
  Advice advice;
  const int wanted =
      std::min(10'240, (std::max(most, memory_mb) * 13 / 10 + kStep - 1) / kStep * kStep);
  advice.setting = SetMemory{wanted};
  advice.title = fmt::format("Give it {} MB of memory instead of {}", wanted, memory_mb);
  advice.reason = fmt::format(
      "It has used {} of {} MB; with a little more it is ended in the middle of an invocation. How "
      "much faster it gets, and what that saves, is what kiln tune measures.",
      most, memory_mb);
  advice.simulated = false;
  advice.now = advice.then = now_.outcome;
  set_confidence(advice);
  out_.push_back(std::move(advice));
}

void Adviser::advise_timeout() {
  const int timeout_s = function().config.latest->timeout_s;
  std::vector<double> took;
  size_t timeouts = 0;
  for (const Report& report : observed_.reports) {
    timeouts += report.timed_out;
    if (!report.timed_out) took.push_back(report.duration_ms);
  }
  if (took.empty()) return;
  std::sort(took.begin(), took.end());
  const double share =
      static_cast<double>(timeouts) / static_cast<double>(observed_.reports.size());
  int wanted = timeout_s;
  Advice advice;
  if (share > 0.001) {
    // Long enough for what is expected of those that were ended.
    const double longest_ms = drawn_percentile_ms(function().behaviour.duration, 0.9995);
    wanted = std::clamp(static_cast<int>(std::ceil(longest_ms / 1000 * 1.2)), timeout_s + 1, 900);
    advice.reason = fmt::format(
        "{:.1f} % of its invocations were ended after {} s. How long they would have taken is "
        "estimated from the others.",
        share * 100, timeout_s);
  } else if (timeouts == 0 && timeout_s >= 10 && took.back() * 10 < timeout_s * 1000.0) {
    wanted = std::max(3, static_cast<int>(std::ceil(took.back() / 1000 * 3)));
    advice.reason = fmt::format(
        "The longest of {} invocations took {:.1f} s. One that hangs is billed, and holds its "
        "environment, until the timeout of {} s.",
        took.size(), took.back() / 1000, timeout_s);
  }
  if (wanted == timeout_s) return;
  auto trial = attempt([&](simulate::Scenario& scenario) {
    change_versions(function(scenario),
                    [&](model::FunctionConfig& config) { config.timeout_s = wanted; });
  });
  if (!trial) return;
  advice.setting = SetTimeout{wanted};
  advice.title = fmt::format("Set the timeout to {} s instead of {}", wanted, timeout_s);
  advice.trap =
      "A caller that waits less than the timeout gets no answer and may call again, while the "
      "function runs on.";
  take(std::move(advice), std::move(*trial));
}

Result<std::vector<Advice>> advise(const simulate::Scenario& scenario, size_t function,
                                   const Observed& observed, const Goals& goals,
                                   const simulate::StudyOptions& options) {
  return Adviser(scenario, function, observed, goals, options).go();
}

}  // namespace kiln::advise
