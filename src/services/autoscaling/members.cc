#include "services/autoscaling/members.h"

namespace kiln::services {
namespace {

constexpr OperationMembers kMembers[] = {
    {"DeleteScalingPolicy", "PolicyName ServiceNamespace ResourceId ScalableDimension"},
    {"DeleteScheduledAction", "ServiceNamespace ScheduledActionName ResourceId ScalableDimension"},
    {"DeregisterScalableTarget", "ServiceNamespace ResourceId ScalableDimension"},
    {"DescribeScalableTargets",
     "ServiceNamespace ResourceIds ScalableDimension MaxResults NextToken"},
    {"DescribeScalingActivities",
     "ServiceNamespace ResourceId ScalableDimension MaxResults NextToken"
     " IncludeNotScaledActivities"},
    {"DescribeScalingPolicies",
     "PolicyNames ServiceNamespace ResourceId ScalableDimension MaxResults NextToken"},
    {"DescribeScheduledActions",
     "ScheduledActionNames ServiceNamespace ResourceId ScalableDimension MaxResults"
     " NextToken"},
    {"ListTagsForResource", "ResourceARN"},
    {"PutScalingPolicy",
     "PolicyName ServiceNamespace ResourceId ScalableDimension PolicyType"
     " StepScalingPolicyConfiguration{AdjustmentType"
     " StepAdjustments{MetricIntervalLowerBound MetricIntervalUpperBound"
     " ScalingAdjustment} MinAdjustmentMagnitude Cooldown MetricAggregationType}"
     " TargetTrackingScalingPolicyConfiguration{TargetValue"
     " PredefinedMetricSpecification{PredefinedMetricType}"
     " CustomizedMetricSpecification{MetricName Namespace Dimensions Statistic Unit}"
     " ScaleOutCooldown ScaleInCooldown DisableScaleIn}"},
    {"PutScheduledAction",
     "ServiceNamespace Schedule Timezone ScheduledActionName ResourceId"
     " ScalableDimension StartTime EndTime ScalableTargetAction{MinCapacity"
     " MaxCapacity}"},
    {"RegisterScalableTarget",
     "ServiceNamespace ResourceId ScalableDimension MinCapacity MaxCapacity RoleARN"
     " SuspendedState{DynamicScalingInSuspended DynamicScalingOutSuspended"
     " ScheduledScalingSuspended} Tags"},
    {"TagResource", "ResourceARN Tags"},
    {"UntagResource", "ResourceARN TagKeys"},
};

}  // namespace

std::span<const OperationMembers> autoscaling_members() { return kMembers; }

}  // namespace kiln::services
