#include "engine/event_queue.h"

#include <algorithm>

#include "base/fence.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "engine/event_record.h"

namespace kiln::engine {
namespace {

constexpr int kLoopIndex = -2;

// So much of what was accepted and not tried yet stays in memory, too. What is beyond it is read
// from the disk when its turn comes.
constexpr size_t kMostAtHandBytes = size_t{512} * 1024;

size_t bytes_of(const store::StoredEvent& event) {
  return sizeof event + event.region.size() + event.function_name.size() + event.qualifier.size() +
         event.request_id.size() + event.trace_id.size() + event.client_context.size() +
         event.payload.size();
}

std::string lane_of(const store::StoredEvent& event) {
  return event.region + ":" + event.function_name;
}

Error stopping_error() {
  return {ErrorKind::kUnavailable, "ServiceException",
          "Kiln is shutting down; start it again with `kiln serve`."};
}

}  // namespace

EventQueue::EventQueue(std::unique_ptr<store::EventStore> store, EventQueuePort& port,
                       std::string account, const Clock& real_clock, const ScaledClock& clock)
    : store_(std::move(store)),
      port_(port),
      account_(std::move(account)),
      clock_(clock),
      loop_(kLoopIndex, real_clock) {}

EventQueue::~EventQueue() { stop(); }

Result<void> EventQueue::start() {
  const int64_t now = now_ms();
  auto loaded = store_->load([&](store::StoredEvent&& event) {
    next_id_ = std::max(next_id_, event.id + 1);
    ++depth_;
    // An earlier run with a faster clock may have been ahead of this one.
    const bool from_the_future = event.received_ms > now;
    if (event.due_ms <= now || from_the_future)
      lanes_.add(lane_of(event), event.id);
    else
      later_.emplace(event.due_ms, std::pair(lane_of(event), event.id));
  });
  if (!loaded) return loaded;
  loop_.post([this] {
    pump();
    if (!later_.empty()) {
      const auto first = *later_.begin();
      later_.erase(later_.begin());
      wait_until(first.first, first.second.first, first.second.second);
    }
  });
  loop_.start();
  return {};
}

void EventQueue::stop() {
  {
    const MutexLock lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  loop_.post([this] {
    commit();
    loop_.stop();
  });
  loop_.join();
  loop_.cancel(this);
}

void EventQueue::accept(InvokeRequest&& request, Accepted done) {
  store::StoredEvent event;
  event.received_ms = event.due_ms = now_ms();
  event.region = std::move(request.region);
  event.function_name = std::move(request.function_name);
  event.qualifier = std::move(request.qualifier);
  event.request_id = std::move(request.request_id);
  event.trace_id = std::move(request.trace_id);
  event.client_context = std::move(request.client_context);
  event.payload = std::move(request.payload);
  bool refuse = false, schedule = false;
  {
    const MutexLock lock(mutex_);
    refuse = stopping_;
    if (!refuse) {
      accepted_.push_back(std::move(event));
      accepted_done_.push_back(std::move(done));
      schedule = !std::exchange(commit_scheduled_, true);
    }
  }
  if (refuse) return done(stopping_error());
  if (schedule) loop_.post([this] { commit(); });
}

void EventQueue::schedule_commit() {
  bool schedule = false;
  {
    const MutexLock lock(mutex_);
    schedule = !std::exchange(commit_scheduled_, true);
  }
  if (schedule) loop_.post([this] { commit(); });
}

void EventQueue::commit() {
  std::vector<Accepted> done;
  {
    const MutexLock lock(mutex_);
    batch_.added.swap(accepted_);
    done.swap(accepted_done_);
    commit_scheduled_ = false;
  }
  if (batch_.empty()) return pump();
  for (store::StoredEvent& event : batch_.added) event.id = next_id_++;
  const auto committed = store_->commit(batch_);
  for (const Accepted& each : done) each(committed);
  if (committed) {
    depth_ += batch_.added.size();
    depth_ -= batch_.ended.size();
    for (store::StoredEvent& event : batch_.added) {
      count(event, "AsyncEventsReceived", 1, "Count");
      lanes_.add(lane_of(event), event.id);
      keep_at_hand(std::move(event));
    }
    batch_ = {};
  } else {
    // What was accepted is refused; what has ended or changed is written with the next batch, or is
    // tried again after a restart.
    batch_.added.clear();
  }
  pump();
}

void EventQueue::pump() {
  while (auto next = lanes_.next())
    fenced(
        "the event queue", [&] { try_one(next->lane, next->event); },
        [&] { lanes_.done(next->lane); });
}

void EventQueue::keep_at_hand(store::StoredEvent&& event) {
  const size_t bytes = bytes_of(event);
  if (at_hand_bytes_ + bytes > kMostAtHandBytes) return;
  at_hand_bytes_ += bytes;
  const int64_t id = event.id;
  at_hand_.emplace(id, std::move(event));
}

std::optional<store::StoredEvent> EventQueue::take_at_hand(int64_t id) {
  auto found = at_hand_.extract(id);
  if (found.empty()) return std::nullopt;
  at_hand_bytes_ -= bytes_of(found.mapped());
  return std::move(found.mapped());
}

void EventQueue::try_one(const std::string& lane, int64_t id) {
  auto event = take_at_hand(id);
  if (!event) event = store_->find(id);
  if (!event) {  // it can't be read: left where it is
    lanes_.done(lane);
    return;
  }
  // What an earlier run with a faster clock took may be of the future.
  count(*event, "AsyncEventAge",
        static_cast<double>(std::max<int64_t>(0, now_ms() - event->received_ms)), "Milliseconds");
  auto shared = std::make_shared<store::StoredEvent>(std::move(*event));
  port_.try_event(*shared, [this, shared](EventQueuePort::Outcome&& outcome) {
    loop_.post([this, shared, outcome = std::move(outcome)]() mutable {
      finish(std::move(*shared), std::move(outcome));
    });
  });
}

void EventQueue::finish(store::StoredEvent&& event, EventQueuePort::Outcome&& outcome) {
  const std::string name = lane_of(event);
  lanes_.done(name);
  if (outcome.stopping) return;

  const InvokeReply& reply = outcome.reply;
  model::AsyncOutcome what = model::AsyncOutcome::kSuccess;
  int invocations = event.invocations, throttles = event.throttles;
  if (reply.error.type.empty()) {
    ++invocations;
    if (reply.function_error) what = model::AsyncOutcome::kFunctionError;
  } else if (reply.error.kind == ErrorKind::kNotFound) {
    what = model::AsyncOutcome::kNoSuchFunction;
  } else {
    ++throttles;
    what = model::AsyncOutcome::kThrottled;
  }
  const model::AsyncProgress progress{WallTime(std::chrono::milliseconds(event.received_ms)),
                                      invocations, throttles, random_unit()};
  const auto decision = model::next_async_step(outcome.settings, progress, what, clock_.wall_now());
  if (decision.next == model::AsyncNext::kRetry) {
    const int64_t due_ms = epoch_ms(decision.retry_at);
    batch_.changed.push_back({event.id, due_ms, invocations, throttles});
    wait_until(due_ms, name, event.id);
  } else {
    end(event, outcome, decision, invocations);
  }
  schedule_commit();
}

void EventQueue::end(const store::StoredEvent& event, const EventQueuePort::Outcome& outcome,
                     const model::AsyncDecision& decision, int invocations) {
  const bool success = decision.next == model::AsyncNext::kFinished;
  if (!success) count(event, "AsyncEventsDropped", 1, "Count");
  const model::AsyncSettings& settings = outcome.settings;
  // The event goes from the disk when everyone has been told.
  struct Telling {
    int left = 1;
  };
  auto telling = std::make_shared<Telling>();
  const auto told = [this, id = event.id, telling] {
    if (--telling->left > 0) return;
    batch_.ended.push_back(id);
    schedule_commit();
  };
  const auto tell = [&](const std::string& arn, const std::string& body,
                        const std::map<std::string, std::string>& attributes,
                        const char* failure_metric) {
    if (arn.empty()) return;
    ++telling->left;
    port_.deliver(arn, event.region, {body, attributes, event.trace_id},
                  [this, told, event_name = event, failure_metric](Result<void> result) {
                    loop_.post([this, told, event_name, failure_metric, ok = result.ok()] {
                      if (!ok) count(event_name, failure_metric, 1, "Count");
                      told();
                    });
                  });
  };
  const std::string& destination = success ? settings.on_success : settings.on_failure;
  if (!destination.empty())
    tell(destination,
         destination_record(event, account_, decision.condition, invocations, outcome.reply,
                            clock_.wall_now()),
         {}, "DestinationDeliveryFailures");
  if (!success)
    tell(settings.dead_letter_arn, event.payload.empty() ? "{}" : event.payload,
         dead_letter_attributes(event, decision.condition, outcome.reply), "DeadLetterErrors");
  told();
}

void EventQueue::wait_until(int64_t due_ms, const std::string& lane, int64_t id) {
  later_.emplace(due_ms, std::pair(lane, id));
  const Duration wait = std::chrono::milliseconds(later_.begin()->first - now_ms());
  loop_.schedule(this,
                 loop_.clock().steady_now() + std::chrono::duration_cast<SteadyTime::duration>(
                                                  clock_.real(std::max(wait, Duration(0)))));
}

SteadyTime EventQueue::on_time(SteadyTime now) {
  const int64_t virtual_now = now_ms();
  while (!later_.empty() && later_.begin()->first <= virtual_now) {
    const auto [lane, id] = later_.begin()->second;
    later_.erase(later_.begin());
    lanes_.add(lane, id);
  }
  pump();
  if (later_.empty()) return SteadyTime::max();
  const Duration wait = std::chrono::milliseconds(later_.begin()->first - virtual_now);
  // A timer that is a little early must not spin.
  return now + std::chrono::duration_cast<SteadyTime::duration>(
                   std::max<Duration>(clock_.real(wait), std::chrono::milliseconds(1)));
}

void EventQueue::count(const store::StoredEvent& event, const char* metric, double value,
                       const char* unit) {
  const int64_t now_s = epoch_s(clock_.wall_now());
  std::vector<MetricPoint> points;
  telemetry::add_event_points(points, event.region, event.function_name, event.qualifier, metric,
                              unit, now_s - now_s % 60, value);
  for (MetricPoint& point : points) port_.record(std::move(point));
}

}  // namespace kiln::engine
