// Asynchronous invocations of a run: queued, tried, tried again, dropped.
#include <algorithm>

#include "simulate/run.h"

namespace kiln::simulate {
namespace {

// The same for each run, and none of the numbers that the seed gives.
double luck_of(uint32_t event, int throttles) {
  uint64_t x = (uint64_t{event} << 8) + static_cast<uint64_t>(throttles) + 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

}  // namespace

void Run::accept_event(SourceState& source, const Request& request) {
  uint32_t index = 0;
  if (free_events_.empty()) {
    index = static_cast<uint32_t>(async_events_.size());
    async_events_.emplace_back();
  } else {
    index = free_events_.back();
    free_events_.pop_back();
    async_events_[index] = AsyncEvent();
  }
  AsyncEvent& event = async_events_[index];
  event.source = request.source;
  event.request = request;
  event.request.event = index;
  event.progress.received = wall_of(now_);
  event.counted = request.counted;
  Function& function = functions_[source.function];
  if (event.counted) ++function.totals.events;
  count_event(function, source, "AsyncEventsReceived", 1, "Count");
  lanes_.add(source.function, index);
  settle_events();
}

// Tries what is ready, and settles what has ended by it, until nothing is left to do now.
void Run::settle_events() {
  do {
    while (!ended_tries_.empty()) {
      const auto [index, outcome] = ended_tries_.back();
      ended_tries_.pop_back();
      end_try(index, outcome);
    }
    if (!draining_) pump_events();
  } while (!ended_tries_.empty());
}

void Run::pump_events() {
  while (const auto next = lanes_.next()) try_event(next->event);
}

void Run::try_event(uint32_t index) {
  AsyncEvent& event = async_events_[index];
  SourceState& source = sources_[event.source];
  Function& function = functions_[source.function];
  const double age_ms = to_ms(wall_of(now_) - event.progress.received);
  if (event.counted) {
    ++function.totals.event_tries;
    function.totals.event_age_ms += age_ms;
  }
  count_event(function, source, "AsyncEventAge", age_ms, "Milliseconds");
  Request request = event.request;
  const bool again = !std::exchange(event.first, false);
  // The same event at another time: how it goes is drawn once more, with other random numbers than
  // those of first tries, which are to stay what they are.
  if (again) {
    request.drawn = false;
    request.again = true;
    std::swap(source.durations, function.retries);
  }
  const bool runs = begin(request);
  if (again) std::swap(source.durations, function.retries);
  async_events_[index].request.outcome = request.outcome;
  if (!runs) ended_tries_.emplace_back(index, model::AsyncOutcome::kThrottled);
}

void Run::end_try(uint32_t index, model::AsyncOutcome outcome) {
  AsyncEvent& event = async_events_[index];
  SourceState& source = sources_[event.source];
  Function& function = functions_[source.function];
  ++(outcome == model::AsyncOutcome::kThrottled ? event.progress.throttles
                                                : event.progress.invocations);
  const model::AsyncSettings settings =
      model::async_settings(function.config, source.source.qualifier);
  event.progress.luck = luck_of(index, event.progress.throttles);
  const auto decision = model::next_async_step(settings, event.progress, outcome, wall_of(now_));
  lanes_.done(source.function);
  if (decision.next == model::AsyncNext::kRetry) {
    const Duration wait = decision.retry_at - wall_of(now_);
    push(now_ + from_metric(wait.count()), kRetry, index);
    return;
  }
  const bool success = decision.next == model::AsyncNext::kFinished;
  if (event.counted)
    ++(success ? function.totals.events_succeeded : function.totals.events_dropped);
  if (!success) count_event(function, source, "AsyncEventsDropped", 1, "Count");
  free_events_.push_back(index);
}

void Run::count_event(const Function& function, const SourceState& source, const char* metric,
                      double value, const char* unit) {
  if (!function.watched) return;
  telemetry::add_event_points(event_points_, scenario_.region, function.config.name(),
                              source.source.qualifier, metric, unit, minute(), value);
}

void Run::gather(const PointSink& sink) {
  for (Function& function : functions_)
    if (function.watched) function.metrics.collect(event_points_);
  sink(event_points_);
}

}  // namespace kiln::simulate
