#include "services/cloudwatch/members.h"

namespace kiln::services {
namespace {

constexpr OperationMembers kMembers[] = {
    {"DeleteAlarms", "AlarmNames"},
    {"DeleteDashboards", "DashboardNames"},
    {"DescribeAlarmHistory",
     "AlarmName AlarmTypes HistoryItemType StartDate EndDate MaxRecords NextToken"
     " ScanBy"},
    {"DescribeAlarms",
     "AlarmNames AlarmNamePrefix AlarmTypes ChildrenOfAlarmName ParentsOfAlarmName"
     " StateValue ActionPrefix MaxRecords NextToken"},
    {"DescribeAlarmsForMetric",
     "MetricName Namespace Statistic ExtendedStatistic Dimensions Period Unit"},
    {"DisableAlarmActions", "AlarmNames"},
    {"EnableAlarmActions", "AlarmNames"},
    {"GetDashboard", "DashboardName"},
    {"GetMetricData",
     "MetricDataQueries{Id MetricStat{Metric{Namespace MetricName Dimensions} Period"
     " Stat Unit} Expression Label ReturnData Period} StartTime EndTime NextToken"
     " ScanBy MaxDatapoints LabelOptions~"},
    {"GetMetricStatistics",
     "Namespace MetricName Dimensions StartTime EndTime Period Statistics"
     " ExtendedStatistics Unit"},
    {"ListDashboards", "DashboardNamePrefix NextToken"},
    {"ListMetrics",
     "Namespace MetricName Dimensions NextToken RecentlyActive"
     " IncludeLinkedAccounts~"},
    {"ListTagsForResource", "ResourceARN"},
    {"PutCompositeAlarm",
     "ActionsEnabled AlarmActions AlarmDescription AlarmName AlarmRule"
     " InsufficientDataActions OKActions Tags{Key Value} ActionsSuppressor"
     " ActionsSuppressorWaitPeriod ActionsSuppressorExtensionPeriod"},
    {"PutDashboard", "DashboardName DashboardBody"},
    {"PutMetricAlarm",
     "AlarmName AlarmDescription ActionsEnabled OKActions AlarmActions"
     " InsufficientDataActions MetricName Namespace Statistic ExtendedStatistic"
     " Dimensions Period Unit EvaluationPeriods DatapointsToAlarm Threshold"
     " ComparisonOperator TreatMissingData EvaluateLowSampleCountPercentile"
     " Metrics{Id MetricStat{Metric{Namespace MetricName Dimensions} Period Stat"
     " Unit} Expression Label ReturnData Period} Tags{Key Value} ThresholdMetricId"
     " EvaluationCriteria"},
    {"PutMetricData",
     "Namespace MetricData{MetricName Dimensions Timestamp Value"
     " StatisticValues{SampleCount Sum Minimum Maximum} Values Counts Unit"
     " StorageResolution} EntityMetricData StrictEntityValidation~"},
    {"SetAlarmState", "AlarmName StateValue StateReason StateReasonData"},
    {"TagResource", "ResourceARN Tags{Key Value}"},
    {"UntagResource", "ResourceARN TagKeys"},
};

}  // namespace

std::span<const OperationMembers> cloudwatch_members() { return kMembers; }

}  // namespace kiln::services
