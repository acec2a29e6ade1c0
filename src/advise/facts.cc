#include "advise/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace kiln::advise {
namespace {

using traffic::Nanos;

constexpr Nanos kMinute = 60 * traffic::kSecond;
// REPORT lines tell when requests came if they are of nearly all invocations.
constexpr double kNearlyAll = 0.9;

Nanos since(WallTime start, WallTime at, double speed) {
  return static_cast<Nanos>(static_cast<double>(Duration(at - start).count()) / speed);
}

template <class Of>
double sum(const std::vector<Minute>& minutes, const Of& of) {
  double total = 0;
  for (const Minute& minute : minutes) total += of(minute);
  return total;
}

// A throttled request came when the function was busy: close to one that got in.
void add_throttled(std::vector<Nanos>& at, Nanos start, Nanos end, int64_t count,
                   traffic::Random& random) {
  const auto first = std::lower_bound(at.begin(), at.end(), start);
  const auto last = std::lower_bound(first, at.end(), end);
  const std::vector<Nanos> admitted(first, last);
  for (int64_t i = 0; i < count; ++i)
    at.push_back(admitted.empty()
                     ? start + static_cast<Nanos>(random.unit() * static_cast<double>(end - start))
                     : admitted[random.below(admitted.size())]);
}

// How long those would have taken that were ended is not known. They go on ending at the rate at
// which the slow ones among the others did: an exponential tail, whose mean is the maximum
// likelihood of what was seen of it (Σ of all times beyond its beginning, up to the timeout, by the
// number of those that ended).
void add_timed_out(std::vector<float>& durations_ms, size_t count, double timeout_ms) {
  if (count == 0) return;
  std::sort(durations_ms.begin(), durations_ms.end());
  const size_t ended = durations_ms.size(), all = ended + count;
  // The tail is a quarter of all, or so much that two in three of it ended.
  const size_t tail = std::min(all, std::max((all + 3) / 4, 3 * count));
  const size_t from = std::min(all - tail, ended);
  const double begin_ms = from == 0 ? 0.0 : static_cast<double>(durations_ms[from - 1]);
  double beyond_ms = static_cast<double>(count) * std::max(timeout_ms - begin_ms, 0.0);
  for (size_t i = from; i < ended; ++i)
    beyond_ms += static_cast<double>(durations_ms[i]) - begin_ms;
  const double mean_ms =
      ended > from ? beyond_ms / static_cast<double>(ended - from) : timeout_ms / 2;
  traffic::Random random(2);
  for (size_t i = 0; i < count; ++i)
    durations_ms.push_back(static_cast<float>(timeout_ms + mean_ms * random.exponential()));
}

traffic::Traffic times_of(const Observed& observed, const Span& span) {
  traffic::Times times;
  for (const Report& report : observed.reports) {
    const double took_ms = report.duration_ms + report.init_ms.value_or(0);
    const Nanos end = since(span.start, report.at, observed.speed);
    times.at.push_back(
        std::clamp<Nanos>(end - static_cast<Nanos>(took_ms * 1e6), 0, span.length - 1));
  }
  std::sort(times.at.begin(), times.at.end());
  traffic::Random random(1);
  std::vector<Nanos> admitted = times.at;
  for (const Minute& minute : observed.minutes) {
    if (minute.throttles < 1) continue;
    const Nanos start = since(span.start, minute.start, observed.speed);
    std::vector<Nanos> both = admitted;
    add_throttled(both, start, start + static_cast<Nanos>(kMinute / observed.speed),
                  static_cast<int64_t>(minute.throttles), random);
    times.at.insert(times.at.end(), both.begin() + static_cast<std::ptrdiff_t>(admitted.size()),
                    both.end());
  }
  std::sort(times.at.begin(), times.at.end());
  return traffic::Traffic(std::move(times));
}

traffic::Traffic counts_of(const Observed& observed, const Span& span, bool events) {
  traffic::Counts counts;
  counts.step = static_cast<Nanos>(kMinute / observed.speed);
  counts.requests.resize(static_cast<size_t>(span.length / counts.step + 1));
  for (const Minute& minute : observed.minutes) {
    const Nanos start = since(span.start, minute.start, observed.speed);
    const auto at = static_cast<size_t>(std::max<Nanos>(start, 0) / counts.step);
    if (at < counts.requests.size())
      counts.requests[at] +=
          static_cast<uint32_t>(events ? minute.events : minute.invocations + minute.throttles);
  }
  return traffic::Traffic(std::move(counts));
}

}  // namespace

double Observed::invocations() const {
  return sum(minutes, [](const Minute& minute) { return minute.invocations; });
}
double Observed::throttles() const {
  return sum(minutes, [](const Minute& minute) { return minute.throttles; });
}
double Observed::errors() const {
  return sum(minutes, [](const Minute& minute) { return minute.errors; });
}
double Observed::events() const {
  return sum(minutes, [](const Minute& minute) { return minute.events; });
}
double Observed::hours() const {
  if (minutes.empty()) return 0;
  const Duration span = minutes.back().start - minutes.front().start + std::chrono::minutes(1);
  return to_ms(span) / 3'600'000 / speed;
}

Result<Span> span_of(const Observed& observed) {
  if (observed.minutes.empty())
    return Error{ErrorKind::kInvalid, "NoData",
                 "nothing called the function in the time that was looked at; call it, or look "
                 "further back"};
  Span span;
  span.start = observed.minutes.front().start;
  const Duration metric = observed.minutes.back().start - span.start + std::chrono::minutes(1);
  span.length = static_cast<Nanos>(static_cast<double>(metric.count()) / observed.speed);
  return span;
}

Result<void> set_observed(simulate::SimulatedFunction& function, const Observed& observed) {
  const auto span = span_of(observed);
  if (!span) return span.error();
  std::vector<float> durations, inits;
  for (const Report& report : observed.reports) {
    if (!report.timed_out) durations.push_back(static_cast<float>(report.duration_ms));
    if (report.init_ms) inits.push_back(static_cast<float>(*report.init_ms));
  }
  add_timed_out(durations, observed.reports.size() - durations.size(),
                function.config.latest->timeout_s * 1000.0);
  if (durations.empty())
    return Error{ErrorKind::kInvalid, "NoData",
                 "there are no REPORT lines of the function in its log group: how long it takes is "
                 "not known"};
  simulate::Behaviour& behaviour = function.behaviour;
  behaviour.duration = traffic::TimeModel::samples(std::move(durations));
  if (!inits.empty()) behaviour.init = traffic::TimeModel::samples(std::move(inits));
  const double invocations = std::max(1.0, observed.invocations());
  const auto timeouts =
      static_cast<double>(std::count_if(observed.reports.begin(), observed.reports.end(),
                                        [](const Report& report) { return report.timed_out; }));
  const double timeout_share = timeouts / static_cast<double>(observed.reports.size());
  behaviour.error_rate = std::clamp(observed.errors() / invocations - timeout_share, 0.0, 1.0);

  const bool known = static_cast<double>(observed.reports.size()) >= kNearlyAll * invocations;
  // Each event is tried up to three times, and throttled tries come on top.
  const bool events = observed.events() > invocations / 4;
  simulate::Source source;
  source.traffic =
      known && !events ? times_of(observed, *span) : counts_of(observed, *span, events);
  source.qualifier = observed.qualifier;
  if (events) source.type = simulate::Source::Type::kAsynchronous;
  function.sources = {std::move(source)};
  return {};
}

void set_tuned(simulate::SimulatedFunction& function, const std::vector<TunedSize>& sizes) {
  const int memory_mb = function.config.latest->memory_mb;
  const auto own = std::find_if(sizes.begin(), sizes.end(), [&](const TunedSize& size) {
    return size.memory_mb == memory_mb && size.p50_ms > 0;
  });
  if (own == sizes.end()) return;
  for (const TunedSize& size : sizes) {
    if (size.p50_ms <= 0) continue;
    simulate::Behaviour behaviour = function.behaviour;
    behaviour.duration = behaviour.duration.scaled(size.p50_ms / own->p50_ms);
    if (size.init_ms && own->init_ms && *own->init_ms > 0)
      behaviour.init = behaviour.init.scaled(*size.init_ms / *own->init_ms);
    function.of_memory[size.memory_mb] = behaviour;
  }
}

}  // namespace kiln::advise
