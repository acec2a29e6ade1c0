#include "services/cloudwatch/alarms.h"

#include <map>
#include <utility>

#include "services/cloudwatch/alarm_input.h"
#include "services/driver/input_checks.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using telemetry::Alarm;
using telemetry::AlarmBook;
using Need = InputChecks::Need;

json empty() { return json::object(); }

}  // namespace

CloudWatchAlarms::Operation CloudWatchAlarms::operation_of(const std::string& name) {
  static const std::map<std::string, Operation> kOperations = {
      {"PutMetricAlarm", &CloudWatchAlarms::put_metric_alarm},
      {"PutCompositeAlarm", &CloudWatchAlarms::put_composite_alarm},
      {"DescribeAlarms", &CloudWatchAlarms::describe_alarms},
      {"DescribeAlarmsForMetric", &CloudWatchAlarms::describe_alarms_for_metric},
      {"DescribeAlarmHistory", &CloudWatchAlarms::describe_alarm_history},
      {"DeleteAlarms", &CloudWatchAlarms::delete_alarms},
      {"SetAlarmState", &CloudWatchAlarms::set_alarm_state},
      {"EnableAlarmActions", &CloudWatchAlarms::enable_alarm_actions},
      {"DisableAlarmActions", &CloudWatchAlarms::disable_alarm_actions},
      {"TagResource", &CloudWatchAlarms::tag_resource},
      {"UntagResource", &CloudWatchAlarms::untag_resource},
      {"ListTagsForResource", &CloudWatchAlarms::list_tags_for_resource},
  };
  const auto found = kOperations.find(name);
  return found == kOperations.end() ? nullptr : found->second;
}

bool CloudWatchAlarms::has(const std::string& operation) {
  return operation_of(operation) != nullptr;
}

Result<json> CloudWatchAlarms::run(const std::string& operation, const json& input,
                                   const std::string& region, const std::string& account,
                                   WallTime now) {
  const Operation function = operation_of(operation);
  if (!function)
    return Error{ErrorKind::kInvalid, "UnknownOperationException",
                 "CloudWatch has no alarm operation " + operation + "."};
  return (this->*function)({input, region, account, now});
}

Result<json> CloudWatchAlarms::put_metric_alarm(const Call& call) {
  auto config = read_metric_alarm(call.input, call.region);
  if (!config) return config.error();
  auto tags = read_alarm_tags(call.input);
  if (!tags) return tags.error();
  const auto put = book_.put(std::move(*config), std::move(*tags), call.now);
  if (!put) return put.error();
  return empty();
}

Result<json> CloudWatchAlarms::put_composite_alarm(const Call& call) {
  auto read = read_composite_alarm(call.input, call.region);
  if (!read) return read.error();
  auto tags = read_alarm_tags(call.input);
  if (!tags) return tags.error();
  const auto put = book_.put_composite(std::move(read->config), std::move(read->rule),
                                       std::move(*tags), call.now, std::move(read->suppressor));
  if (!put) return put.error();
  return empty();
}

Result<json> CloudWatchAlarms::delete_alarms(const Call& call) {
  InputChecks checks(call.input);
  const auto names = checks.texts("AlarmNames", kMaxAlarmNames, Need::kRequired, kMaxAlarmName);
  if (const auto checked = checks.result(); !checked) return checked.error();
  if (const auto removed = book_.remove(call.region, names, call.now); !removed)
    return removed.error();
  return empty();
}

Result<json> CloudWatchAlarms::set_alarm_state(const Call& call) {
  InputChecks checks(call.input);
  const std::string name = checks.text("AlarmName", 1, kMaxAlarmName, Need::kRequired);
  const std::string state =
      checks.one_of("StateValue", {"INSUFFICIENT_DATA", "ALARM", "OK"}, Need::kRequired);
  std::string reason = checks.text("StateReason", 0, 1023, Need::kRequired);
  std::string data = checks.text("StateReasonData", 0, 4000);
  if (const auto checked = checks.result(); !checked) return checked.error();
  if (!data.empty() && !json::accept(data))
    return Error{ErrorKind::kInvalid, "InvalidFormatFault",
                 "StateReasonData is not a JSON document."};
  auto fired = book_.set_state(call.region, name, *telemetry::parse_alarm_state(state),
                               std::move(reason), std::move(data), call.now);
  if (!fired) return fired.error();
  if (!fired->empty()) run_actions_(std::move(*fired));
  return empty();
}

Result<json> CloudWatchAlarms::switch_actions(const Call& call, AlarmBook::Actions actions) {
  InputChecks checks(call.input);
  const auto names = checks.texts("AlarmNames", kMaxAlarmNames, Need::kRequired, kMaxAlarmName);
  if (const auto checked = checks.result(); !checked) return checked.error();
  const auto done = book_.enable_actions(call.region, names, actions, call.now);
  if (!done) return done.error();
  return empty();
}

Result<json> CloudWatchAlarms::enable_alarm_actions(const Call& call) {
  return switch_actions(call, AlarmBook::Actions::kEnabled);
}

Result<json> CloudWatchAlarms::disable_alarm_actions(const Call& call) {
  return switch_actions(call, AlarmBook::Actions::kDisabled);
}

Result<const Alarm*> CloudWatchAlarms::tagged(const Call& call) {
  InputChecks checks(call.input);
  const std::string arn = checks.text("ResourceARN", 1, 1024, Need::kRequired);
  if (const auto checked = checks.result(); !checked) return checked.error();
  const std::string prefix = telemetry::alarm_arn(call.region, call.account, "");
  if (!arn.starts_with(prefix))
    return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                 "ResourceARN is " + arn + "; it must be an alarm's ARN, " + prefix + "NAME."};
  const Alarm* alarm = book_.find(call.region, arn.substr(prefix.size()));
  if (!alarm)
    return Error{ErrorKind::kNotFound, "ResourceNotFoundException", "Unknown alarm: " + arn};
  return alarm;
}

Result<json> CloudWatchAlarms::tag_resource(const Call& call) {
  InputChecks checks(call.input);
  checks.length("Tags", kMaxAlarmTags);
  if (!checks.fields().has("Tags")) checks.texts("Tags", kMaxAlarmTags, Need::kRequired);
  if (const auto checked = checks.result(); !checked) return checked.error();
  const auto tags = read_alarm_tags(call.input);
  if (!tags) return tags.error();
  const auto alarm = tagged(call);
  if (!alarm) return alarm.error();
  telemetry::Tags all = *tags;
  all.insert((*alarm)->tags.begin(), (*alarm)->tags.end());
  if (all.size() > kMaxAlarmTags)
    return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                 "Alarm " + (*alarm)->config.name + " would have " + std::to_string(all.size()) +
                     " tags; at most 50 are allowed."};
  const auto done = book_.tag(call.region, (*alarm)->config.name, *tags);
  if (!done) return done.error();
  return empty();
}

Result<json> CloudWatchAlarms::untag_resource(const Call& call) {
  InputChecks checks(call.input);
  const auto keys = checks.texts("TagKeys", kMaxAlarmTags, Need::kRequired, kMaxTagKey);
  if (const auto checked = checks.result(); !checked) return checked.error();
  const auto alarm = tagged(call);
  if (!alarm) return alarm.error();
  const auto done = book_.untag(call.region, (*alarm)->config.name, keys);
  if (!done) return done.error();
  return empty();
}

Result<json> CloudWatchAlarms::list_tags_for_resource(const Call& call) {
  const auto alarm = tagged(call);
  // An alarm that is gone has no tags.
  if (!alarm && alarm.error().kind == ErrorKind::kNotFound) return json{{"Tags", json::array()}};
  if (!alarm) return alarm.error();
  json tags = json::array();
  for (const auto& [key, value] : (*alarm)->tags) tags.push_back({{"Key", key}, {"Value", value}});
  return json{{"Tags", std::move(tags)}};
}

}  // namespace kiln::services
