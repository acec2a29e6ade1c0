// Which properties the events of functions and of state machines have, by the event's type.
#include <algorithm>

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

}  // namespace

void check_event_properties(SamTemplate& all, const SamEvent& event, const std::string& type,
                            EventOwner owner) {
  const Names known = properties_of(type, owner);
  if (!known.empty()) check_names(all, event.id, type, event.properties, known);
}

}  // namespace kiln::cfn
