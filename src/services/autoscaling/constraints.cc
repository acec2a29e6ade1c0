#include "services/autoscaling/constraints.h"

#include <algorithm>
#include <vector>

#include "base/arn.h"
#include "base/ascii.h"
#include "scaling/policy_document.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using Need = InputChecks::Need;
using Values = std::vector<std::string_view>;

constexpr size_t kMaxName = 256, kMaxArn = 1011;

const Values& services() {
  static const Values all = {
      "ecs",         "elasticmapreduce", "ec2",        "appstream", "dynamodb",  "rds",
      "sagemaker",   "custom-resource",  "comprehend", "lambda",    "cassandra", "kafka",
      "elasticache", "neptune",          "workspaces"};
  return all;
}

const Values& dimensions() {
  static const Values all = {"ecs:service:DesiredCount",
                             "ec2:spot-fleet-request:TargetCapacity",
                             "elasticmapreduce:instancegroup:InstanceCount",
                             "appstream:fleet:DesiredCapacity",
                             "dynamodb:table:ReadCapacityUnits",
                             "dynamodb:table:WriteCapacityUnits",
                             "dynamodb:index:ReadCapacityUnits",
                             "dynamodb:index:WriteCapacityUnits",
                             "rds:cluster:ReadReplicaCount",
                             "sagemaker:variant:DesiredInstanceCount",
                             "custom-resource:ResourceType:Property",
                             "comprehend:document-classifier-endpoint:DesiredInferenceUnits",
                             "comprehend:entity-recognizer-endpoint:DesiredInferenceUnits",
                             "lambda:function:ProvisionedConcurrency",
                             "cassandra:table:ReadCapacityUnits",
                             "cassandra:table:WriteCapacityUnits",
                             "kafka:broker-storage:VolumeSize",
                             "elasticache:cache-cluster:Nodes",
                             "elasticache:replication-group:NodeGroups",
                             "elasticache:replication-group:Replicas",
                             "neptune:cluster:ReadReplicaCount",
                             "sagemaker:variant:DesiredProvisionedConcurrency",
                             "sagemaker:inference-component:DesiredCopyCount",
                             "workspaces:workspacespool:DesiredUserSessions"};
  return all;
}

const Values& predefined_metrics() {
  static const Values all = {"DynamoDBReadCapacityUtilization",
                             "DynamoDBWriteCapacityUtilization",
                             "ALBRequestCountPerTarget",
                             "RDSReaderAverageCPUUtilization",
                             "RDSReaderAverageDatabaseConnections",
                             "EC2SpotFleetRequestAverageCPUUtilization",
                             "EC2SpotFleetRequestAverageNetworkIn",
                             "EC2SpotFleetRequestAverageNetworkOut",
                             "SageMakerVariantInvocationsPerInstance",
                             "ECSServiceAverageCPUUtilization",
                             "ECSServiceAverageMemoryUtilization",
                             "AppStreamAverageCapacityUtilization",
                             "ComprehendInferenceUtilization",
                             "LambdaProvisionedConcurrencyUtilization",
                             "CassandraReadCapacityUtilization",
                             "CassandraWriteCapacityUtilization",
                             "KafkaBrokerStorageUtilization",
                             "ElastiCacheEngineCPUUtilization",
                             "ElastiCacheDatabaseMemoryUsagePercentage",
                             "ElastiCachePrimaryEngineCPUUtilization",
                             "ElastiCacheReplicaEngineCPUUtilization",
                             "ElastiCacheDatabaseMemoryUsageCountedForEvictPercentage",
                             "NeptuneReaderAverageCPUUtilization",
                             "SageMakerVariantProvisionedConcurrencyUtilization",
                             "ElastiCacheDatabaseCapacityUsageCountedForEvictPercentage",
                             "SageMakerInferenceComponentInvocationsPerCopy",
                             "WorkSpacesAverageUserSessionsCapacityUtilization",
                             "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
                             "SageMakerVariantConcurrentRequestsPerModelHighResolution"};
  return all;
}

void break_pattern(InputChecks& checks, const char* name, const std::string& value,
                   const char* pattern) {
  checks.broken(name, "'" + value + "'",
                std::string("satisfy regular expression pattern: ") + pattern);
}

bool has_control(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// nullptr: it is not there, or no structure.
const json* structure(const wire::Fields& in, const char* name) {
  const json* found = in.find(name);
  return found && found->is_object() ? found : nullptr;
}

bool is_target_arn(const std::string& arn) {
  constexpr std::string_view kKind = ":scalable-target/";
  const size_t at = arn.rfind(kKind);
  if (!is_arn_of(arn, "application-autoscaling") || at == std::string::npos) return false;
  const std::string_view id = std::string_view(arn).substr(at + kKind.size());
  const size_t account = arn.rfind(':', at - 1) + 1;
  return !id.empty() && ascii::all(id, [](char c) { return ascii::is_alnum(c) || c == '-'; }) &&
         account < at &&
         ascii::all(std::string_view(arn).substr(account, at - account), ascii::is_digit);
}

}  // namespace

std::string check_service_namespace(InputChecks& checks) {
  return checks.one_of("ServiceNamespace", services(), Need::kRequired);
}

std::string check_scalable_dimension(InputChecks& checks, Need need) {
  return checks.one_of("ScalableDimension", dimensions(), need);
}

std::string check_policy_name(InputChecks& checks, Naming naming) {
  constexpr const char* kName = "PolicyName";
  const bool is_new = naming == Naming::kNew;
  std::string name = checks.text(kName, 1, is_new ? kMaxName : kMaxScalingText, Need::kRequired);
  if (is_new && has_control(name)) break_pattern(checks, kName, name, "\\p{Print}+");
  return name;
}

std::string check_action_name(InputChecks& checks, Naming naming) {
  constexpr const char* kName = "ScheduledActionName";
  const bool is_new = naming == Naming::kNew;
  std::string name = checks.text(kName, 1, is_new ? kMaxName : kMaxScalingText, Need::kRequired);
  if (is_new && (has_control(name) || name.find_first_of(":/|") != std::string::npos ||
                 name.starts_with(' ') || name.ends_with(' ')))
    break_pattern(checks, kName, name,
                  "(?!((^[ ]+.*)|(.*([\\u0000-\\u001f]|[\\u007f-\\u009f]|[:/|])+.*)|(.*[ ]+$))).+");
  return name;
}

std::string check_policy_members(InputChecks& checks) {
  std::string type = checks.one_of(
      "PolicyType", {scaling::kStepScaling, scaling::kTargetTracking, "PredictiveScaling"});
  const json* found = structure(checks.fields(), "TargetTrackingScalingPolicyConfiguration");
  if (!found) return type;
  const wire::Fields tracking(*found);
  if (!tracking.has("TargetValue"))
    checks.broken("targetTrackingScalingPolicyConfiguration.targetValue", "null", "not be null");
  const json* predefined = structure(tracking, "PredefinedMetricSpecification");
  if (!predefined) return type;
  constexpr const char* kMetric =
      "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.predefinedMetricType";
  wire::Fields metric(*predefined);
  if (!metric.has("PredefinedMetricType"))
    checks.broken(kMetric, "null", "not be null");
  else if (const std::string value = metric.text("PredefinedMetricType"); metric.status())
    checks.check_value(kMetric, value, predefined_metrics());
  return type;
}

std::string check_scalable_target_arn(InputChecks& checks) {
  constexpr const char* kName = "ResourceARN";
  std::string arn = checks.text(kName, 1, kMaxArn, Need::kRequired);
  if (!arn.empty() && !is_target_arn(arn))
    break_pattern(checks, kName, arn,
                  "^arn:.+:application-autoscaling:.+:[0-9]+:scalable-target\\/[a-zA-Z0-9-]+$");
  return arn;
}

}  // namespace kiln::services
