#include "stack/shapes.h"

#include <map>

namespace kiln::stack {
namespace {

using Shapes = std::map<std::string_view, Shape>;

// TracingConfig is a function's object and a topic's text.
const Shapes& shapes() {
  static const Shapes all = [] {
    Shapes out;
    for (const char* name : {"Cors",
                             "CustomizedMetricSpecification",
                             "DeadLetterConfig",
                             "DestinationConfig",
                             "Environment",
                             "EphemeralStorage",
                             "ImageConfig",
                             "LoggingConfig",
                             "Metric",
                             "MetricStat",
                             "OnFailure",
                             "OnSuccess",
                             "PredefinedMetricSpecification",
                             "ProvisionedConcurrencyConfig",
                             "RoutingConfig",
                             "RuntimeManagementConfig",
                             "RuntimePolicy",
                             "ScalableTargetAction",
                             "SnapStart",
                             "StepScalingPolicyConfiguration",
                             "SuspendedState",
                             "TargetTrackingScalingPolicyConfiguration",
                             "Variables",
                             "VpcConfig"})
      out.emplace(name, Shape::kObject);
    for (const char* name :
         {"AlarmActions", "AllowHeaders", "AllowMethods", "AllowOrigins", "Architectures",
          "CompatibleArchitectures", "CompatibleRuntimes", "ExposeHeaders", "Groups",
          "InsufficientDataActions", "Layers", "ManagedPolicyArns", "OKActions", "Roles",
          "SecurityGroupIds", "SubnetIds", "Topics", "Users"})
      out.emplace(name, Shape::kTexts);
    for (const char* name :
         {"AdditionalVersionWeights", "Dimensions", "FileSystemConfigs", "MetricTransformations",
          "Metrics", "ScheduledActions", "StepAdjustments", "Subscription"})
      out.emplace(name, Shape::kObjects);
    for (const char* name : {"Action",
                             "AdjustmentType",
                             "AlarmDescription",
                             "AlarmName",
                             "AlarmRule",
                             "ApplicationLogLevel",
                             "ApplyOn",
                             "AuthType",
                             "CodeSha256",
                             "ComparisonOperator",
                             "DashboardBody",
                             "DashboardName",
                             "Description",
                             "Destination",
                             "DestinationArn",
                             "DisplayName",
                             "Distribution",
                             "EndTime",
                             "Endpoint",
                             "EvaluateLowSampleCountPercentile",
                             "EventSourceToken",
                             "Expression",
                             "ExtendedStatistic",
                             "FifoThroughputScope",
                             "FilterName",
                             "FilterPattern",
                             "FilterPolicyScope",
                             "FunctionName",
                             "FunctionUrlAuthType",
                             "FunctionVersion",
                             "Handler",
                             "Id",
                             "InvokeMode",
                             "KmsKeyArn",
                             "KmsMasterKeyId",
                             "Label",
                             "LayerName",
                             "LicenseInfo",
                             "LogFormat",
                             "LogGroup",
                             "LogGroupClass",
                             "LogGroupName",
                             "ManagedPolicyName",
                             "MetricAggregationType",
                             "MetricName",
                             "MetricNamespace",
                             "MetricValue",
                             "Mode",
                             "Name",
                             "Namespace",
                             "PackageType",
                             "Path",
                             "PermissionsBoundary",
                             "PolicyName",
                             "PolicyType",
                             "PredefinedMetricType",
                             "Principal",
                             "PrincipalOrgID",
                             "Protocol",
                             "Qualifier",
                             "RecursiveLoop",
                             "ResourceId",
                             "ResourceLabel",
                             "Role",
                             "RoleARN",
                             "RoleName",
                             "Runtime",
                             "S3Bucket",
                             "S3Key",
                             "S3ObjectVersion",
                             "ScalableDimension",
                             "ScalingTargetId",
                             "Schedule",
                             "ScheduledActionName",
                             "ServiceNamespace",
                             "SignatureVersion",
                             "SourceAccount",
                             "SourceArn",
                             "StartTime",
                             "Stat",
                             "Statistic",
                             "SubscriptionRoleArn",
                             "SystemLogLevel",
                             "TargetArn",
                             "TargetFunctionArn",
                             "ThresholdMetricId",
                             "Timezone",
                             "TopicArn",
                             "TopicName",
                             "TreatMissingData",
                             "Unit",
                             "ZipFile"})
      out.emplace(name, Shape::kText);
    return out;
  }();
  return all;
}

}  // namespace

Shape shape_of(std::string_view property) {
  const auto found = shapes().find(property);
  return found == shapes().end() ? Shape::kAny : found->second;
}

}  // namespace kiln::stack
