// Which properties the events of functions and of state machines have, by the event's type.
#include <algorithm>

#include "base/ascii.h"
#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

using Names = std::vector<std::string>;

struct EventType {
  std::string_view name;
  Names properties;
};

const Names& rule_properties() {
  static const Names names = {"EventBusName", "RuleName",        "Pattern",   "DeadLetterConfig",
                              "RetryPolicy",  "Input",           "InputPath", "Target",
                              "State",        "InputTransformer"};
  return names;
}

const Names& scheduler_properties() {
  static const Names names = {"PermissionsBoundary",
                              "ScheduleExpression",
                              "FlexibleTimeWindow",
                              "Name",
                              "State",
                              "Description",
                              "StartDate",
                              "EndDate",
                              "ScheduleExpressionTimezone",
                              "GroupName",
                              "KmsKeyArn",
                              "Input",
                              "RoleArn",
                              "DeadLetterConfig",
                              "RetryPolicy",
                              "OmitName"};
  return names;
}

// Those of every event source mapping.
const Names& pull_properties() {
  static const Names names = {"BatchSize",
                              "StartingPosition",
                              "StartingPositionTimestamp",
                              "Enabled",
                              "MaximumBatchingWindowInSeconds",
                              "MaximumRetryAttempts",
                              "BisectBatchOnFunctionError",
                              "MaximumRecordAgeInSeconds",
                              "DestinationConfig",
                              "ParallelizationFactor",
                              "Topics",
                              "Queues",
                              "SourceAccessConfigurations",
                              "SecretsManagerKmsKeyId",
                              "TumblingWindowInSeconds",
                              "FunctionResponseTypes",
                              "KafkaBootstrapServers",
                              "FilterCriteria",
                              "KmsKeyArn",
                              "ConsumerGroupId",
                              "ScalingConfig",
                              "ProvisionedPollerConfig",
                              "SchemaRegistryConfig",
                              "MetricsConfig",
                              "LoggingConfig"};
  return names;
}

// Besides those of every event source mapping.
const std::vector<EventType>& pull_types() {
  static const std::vector<EventType> types = {
      {"DocumentDB", {"Cluster", "DatabaseName", "CollectionName", "FullDocument"}},
      {"DynamoDB", {"Stream"}},
      {"Kinesis", {"Stream"}},
      {"MQ", {"Broker", "DynamicPolicyName"}},
      {"MSK", {"Stream"}},
      {"SQS", {"Queue"}},
      {"SelfManagedKafka", {}},
  };
  return types;
}

const std::vector<EventType>& function_types() {
  static const std::vector<EventType> types = {
      {"AlexaSkill", {"SkillId"}},
      {"Api",
       {"Path", "Method", "RestApiId", "Stage", "Auth", "RequestModel", "RequestParameters",
        "TimeoutInMillis", "ResponseTransferMode"}},
      {"CloudWatchLogs", {"LogGroupName", "FilterPattern"}},
      {"Cognito", {"UserPool", "Trigger"}},
      {"HttpApi",
       {"Path", "Method", "ApiId", "Stage", "Auth", "TimeoutInMillis", "RouteSettings",
        "PayloadFormatVersion"}},
      {"IoTRule", {"Sql", "AwsIotSqlVersion"}},
      {"S3", {"Bucket", "Events", "Filter"}},
      {"SNS",
       {"Topic", "Region", "FilterPolicy", "FilterPolicyScope", "SqsSubscription",
        "RedrivePolicy"}},
      {"Schedule",
       {"Schedule", "RuleName", "Input", "Enabled", "State", "Name", "Description",
        "DeadLetterConfig", "RetryPolicy"}},
  };
  return types;
}

const std::vector<EventType>& machine_types() {
  static const std::vector<EventType> types = {
      {"Api", {"Path", "Method", "RestApiId", "Stage", "Auth", "UnescapeMappingTemplate"}},
      {"Schedule",
       {"Schedule", "Input", "Enabled", "State", "Name", "Description", "DeadLetterConfig",
        "RetryPolicy", "Target", "RoleArn"}},
  };
  return types;
}

const Names* named(const std::vector<EventType>& types, std::string_view name) {
  const auto found = std::find_if(types.begin(), types.end(),
                                  [&](const EventType& each) { return each.name == name; });
  return found == types.end() ? nullptr : &found->properties;
}

// Empty: there is no such type.
Names properties_of(std::string_view type, EventOwner owner) {
  if (type == "ScheduleV2") return scheduler_properties();
  if (type == "CloudWatchEvent" || type == "EventBridgeRule") {
    Names names = rule_properties();
    if (owner == EventOwner::kFunction) names.push_back("Enabled");
    return names;
  }
  const bool machine = owner == EventOwner::kStateMachine;
  if (const Names* names = named(machine ? machine_types() : function_types(), type)) return *names;
  const Names* more = machine ? nullptr : named(pull_types(), type);
  if (!more) return {};
  Names names = pull_properties();
  names.insert(names.end(), more->begin(), more->end());
  return names;
}

// What a property must be, by its name. Others may be anything.
enum class Form { kText, kMap, kList, kNumber, kFlag, kFlagOrMap, kTexts };

struct FormOf {
  Form form;
  Names names;
};

const std::vector<FormOf>& forms() {
  static const std::vector<FormOf> all = {
      {Form::kText,
       {"Schedule",
        "RuleName",
        "Input",
        "State",
        "Name",
        "Description",
        "EventBusName",
        "InputPath",
        "Bucket",
        "Topic",
        "Region",
        "RestApiId",
        "Stage",
        "ResponseTransferMode",
        "SkillId",
        "Sql",
        "AwsIotSqlVersion",
        "UserPool",
        "ApiId",
        "PayloadFormatVersion",
        "PermissionsBoundary",
        "ScheduleExpression",
        "StartDate",
        "EndDate",
        "ScheduleExpressionTimezone",
        "GroupName",
        "RoleArn",
        "LogGroupName",
        "FilterPattern",
        "ConsumerGroupId",
        "SecretsManagerKmsKeyId"}},
      {Form::kMap,
       {"DeadLetterConfig", "RetryPolicy", "Pattern", "Target", "InputTransformer", "Auth",
        "RequestModel", "RedrivePolicy", "RouteSettings", "DestinationConfig", "FilterCriteria",
        "ScalingConfig", "ProvisionedPollerConfig", "SchemaRegistryConfig", "MetricsConfig",
        "LoggingConfig", "FlexibleTimeWindow"}},
      {Form::kList,
       {"RequestParameters", "Topics", "Queues", "SourceAccessConfigurations",
        "FunctionResponseTypes", "KafkaBootstrapServers"}},
      {Form::kNumber,
       {"TimeoutInMillis", "BatchSize", "MaximumBatchingWindowInSeconds", "MaximumRetryAttempts",
        "MaximumRecordAgeInSeconds", "ParallelizationFactor", "TumblingWindowInSeconds"}},
      {Form::kFlag,
       {"Enabled", "BisectBatchOnFunctionError", "OmitName", "DynamicPolicyName",
        "UnescapeMappingTemplate"}},
      {Form::kFlagOrMap, {"SqsSubscription"}},
      {Form::kTexts, {"Events", "Trigger"}},
  };
  return all;
}

bool is_whole_number(const std::string& text) {
  const size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  return text.size() > sign &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(sign), text.end(), ascii::is_digit);
}

bool has_form(const Node& value, Form form) {
  using Kind = Node::Kind;
  const bool is_flag = value.kind == Kind::kBool;
  switch (form) {
    case Form::kText:
      return value.kind == Kind::kText;
    case Form::kMap:
      return value.is_map();
    case Form::kList:
      return value.is_list();
    case Form::kNumber:
      return is_flag || (value.kind == Kind::kNumber && is_whole_number(value.text));
    case Form::kFlag:
      return is_flag;
    case Form::kFlagOrMap:
      return is_flag || value.is_map();
    case Form::kTexts:
      return value.kind == Kind::kText ||
             (value.is_list() && std::all_of(value.list.begin(), value.list.end(),
                                             [](const Node& item) { return item.is_text(); }));
  }
  return true;
}

// As the transform says it.
std::string wrong_form(const std::string& name, Form form) {
  const char* wanted = form == Form::kText ? "string" : form == Form::kMap ? "map" : nullptr;
  return wanted ? "Property '" + name + "' should be a " + wanted + "."
                : "Type of property '" + name + "' is invalid.";
}

void check_forms(SamTemplate& all, const SamEvent& event, const Names& known) {
  for (const Member& member : event.properties.map) {
    if (std::find(known.begin(), known.end(), member.name) == known.end()) continue;
    const Node& value = member.value;
    // A map of one member may be a function, whatever its name.
    if (value.kind == Node::Kind::kNull || (value.is_map() && value.map.size() == 1)) continue;
    for (const FormOf& each : forms()) {
      if (std::find(each.names.begin(), each.names.end(), member.name) == each.names.end())
        continue;
      if (!has_form(value, each.form))
        all.problems.push_back({"Resource with id [" + event.id + "] is invalid. " +
                                    wrong_form(member.name, each.form),
                                member.place, event.owner.id});
    }
  }
}

}  // namespace

void check_event_properties(SamTemplate& all, const SamEvent& event, const std::string& type,
                            EventOwner owner) {
  const Names known = properties_of(type, owner);
  if (known.empty()) return;
  check_names(all, event.owner.id, event.id, type, event.properties, known);
  check_forms(all, event, known);
}

}  // namespace kiln::cfn
