// All alarms, metric and composite, by region and name: their configurations, states and history.
// It says what to do when a state changes; doing it is the caller's part.
//
//   AlarmBook book("000000000000", port);
//   for (each stored document) book.load(kind, region, key, text);
//   if (book.due(now)) run(book.evaluate(now, fetch));
//
// Not thread-safe; time comes in as an argument. What changes is saved before it is answered;
// evaluations that change nothing write nothing. Errors have the type names of CloudWatch's API.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/alarm_history.h"
#include "telemetry/alarm_record.h"
#include "telemetry/metric_list.h"

namespace kiln::telemetry {

class AlarmBook {
 public:
  static constexpr const char* kMetricKind = "alarm";
  static constexpr const char* kCompositeKind = "composite-alarm";
  // Whether documents of this kind are alarms.
  static bool owns(const std::string& kind) {
    return kind == kMetricKind || kind == kCompositeKind;
  }

  // `port` outlives the book.
  AlarmBook(std::string account, StatePort& port)
      : account_(std::move(account)), port_(port), history_(port) {}

  // Called at each change of a state, before its actions run. `before`: the state that was.
  using OnTransition = std::function<void(const Alarm& alarm, AlarmState before)>;
  void on_transition(OnTransition listener) { on_transition_ = std::move(listener); }

  // A document that was given to the port. Kinds of others are refused.
  Result<void> load(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& text);

  // Creates, or replaces the configuration of, an alarm; an update keeps state and tags.
  Result<void> put(AlarmConfig config, Tags tags_if_new, WallTime now);
  // `config` holds names, description and actions. The rule's alarms must be there and must not
  // depend on this one; the suppressor must be there.
  Result<void> put_composite(AlarmConfig config, CompositeRule rule, Tags tags_if_new, WallTime now,
                             std::optional<ActionsSuppressor> suppressor = std::nullopt);
  // All of these that are there, or none: not when another composite needs one of them.
  // `along`: what else goes from the port with them, all or none.
  Result<void> remove(const std::string& region, const std::vector<std::string>& names,
                      WallTime now, std::vector<StatePort::Place> along = {});
  // Those of `names` that are there and that no other alarm needs.
  std::vector<std::string> removable(const std::string& region,
                                     const std::vector<std::string>& names) const;

  const Alarm* find(const std::string& region, const std::string& name) const;
  const std::map<std::string, Alarm>& list(const std::string& region) const;
  const std::map<std::string, std::map<std::string, Alarm>>& all() const { return regions_; }
  // The name of an alarm of this region and account, from a name or an ARN; "" for others' ARNs.
  std::string name_of(const std::string& region, const std::string& name_or_arn) const;

  // Until the next evaluation (of a composite: until one of its alarms changes).
  Result<std::vector<FiredAction>> set_state(const std::string& region, const std::string& name,
                                             AlarmState state, std::string reason,
                                             std::string reason_data, WallTime now);
  enum class Actions { kEnabled, kDisabled };
  // Names without an alarm are passed over.
  Result<void> enable_actions(const std::string& region, const std::vector<std::string>& names,
                              Actions actions, WallTime now);
  Result<void> tag(const std::string& region, const std::string& name, const Tags& tags);
  Result<void> untag(const std::string& region, const std::string& name,
                     const std::vector<std::string>& keys);

  // Whether evaluate(now) would look at any alarm: at each full minute, and each 10 seconds for
  // alarms with a period below a minute and for suppressed actions whose time is over.
  bool due(WallTime now) const;
  // `fetch` counts periods from its start_s, whatever that is a multiple of: an alarm with a period
  // of 300 s looks at the five minutes that end now. `fetch_sample_counts` gives, for the same
  // arguments, the number of samples; when empty, `fetch` is asked for the statistic SampleCount.
  // `list`: what alarms on queries of Metrics Insights look through.
  std::vector<FiredAction> evaluate(WallTime now, const FetchSeries& fetch,
                                    const FetchSeries& fetch_sample_counts = {},
                                    const ListMetrics& list = {});

  const AlarmHistory& history() const { return history_; }
  enum class Outcome { kSucceeded, kFailed };
  // Notes in the history how an action went that evaluate() or set_state() gave.
  void record_action(const FiredAction& fired, Outcome outcome, const std::string& error,
                     WallTime now);

 private:
  using Key = std::pair<std::string, std::string>;  // region, name
  enum class Trigger { kChild, kCreated, kUpdated };

  Result<void> save(const Alarm& alarm);
  Alarm* edit(const std::string& region, const std::string& name);
  Result<void> put_alarm(Alarm alarm, Tags tags_if_new, WallTime now);
  Result<void> check_rule(const AlarmConfig& config, const CompositeRule& rule) const;
  std::vector<std::string> children(const Alarm& composite) const;
  std::vector<std::string> needed_by(const Alarm& composite) const;
  // Those of `going` that alarms need which stay.
  std::set<std::string> still_needed(const std::string& region,
                                     const std::set<std::string>& going) const;

  void transition(Alarm& alarm, AlarmStatus status, std::vector<FiredAction>& fired);
  void run_actions(const Alarm& alarm, AlarmStatus previous, std::vector<FiredAction>& fired) const;
  Result<void> check_suppressor(const AlarmConfig& config,
                                const std::optional<ActionsSuppressor>& suppressor) const;
  bool suppressor_in_alarm(const Alarm& alarm) const;
  void step_suppressions(WallTime now, std::vector<FiredAction>& fired);
  void mark_parents(const Alarm& child);
  struct Sources {
    const FetchSeries& fetch;
    const FetchSeries& counts;
    const ListMetrics& list;
  };
  void evaluate_metric(Alarm& alarm, int64_t end_s, WallTime now, const Sources& sources,
                       std::vector<FiredAction>& fired);
  void evaluate_composites(WallTime now, std::vector<FiredAction>& fired);
  AlarmStatus composite_status(const Alarm& alarm, AlarmState state, Trigger trigger,
                               WallTime now) const;
  std::vector<Key> composites_in_order() const;
  void refire(WallTime now, std::vector<FiredAction>& fired);

  std::string account_;
  StatePort& port_;
  AlarmHistory history_;
  OnTransition on_transition_;
  std::map<std::string, std::map<std::string, Alarm>> regions_;
  std::map<Key, Trigger> stale_;  // composites to evaluate, and why
  std::set<Key> unsaved_;         // whose new state could not be saved yet
  int64_t last_minute_s_ = -1;
  int64_t last_ten_s_ = -1;
  int64_t last_prune_s_ = -1;
};

}  // namespace kiln::telemetry
