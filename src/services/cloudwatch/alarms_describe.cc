// What the describing operations of CloudWatch's alarms answer.
#include <algorithm>
#include <map>
#include <utility>

#include "base/digest.h"
#include "services/cloudwatch/alarm_input.h"
#include "services/cloudwatch/alarms.h"
#include "services/cloudwatch/queries.h"
#include "services/driver/input_checks.h"
#include "telemetry/alarm_document.h"
#include "wire/key_page.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using telemetry::Alarm;
using telemetry::AlarmHistoryItem;

constexpr int64_t kMaxRecords = 100;
constexpr int64_t kDefaultRecords = 50;
const std::vector<std::string_view> kStates = {"INSUFFICIENT_DATA", "ALARM", "OK"};
constexpr std::string_view kMetricType = "MetricAlarm";
constexpr std::string_view kCompositeType = "CompositeAlarm";

double epoch_seconds(WallTime time) { return static_cast<double>(epoch_ms(time)) / 1000; }

json alarm_document(const Alarm& alarm, const std::string& account) {
  json out = telemetry::config_document(alarm);
  out["AlarmArn"] = telemetry::alarm_arn(alarm.config.region, account, alarm.config.name);
  out["AlarmConfigurationUpdatedTimestamp"] = epoch_seconds(alarm.configuration_updated);
  if (const auto by = alarm.suppression.by; by != telemetry::SuppressedBy::kNothing) {
    out["ActionsSuppressedBy"] = telemetry::to_text(by);
    out["ActionsSuppressedReason"] = telemetry::suppressed_reason(by);
  }
  out["StateValue"] = telemetry::to_text(alarm.status.state);
  out["StateReason"] = alarm.status.reason;
  if (!alarm.status.reason_data.empty()) out["StateReasonData"] = alarm.status.reason_data;
  out["StateUpdatedTimestamp"] = epoch_seconds(alarm.status.updated);
  out["StateTransitionedTimestamp"] = epoch_seconds(alarm.transitioned);
  return out;
}

Error bad_token() {
  return {ErrorKind::kInvalid, "InvalidNextToken",
          "The NextToken is not one that this operation has given."};
}

// A token is a text in base64, so that nobody counts on its form.
Result<std::string> token_text(wire::Fields& in, std::string_view prefix) {
  const std::string token = in.text("NextToken");
  if (token.empty()) return std::string();
  const auto text = base64_decode(token);
  if (!text || !text->starts_with(prefix)) return bad_token();
  return text->substr(prefix.size());
}

// Whether AlarmTypes lets alarms of a kind through; without it, metric alarms alone.
struct Types {
  bool metric = true;
  bool composite = false;
  static Types read(InputChecks& checks, const std::vector<std::string>& names) {
    if (names.empty()) return {};
    Types types{false, false};
    for (const std::string& name : names) {
      types.metric = types.metric || name == kMetricType;
      types.composite = types.composite || name == kCompositeType;
      checks.check_value("AlarmTypes", name, {kCompositeType, kMetricType});
    }
    return types;
  }
  bool let(bool is_composite) const { return is_composite ? composite : metric; }
};

bool has_action(const Alarm& alarm, const std::string& prefix) {
  const auto& actions = alarm.config.actions;
  for (const auto* list : {&actions.ok, &actions.alarm, &actions.insufficient_data})
    for (const std::string& action : *list)
      if (action.starts_with(prefix)) return true;
  return false;
}

}  // namespace

Result<json> CloudWatchAlarms::describe_alarms(const Call& call) {
  InputChecks checks(call.input);
  wire::Fields& in = checks.fields();
  const auto names = checks.texts("AlarmNames", kMaxAlarmNames, Need::kOptional, kMaxAlarmName);
  const std::string prefix = checks.text("AlarmNamePrefix", 1, kMaxAlarmName);
  const std::string state = checks.one_of("StateValue", kStates);
  const std::string action = checks.text("ActionPrefix", 1, 1024);
  const std::string children_of = checks.text("ChildrenOfAlarmName", 1, kMaxAlarmName);
  const std::string parents_of = checks.text("ParentsOfAlarmName", 1, kMaxAlarmName);
  Types types = Types::read(checks, in.texts("AlarmTypes"));
  const auto most =
      static_cast<size_t>(checks.integer("MaxRecords", 1, kMaxRecords).value_or(kDefaultRecords));
  if (const auto checked = checks.result(); !checked) return checked.error();
  const auto after = token_text(in, "after:");
  if (!after) return after.error();
  if (!names.empty() && !prefix.empty())
    return Error{ErrorKind::kInvalid, "InvalidParameterCombinationException",
                 "AlarmNames and AlarmNamePrefix cannot both be given."};
  if (!in.has("AlarmTypes") && (!children_of.empty() || !parents_of.empty())) types = {true, true};

  const auto refers_to = [&](const Alarm& composite, const std::string& name) {
    if (!composite.rule) return false;
    const auto& alarms = composite.rule->alarms();
    return std::any_of(alarms.begin(), alarms.end(), [&](const std::string& reference) {
      return book_.name_of(call.region, reference) == name;
    });
  };
  const Alarm* parent = children_of.empty() ? nullptr : book_.find(call.region, children_of);
  // Metric alarms before composite ones, by name; that is also the order of the tokens.
  std::vector<std::pair<std::string, const Alarm*>> found;
  for (const auto& [name, alarm] : book_.list(call.region)) {
    const std::string position = (alarm.is_composite() ? "c/" : "a/") + name;
    if (!types.let(alarm.is_composite())) continue;
    if (!after->empty() && position <= *after) continue;
    if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) continue;
    if (!name.starts_with(prefix)) continue;
    if (!state.empty() && telemetry::to_text(alarm.status.state) != state) continue;
    if (!action.empty() && !has_action(alarm, action)) continue;
    if (!children_of.empty() && (!parent || !refers_to(*parent, name))) continue;
    if (!parents_of.empty() && !refers_to(alarm, parents_of)) continue;
    found.emplace_back(position, &alarm);
  }
  std::sort(found.begin(), found.end());
  json out{{"MetricAlarms", json::array()},
           {"CompositeAlarms", json::array()},
           {"LogAlarms", json::array()}};  // of queries of logs, which are not here
  for (size_t i = 0; i < std::min(most, found.size()); ++i) {
    const Alarm& alarm = *found[i].second;
    out[alarm.is_composite() ? "CompositeAlarms" : "MetricAlarms"].push_back(
        alarm_document(alarm, call.account));
  }
  if (found.size() > most) out["NextToken"] = base64_encode("after:" + found[most - 1].first);
  return out;
}

Result<json> CloudWatchAlarms::describe_alarms_for_metric(const Call& call) {
  InputChecks checks(call.input);
  wire::Fields& in = checks.fields();
  const std::string name =
      checks.text("MetricName", 1, kMaxAlarmName, InputChecks::Need::kRequired);
  const std::string metric_namespace =
      checks.text("Namespace", 1, kMaxAlarmName, InputChecks::Need::kRequired);
  const auto period = checks.integer("Period", 1, INT32_MAX);
  const std::string simple = checks.one_of("Statistic", kAlarmStatistics);
  const std::string statistic = in.has("ExtendedStatistic") ? in.text("ExtendedStatistic") : simple;
  const std::string unit = checks.one_of("Unit", metric_units());
  if (const auto checked = checks.result(); !checked) return checked.error();
  const auto dimensions = read_dimensions(call.input);
  if (!dimensions) return dimensions.error();
  json out{{"MetricAlarms", json::array()}};
  for (const auto& [alarm_name, alarm] : book_.list(call.region)) {
    if (!alarm.config.metric) continue;
    const telemetry::MetricStat& metric = *alarm.config.metric;
    if (metric.metric.name != name || metric.metric.metric_namespace != metric_namespace ||
        metric.metric.dimensions != *dimensions)
      continue;
    if (period && metric.period_s != *period) continue;
    if (!statistic.empty() && metric.stat != statistic) continue;
    if (!unit.empty() && metric.unit != unit) continue;
    out["MetricAlarms"].push_back(alarm_document(alarm, call.account));
  }
  return out;
}

Result<json> CloudWatchAlarms::describe_alarm_history(const Call& call) {
  InputChecks checks(call.input);
  wire::Fields& in = checks.fields();
  const std::string name = checks.text("AlarmName", 1, kMaxAlarmName);
  const std::string type =
      checks.one_of("HistoryItemType", {"Action", "StateUpdate", "ConfigurationUpdate"});
  const std::string order = checks.one_of("ScanBy", {"TimestampDescending", "TimestampAscending"});
  const auto start = in.time("StartDate");
  const auto end = in.time("EndDate");
  const Types types = Types::read(checks, in.texts("AlarmTypes"));
  const auto most =
      static_cast<size_t>(checks.integer("MaxRecords", 1, kMaxRecords).value_or(kMaxRecords));
  if (const auto checked = checks.result(); !checked) return checked.error();
  const std::string token = in.text("NextToken");

  // The key of a place in the list: items of the time of a page's end may go or come meanwhile.
  const auto key_of = [&](const AlarmHistoryItem& item, uint64_t number, const std::string& alarm) {
    const auto digits = [&](uint64_t n) {
      return wire::descending_key(order == "TimestampAscending" ? ~n : n);
    };
    return digits(static_cast<uint64_t>(epoch_ms(item.at))) + digits(number) + alarm;
  };
  using Found = std::pair<const std::string*, const AlarmHistoryItem*>;
  std::map<std::string, Found> found;
  for (const auto& [alarm_name, items] : book_.history().of_region(call.region)) {
    if (!name.empty() && name != alarm_name) continue;
    for (const auto& [number, item] : items) {
      if (!types.let(item.of_composite) || (!type.empty() && item.type != type)) continue;
      if ((start && item.at < *start) || (end && item.at > *end)) continue;
      found.emplace(key_of(item, number, alarm_name), Found{&alarm_name, &item});
    }
  }
  std::vector<std::string> keys;
  for (const auto& [key, each] : found) keys.push_back(key);
  const auto page = wire::key_page(keys, token, most);
  if (!page) return bad_token();
  json items = json::array();
  for (size_t i = page->from; i < page->to; ++i) {
    const auto& [alarm_name, item] = found.at(keys[i]);
    items.push_back({{"AlarmName", *alarm_name},
                     {"AlarmType", item->of_composite ? kCompositeType : kMetricType},
                     {"Timestamp", epoch_seconds(item->at)},
                     {"HistoryItemType", item->type},
                     {"HistorySummary", item->summary},
                     {"HistoryData", item->data}});
  }
  json out{{"AlarmHistoryItems", std::move(items)}};
  if (!page->next.empty()) out["NextToken"] = page->next;
  return out;
}

}  // namespace kiln::services
