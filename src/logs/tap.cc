#include "logs/tap.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/mutex.h"
#include "logs/files.h"
#include "logs/subscribed_payload.h"

namespace kiln::logs {
namespace {

constexpr int64_t kMinuteS = 60;
constexpr int64_t kRememberS = 3600;          // minutes in which something matched
constexpr size_t kMaxPayload = 1024 * 1024;   // of an asynchronous invocation
const double kLargestValue = std::exp2(360);  // CloudWatch's

std::optional<double> finite_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number) ||
      std::abs(number) > kLargestValue)
    return std::nullopt;
  return number;
}

// The events among the lines; equal times are numbered.
std::vector<LogEvent> events_of(std::string_view lines, const std::string& stream) {
  std::vector<LogEvent> events;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view text = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    LogEvent event;
    event.stream = stream;
    if (const auto line = parse_log_line(text)) {
      if (line->kind == LogLineKind::kNote) continue;
      event.timestamp_ms = line->timestamp_ms;
      event.message = line->message();
      event.ingestion_ms = line->ingestion_ms;
      event.origin = line->kind == LogLineKind::kPut ? LogOrigin::kApi : LogOrigin::kFunction;
    } else if (!events.empty()) {
      event.timestamp_ms = events.back().timestamp_ms;
      event.message = std::string(text);
    } else {
      continue;
    }
    if (!events.empty() && events.back().timestamp_ms == event.timestamp_ms)
      event.ordinal = events.back().ordinal + 1;
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace

struct LogTap::Metric {
  MetricFilter filter;
  FilterPattern pattern;
  Mutex mutex;
  // Minutes in which there were events, and whether one matched or the default value was recorded.
  std::map<int64_t, bool> minutes KILN_GUARDED_BY(mutex);
};

struct LogTap::Subscription {
  std::string name;
  SubscriptionFilter filter;
  FilterPattern pattern;
};

struct LogTap::Group {
  std::string region;
  std::vector<std::shared_ptr<Metric>> metrics;
  std::vector<Subscription> subscriptions;
};

LogTap::LogTap(std::string account, Ports ports)
    : account_(std::move(account)), ports_(std::move(ports)) {}

LogTap::~LogTap() = default;

void LogTap::set(const std::string& region, const std::string& name, const GroupFilters& filters) {
  auto group = std::make_shared<Group>();
  group->region = region;
  // A pattern that an earlier version took, and AWS doesn't, finds nothing.
  const auto readable = [&](const std::string& pattern,
                            const std::string& filter) -> std::optional<FilterPattern> {
    auto parsed = FilterPattern::parse(pattern);
    if (parsed) return std::move(*parsed);
    ports_.warn("The " + filter + " of the log group " + name + " finds nothing: " +
                parsed.error().message + ". Put it again, with the term in double quotes.");
    return std::nullopt;
  };
  for (const auto& [filter_name, filter] : filters.metrics) {
    auto pattern = readable(filter.pattern, "metric filter " + filter_name);
    if (!pattern) continue;
    auto metric = std::make_shared<Metric>();
    metric->filter = filter;
    metric->pattern = std::move(*pattern);
    group->metrics.push_back(std::move(metric));
  }
  for (const auto& [filter_name, filter] : filters.subscriptions) {
    if (auto pattern = readable(filter.pattern, "subscription filter " + filter_name))
      group->subscriptions.push_back({filter_name, filter, std::move(*pattern)});
  }
  const MutexLock lock(mutex_);
  if (filters.empty())
    groups_.erase({region, name});
  else
    groups_[{region, name}] = std::move(group);
  used_ = !groups_.empty();
}

std::shared_ptr<LogTap::Group> LogTap::find(const std::string& region,
                                            const std::string& group) const {
  const MutexLock lock(mutex_);
  const auto found = groups_.find({region, group});
  return found == groups_.end() ? nullptr : found->second;
}

void LogTap::events(const LogStreamKey& stream, std::string_view lines) {
  if (!is_used() || closed_) return;
  const auto group = find(stream.region, stream.group);
  if (!group) return;
  const std::vector<LogEvent> events = events_of(lines, stream.stream);
  for (const auto& metric : group->metrics)
    for (const LogEvent& event : events) count(*metric, group->region, event);
  for (const Subscription& subscription : group->subscriptions) {
    std::vector<LogEvent> matching;
    for (const LogEvent& event : events)
      if (subscription.pattern.matches(event.message)) matching.push_back(event);
    if (!matching.empty()) hand_over(subscription, stream, matching, 0, matching.size());
  }
}

void LogTap::count(Metric& metric, const std::string& region, const LogEvent& event) {
  const MetricFilter& filter = metric.filter;
  const int64_t time_s = ports_.metric_time_s(event.timestamp_ms);
  const int64_t minute_s = time_s - time_s % kMinuteS;
  const bool matches = metric.pattern.matches(event.message);
  if (filter.default_value) {
    const MutexLock lock(metric.mutex);
    bool& settled = metric.minutes[minute_s];
    settled = settled || matches;
  }
  if (!matches) return;
  FilteredValue out{region, filter.metric_namespace, filter.metric_name, {}, filter.unit, minute_s,
                    0};
  std::optional<std::string> text = filter.value;
  if (filter.value.starts_with("$")) text = metric.pattern.part(event.message, filter.value);
  const auto number = text ? finite_number(*text) : std::nullopt;
  if (!number) return;
  out.value = *number;
  for (const auto& [name, selector] : filter.dimensions) {
    auto value = metric.pattern.part(event.message, selector);
    if (!value || value->empty()) return;  // a metric without its dimension would be another one
    out.dimensions.emplace_back(name, std::move(*value));
  }
  ports_.record(std::move(out));
}

void LogTap::collect(int64_t metric_now_s) {
  if (!is_used()) return;
  std::vector<std::shared_ptr<Group>> groups;
  {
    const MutexLock lock(mutex_);
    for (const auto& [_, group] : groups_) groups.push_back(group);
  }
  for (const auto& group : groups) {
    for (const auto& metric : group->metrics) {
      if (!metric->filter.default_value) continue;
      const MetricFilter& filter = metric->filter;
      std::vector<int64_t> due;
      {
        const MutexLock lock(metric->mutex);
        for (auto minute = metric->minutes.begin(); minute != metric->minutes.end();) {
          if (minute->first + kMinuteS > metric_now_s) break;
          if (!std::exchange(minute->second, true)) due.push_back(minute->first);
          minute = minute->first + kRememberS < metric_now_s ? metric->minutes.erase(minute)
                                                             : std::next(minute);
        }
      }
      for (const int64_t minute_s : due)
        ports_.record({group->region,
                       filter.metric_namespace,
                       filter.metric_name,
                       {},
                       filter.unit,
                       minute_s,
                       *filter.default_value});
    }
  }
}

void LogTap::hand_over(const Subscription& subscription, const LogStreamKey& stream,
                       const std::vector<LogEvent>& events, size_t from, size_t to) {
  std::string payload = subscribed_payload(
      {account_, stream.group, stream.stream, subscription.name}, events, from, to);
  if (payload.size() <= kMaxPayload)
    return ports_.deliver({stream.region, subscription.filter.destination_arn, std::move(payload)});
  if (to - from > 1) {
    const size_t middle = from + (to - from) / 2;
    hand_over(subscription, stream, events, from, middle);
    return hand_over(subscription, stream, events, middle, to);
  }
  ports_.warn("An event of the log group " + stream.group + " is too large for " +
              subscription.filter.destination_arn + ", and is left out.");
}

}  // namespace kiln::logs
