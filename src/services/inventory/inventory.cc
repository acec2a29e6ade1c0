#include "services/inventory/inventory.h"

#include <algorithm>
#include <array>

#include "base/json_access.h"
#include "stack/resource_type.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using stack::AwsApi;
using stack::text_of;

constexpr int kMaxPages = 1000;

json tags_property(const std::map<std::string, std::string>& tags) {
  json out = json::array();
  for (const auto& [key, value] : tags) out.push_back({{"Key", key}, {"Value", value}});
  return out;
}

// Tags as a list of keys and values. An empty list of a query's answer reads as a text.
std::map<std::string, std::string> tags_of_list(const json& answer, const char* name) {
  std::map<std::string, std::string> out;
  const json list = json_list(answer, name);
  for (const json& tag : list)
    if (tag.is_object()) out[text_of(tag, "Key")] = text_of(tag, "Value");
  return out;
}

std::map<std::string, std::string> tags_of_map(const json& answer, const char* name) {
  std::map<std::string, std::string> out;
  const json map = json_member(answer, name);
  for (const auto& [key, value] : map.items())
    if (value.is_string()) out[key] = json_text(value);
  return out;
}

void add_tags(Thing& thing) {
  if (!thing.tags.empty()) thing.properties["Tags"] = tags_property(thing.tags);
}

Result<std::vector<Thing>> functions(const AwsApi& api) {
  std::vector<Thing> out;
  std::string marker;
  for (int page = 0; page < kMaxPages; ++page) {
    std::string path = "/2015-03-31/functions?MaxItems=50";
    if (!marker.empty()) path += "&Marker=" + stack::url_encoded(marker);
    const auto answer = api.rest("GET", path);
    if (!answer) return answer.error();
    const json list = json_list(*answer, "Functions");
    for (const json& one : list) {
      Thing thing;
      thing.identifier = text_of(one, "FunctionName");
      thing.arn = text_of(one, "FunctionArn");
      thing.properties =
          stack::pick(one, {"FunctionName", "Description", "Runtime", "Role", "Handler", "Timeout",
                            "MemorySize", "Architectures", "PackageType", "EphemeralStorage",
                            "TracingConfig", "DeadLetterConfig", "VpcConfig"});
      thing.properties["Arn"] = thing.arn;
      if (one.contains("Environment"))
        thing.properties["Environment"] = stack::pick(one["Environment"], {"Variables"});
      for (const json& layer : json_list(one, "Layers"))
        thing.properties["Layers"].push_back(text_of(layer, "Arn"));
      if (const auto tags = api.rest("GET", "/2017-03-31/tags/" + stack::url_encoded(thing.arn)))
        thing.tags = tags_of_map(*tags, "Tags");
      add_tags(thing);
      out.push_back(std::move(thing));
    }
    marker = text_of(*answer, "NextMarker");
    if (marker.empty()) break;
  }
  return out;
}

Result<std::vector<Thing>> topics(const AwsApi& api) {
  std::vector<Thing> out;
  std::string token;
  for (int page = 0; page < kMaxPages; ++page) {
    AwsApi::Form form;
    if (!token.empty()) form.emplace_back("NextToken", token);
    const auto answer = api.query("sns", "ListTopics", form);
    if (!answer) return answer.error();
    const json list = json_list(*answer, "Topics");
    for (const json& one : list) {
      if (!one.is_object()) continue;
      Thing thing;
      thing.arn = thing.identifier = text_of(one, "TopicArn");
      thing.properties = {{"TopicArn", thing.arn},
                          {"TopicName", thing.arn.substr(thing.arn.rfind(':') + 1)}};
      if (const auto tags = api.query("sns", "ListTagsForResource", {{"ResourceArn", thing.arn}}))
        thing.tags = tags_of_list(*tags, "Tags");
      add_tags(thing);
      out.push_back(std::move(thing));
    }
    token = text_of(*answer, "NextToken");
    if (token.empty()) break;
  }
  return out;
}

Result<std::vector<Thing>> alarms(const AwsApi& api) {
  std::vector<Thing> out;
  std::string token;
  for (int page = 0; page < kMaxPages; ++page) {
    json input = json::object();
    if (!token.empty()) input["NextToken"] = token;
    const auto answer =
        api.rpc("monitoring", "GraniteServiceVersion20100801.DescribeAlarms", input);
    if (!answer) return answer.error();
    for (const json& one : json_list(*answer, "MetricAlarms")) {
      Thing thing;
      thing.identifier = text_of(one, "AlarmName");
      thing.arn = text_of(one, "AlarmArn");
      thing.properties =
          stack::pick(one, {"AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions",
                            "AlarmActions", "InsufficientDataActions", "MetricName", "Namespace",
                            "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit",
                            "EvaluationPeriods", "DatapointsToAlarm", "Threshold",
                            "ComparisonOperator", "TreatMissingData", "Metrics"});
      thing.properties["Arn"] = thing.arn;
      if (const auto tags =
              api.rpc("monitoring", "GraniteServiceVersion20100801.ListTagsForResource",
                      {{"ResourceARN", thing.arn}}))
        thing.tags = tags_of_list(*tags, "Tags");
      add_tags(thing);
      out.push_back(std::move(thing));
    }
    token = text_of(*answer, "NextToken");
    if (token.empty()) break;
  }
  return out;
}

Result<std::vector<Thing>> log_groups(const AwsApi& api) {
  std::vector<Thing> out;
  std::string token;
  for (int page = 0; page < kMaxPages; ++page) {
    json input = json::object();
    if (!token.empty()) input["nextToken"] = token;
    const auto answer = api.rpc("logs", "Logs_20140328.DescribeLogGroups", input);
    if (!answer) return answer.error();
    for (const json& one : json_list(*answer, "logGroups")) {
      Thing thing;
      thing.identifier = text_of(one, "logGroupName");
      thing.arn = text_of(one, "arn");
      thing.properties = {{"LogGroupName", thing.identifier}, {"Arn", thing.arn}};
      if (one.contains("retentionInDays"))
        thing.properties["RetentionInDays"] = one["retentionInDays"];
      std::string bare = thing.arn;
      if (bare.ends_with(":*")) bare.resize(bare.size() - 2);
      if (const auto tags =
              api.rpc("logs", "Logs_20140328.ListTagsForResource", {{"resourceArn", bare}}))
        thing.tags = tags_of_map(*tags, "tags");
      add_tags(thing);
      thing.arn = bare;
      out.push_back(std::move(thing));
    }
    token = text_of(*answer, "nextToken");
    if (token.empty()) break;
  }
  return out;
}

Result<std::vector<Thing>> roles(const AwsApi& api) {
  std::vector<Thing> out;
  std::string marker;
  for (int page = 0; page < kMaxPages; ++page) {
    AwsApi::Form form;
    if (!marker.empty()) form.emplace_back("Marker", marker);
    const auto answer = api.query("iam", "ListRoles", form);
    if (!answer) return answer.error();
    const json list = json_list(*answer, "Roles");
    for (const json& one : list) {
      if (!one.is_object()) continue;
      Thing thing;
      thing.identifier = text_of(one, "RoleName");
      thing.arn = text_of(one, "Arn");
      thing.properties = stack::pick(one, {"RoleName", "RoleId", "Arn", "Path", "Description"});
      if (const auto tags = api.query("iam", "ListRoleTags", {{"RoleName", thing.identifier}}))
        thing.tags = tags_of_list(*tags, "Tags");
      add_tags(thing);
      out.push_back(std::move(thing));
    }
    marker = text_of(*answer, "Marker");
    if (marker.empty()) break;
  }
  return out;
}

Result<std::vector<Thing>> stacks(const AwsApi& api) {
  std::vector<Thing> out;
  std::string token;
  for (int page = 0; page < kMaxPages; ++page) {
    AwsApi::Form form;
    if (!token.empty()) form.emplace_back("NextToken", token);
    const auto answer = api.query("cloudformation", "DescribeStacks", form);
    if (!answer) return answer.error();
    const json list = json_list(*answer, "Stacks");
    for (const json& one : list) {
      if (!one.is_object()) continue;
      Thing thing;
      thing.arn = thing.identifier = text_of(one, "StackId");
      thing.properties = stack::pick(one, {"StackId", "StackName", "StackStatus", "Description"});
      thing.tags = tags_of_list(one, "Tags");
      add_tags(thing);
      out.push_back(std::move(thing));
    }
    token = text_of(*answer, "NextToken");
    if (token.empty()) break;
  }
  return out;
}

constexpr std::array kTypes = {
    ThingType{"AWS::Lambda::Function", "lambda:function", functions},
    ThingType{"AWS::SNS::Topic", "sns:topic", topics},
    ThingType{"AWS::CloudWatch::Alarm", "cloudwatch:alarm", alarms},
    ThingType{"AWS::Logs::LogGroup", "logs:log-group", log_groups},
    ThingType{"AWS::IAM::Role", "iam:role", roles},
    ThingType{"AWS::CloudFormation::Stack", "cloudformation:stack", stacks},
};

}  // namespace

std::span<const ThingType> thing_types() { return kTypes; }

const ThingType* find_thing_type(std::string_view name) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const ThingType& each) { return each.name == name; });
  return found == kTypes.end() ? nullptr : &*found;
}

}  // namespace kiln::services
