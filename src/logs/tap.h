// What log filters make of events while these are written: values of metrics, and batches of events
// for subscribers.
//
// Threading: events() on the log writer's thread, set() and collect() on any. Ports are called on
// the thread of the call, and not while a lock is held. Cost where no group has filters: a look at
// an atomic for each batch of lines.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "logs/event.h"
#include "logs/filter_pattern.h"
#include "logs/filters.h"
#include "logs/store.h"

namespace kiln::logs {

// A value of a metric filter.
struct FilteredValue {
  std::string region;
  std::string metric_namespace;
  std::string name;
  std::vector<std::pair<std::string, std::string>> dimensions;  // in order of names
  std::string unit;
  int64_t minute_s = 0;  // of the metrics' clock
  double value = 0;
};

// The event of a Lambda function that subscribes: {"awslogs": {"data": "…"}}.
struct SubscribedBatch {
  std::string region;
  std::string destination_arn;
  std::string payload;
};

class LogTap {
 public:
  struct Ports {
    std::function<void(FilteredValue&&)> record;
    std::function<void(SubscribedBatch&&)> deliver;
    // The metrics' time, in seconds, of an event's.
    std::function<int64_t(int64_t timestamp_ms)> metric_time_s;
    std::function<void(const std::string& line)> warn;
  };
  LogTap(std::string account, Ports ports);
  ~LogTap();

  void set(const std::string& region, const std::string& group, const GroupFilters& filters);
  bool is_used() const { return used_.load(std::memory_order_relaxed); }
  // Nothing more is recorded or delivered; what is under way in events() ends first when the store
  // is flushed.
  void close() { closed_ = true; }

  // `lines` as LogStore::append takes them.
  void events(const LogStreamKey& stream, std::string_view lines);
  // Records the default values of filters that saw events but no match in a minute that has passed.
  void collect(int64_t metric_now_s);

 private:
  struct Metric;
  struct Subscription;
  struct Group;

  std::shared_ptr<Group> find(const std::string& region, const std::string& group) const;
  void count(Metric& metric, const std::string& region, const LogEvent& event);
  void hand_over(const Subscription& subscription, const LogStreamKey& stream,
                 const std::vector<LogEvent>& events, size_t from, size_t to);

  const std::string account_;
  const Ports ports_;
  std::atomic<bool> used_{false}, closed_{false};
  mutable Mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<Group>> groups_
      KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::logs
