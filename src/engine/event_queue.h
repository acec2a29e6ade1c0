// Asynchronous invocations: accepted durably, delivered at least once, retried as Lambda does, and
// reported to destinations and dead-letter queues at their end.
//
// Accepts gather while a transaction is being committed, and share the next one (group commit).
// Payloads stay on disk until their turn, but for a small amount that is also at hand. Threading:
// accept() from any thread; everything else happens on the queue's own thread. Times are of the
// virtual clock.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "engine/function_metrics.h"
#include "engine/invocation.h"
#include "model/async_policy.h"
#include "model/event_lanes.h"
#include "net/io_loop.h"
#include "store/event_store.h"

namespace kiln::engine {

// What the queue needs of the engine. Callbacks may come on any thread.
class EventQueuePort {
 public:
  struct Outcome {
    model::AsyncSettings settings;
    bool stopping = false;  // the engine is going down: nothing was tried
    InvokeReply reply;
  };
  virtual void try_event(const store::StoredEvent& event, std::function<void(Outcome&&)> done) = 0;
  // What is told of an event's end.
  struct Told {
    std::string body;
    std::map<std::string, std::string> attributes;
    std::string trace_header;  // of the invocation
  };
  // To an ARN of SNS, SQS or Lambda. An error is counted; the event has ended anyway.
  virtual void deliver(const std::string& target_arn, const std::string& region, const Told& told,
                       std::function<void(Result<void>)> done) = 0;
  virtual void record(MetricPoint&& point) = 0;

 protected:
  ~EventQueuePort() = default;
};

class EventQueue final : private net::Scheduled {
 public:
  // Invocations at the same time: of one function, and of all.
  static constexpr int kPerFunction = 32;
  static constexpr int kOfAll = 256;

  EventQueue(std::unique_ptr<store::EventStore> store, EventQueuePort& port, std::string account,
             const Clock& real_clock, const ScaledClock& clock);
  ~EventQueue();

  // Takes up what an earlier run left, and starts the thread.
  Result<void> start();
  // Writes what has ended; nothing new is tried. What is accepted from now on is refused.
  void stop();

  // Called with success when the event is on disk.
  using Accepted = std::function<void(Result<void>)>;
  void accept(InvokeRequest&& request, Accepted done);
  // Accepted and not ended.
  size_t depth() const { return depth_; }

 private:
  SteadyTime on_time(SteadyTime now) override;
  void schedule_commit();
  void commit();
  void pump();
  void keep_at_hand(store::StoredEvent&& event);
  std::optional<store::StoredEvent> take_at_hand(int64_t id);
  void try_one(const std::string& lane, int64_t id);
  void finish(store::StoredEvent&& event, EventQueuePort::Outcome&& outcome);
  void end(const store::StoredEvent& event, const EventQueuePort::Outcome& outcome,
           const model::AsyncDecision& decision, int invocations);
  void wait_until(int64_t due_ms, const std::string& lane, int64_t id);
  void count(const store::StoredEvent& event, const char* metric, double value, const char* unit);
  int64_t now_ms() const { return epoch_ms(clock_.wall_now()); }

  std::unique_ptr<store::EventStore> store_;
  EventQueuePort& port_;
  std::string account_;
  const ScaledClock& clock_;
  net::IoLoop loop_;

  Mutex mutex_;
  std::vector<store::StoredEvent> accepted_ KILN_GUARDED_BY(mutex_);
  std::vector<Accepted> accepted_done_ KILN_GUARDED_BY(mutex_);
  bool commit_scheduled_ KILN_GUARDED_BY(mutex_) = false;
  bool stopping_ KILN_GUARDED_BY(mutex_) = false;

  // The thread's own.
  store::EventStore::Batch batch_;
  std::multimap<int64_t, std::pair<std::string, int64_t>> later_;  // due_ms → lane, id
  model::EventLanes<std::string, int64_t> lanes_{kPerFunction, kOfAll};
  std::unordered_map<int64_t, store::StoredEvent> at_hand_;  // not tried yet
  size_t at_hand_bytes_ = 0;
  int64_t next_id_ = 1;
  std::atomic<size_t> depth_{0};
};

}  // namespace kiln::engine
