#include "scaling/scaling_document.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_access.h"
#include "scaling/members.h"
#include "scaling/policy_document.h"

namespace kiln::scaling {
namespace {

using nlohmann::json;

Error broken(const std::string& problem) {
  return {ErrorKind::kInternal, "InternalServiceException",
          "A stored document of scaling can't be read: " + problem + "."};
}

std::string dump(const json& document) { return json_dump(document); }

// What all three have.
template <class Record>
json common(const Record& record) {
  return {{"resource", record.resource.text()},
          {"arn", record.arn},
          {"created_ms", epoch_ms(record.created)}};
}

template <class Record>
void read_common(const Members& in, std::string& problem, const std::string& region,
                 Record& record) {
  record.region = region;
  record.arn = in.text("arn");
  record.created = in.time_ms("created_ms").value_or(WallTime());
  auto resource = ResourceId::parse(in.text("resource"));
  if (!resource || record.arn.empty()) {
    if (problem.empty()) problem = "it has no resource or no ARN";
    return;
  }
  record.resource = std::move(*resource);
}

}  // namespace

std::string target_text(const Target& target) {
  json out = common(target);
  out["min"] = target.min;
  out["max"] = target.max;
  out["role"] = target.role_arn;
  out["suspended_in"] = target.suspended.scale_in;
  out["suspended_out"] = target.suspended.scale_out;
  out["suspended_scheduled"] = target.suspended.scheduled;
  out["out_until_ms"] = epoch_ms(target.cooldowns.out_until);
  out["out_base"] = target.cooldowns.out_base;
  out["in_until_ms"] = epoch_ms(target.cooldowns.in_until);
  out["tags"] = target.tags;
  return dump(out);
}

Result<Target> parse_target(const std::string& region, const std::string& text) {
  const json document = json_parse(text);
  std::string problem;
  const Members in(document, problem);
  Target target;
  read_common(in, problem, region, target);
  target.min = in.integer("min").value_or(0);
  target.max = in.integer("max").value_or(0);
  target.role_arn = in.text("role");
  target.suspended = {in.boolean("suspended_in").value_or(false),
                      in.boolean("suspended_out").value_or(false),
                      in.boolean("suspended_scheduled").value_or(false)};
  target.cooldowns = {in.time_ms("out_until_ms").value_or(WallTime()),
                      in.integer("out_base").value_or(0),
                      in.time_ms("in_until_ms").value_or(WallTime())};
  const json& tags = in.object("tags");
  const Members tag(tags, problem);
  for (const auto& [key, value] : tags.items()) target.tags[key] = tag.text(key.c_str());
  if (!problem.empty()) return broken(problem);
  return target;
}

std::string policy_text(const Policy& policy) {
  json out = common(policy);
  out["name"] = policy.name;
  out["type"] = policy.step() ? kStepScaling : kTargetTracking;
  out["configuration"] = policy.step() ? step_configuration(*policy.step())
                                       : tracking_configuration(*policy.tracking());
  out["high_alarm"] = policy.alarms.high;
  out["low_alarm"] = policy.alarms.low;
  return dump(out);
}

Result<Policy> parse_policy(const std::string& region, const std::string& text) {
  const json document = json_parse(text);
  std::string problem;
  const Members in(document, problem);
  Policy policy;
  read_common(in, problem, region, policy);
  policy.name = in.text("name");
  policy.alarms = {in.text("high_alarm"), in.text("low_alarm")};
  const json& configuration = in.object("configuration");
  if (in.text("type") == kStepScaling) {
    auto step = read_step_configuration(configuration);
    if (!step) return broken(step.error().message);
    policy.rule = std::move(*step);
  } else {
    auto tracking = read_tracking_configuration(configuration, region);
    if (!tracking) return broken(tracking.error().message);
    policy.rule = std::move(*tracking);
  }
  if (policy.name.empty()) problem = "it has no name";
  if (!problem.empty()) return broken(problem);
  return policy;
}

std::string action_text(const ScheduledAction& action) {
  json out = common(action);
  out["name"] = action.name;
  out["schedule"] = action.schedule_text;
  out["time_zone"] = action.time_zone;
  if (action.start) out["start_ms"] = epoch_ms(*action.start);
  if (action.end) out["end_ms"] = epoch_ms(*action.end);
  if (action.min) out["min"] = *action.min;
  if (action.max) out["max"] = *action.max;
  out["done_until_ms"] = epoch_ms(action.done_until);
  return dump(out);
}

Result<ScheduledAction> parse_action(const std::string& region, const std::string& text) {
  const json document = json_parse(text);
  std::string problem;
  const Members in(document, problem);
  const std::string schedule_text = in.text("schedule");
  const std::string time_zone = in.text("time_zone");
  auto schedule = Schedule::parse(schedule_text, time_zone);
  if (!schedule) return broken(schedule.error().message);
  ScheduledAction action{region,
                         {},
                         in.text("name"),
                         "",
                         {},
                         schedule_text,
                         time_zone,
                         std::move(*schedule),
                         in.time_ms("start_ms"),
                         in.time_ms("end_ms"),
                         in.integer("min"),
                         in.integer("max"),
                         in.time_ms("done_until_ms").value_or(WallTime())};
  read_common(in, problem, region, action);
  if (action.name.empty()) problem = "it has no name";
  if (!problem.empty()) return broken(problem);
  return action;
}

}  // namespace kiln::scaling
