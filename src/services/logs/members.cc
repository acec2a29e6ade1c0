#include "services/logs/members.h"

namespace kiln::services {
namespace {

constexpr OperationMembers kMembers[] = {
    {"CreateLogGroup", "logGroupName kmsKeyId tags logGroupClass deletionProtectionEnabled"},
    {"CreateLogStream", "logGroupName logStreamName"},
    {"DeleteLogGroup", "logGroupName"},
    {"DeleteLogStream", "logGroupName logStreamName"},
    {"DeleteMetricFilter", "logGroupName filterName"},
    {"DeleteResourcePolicy", "policyName"},
    {"DeleteRetentionPolicy", "logGroupName"},
    {"DeleteSubscriptionFilter", "logGroupName filterName"},
    {"DescribeLogGroups",
     "logGroupNamePrefix logGroupNamePattern nextToken limit includeLinkedAccounts~"
     " logGroupClass logGroupIdentifiers"},
    {"DescribeLogStreams",
     "logGroupName logGroupIdentifier logStreamNamePrefix orderBy descending"
     " nextToken limit"},
    {"DescribeMetricFilters",
     "logGroupName filterNamePrefix nextToken limit metricName metricNamespace"},
    {"DescribeResourcePolicies", "nextToken limit policyScope"},
    {"DescribeSubscriptionFilters", "logGroupName filterNamePrefix nextToken limit"},
    {"FilterLogEvents",
     "logGroupName logGroupIdentifier logStreamNames logStreamNamePrefix startTime"
     " endTime filterPattern nextToken limit startFromHead interleaved~ unmask~"},
    {"GetLogEvents",
     "logGroupName logGroupIdentifier logStreamName startTime endTime nextToken"
     " limit startFromHead unmask~"},
    {"ListLogGroups",
     "logGroupNamePattern logGroupClass includeLinkedAccounts~ accountIdentifiers~ nextToken"
     " limit dataSources~ fieldIndexNames~"},
    {"ListTagsForResource", "resourceArn"},
    {"ListTagsLogGroup", "logGroupName"},
    {"PutLogEvents",
     "logGroupName logStreamName logEvents{timestamp message} sequenceToken~ entity~"},
    {"PutLogGroupDeletionProtection", "logGroupIdentifier deletionProtectionEnabled"},
    {"PutMetricFilter",
     "logGroupName filterName filterPattern metricTransformations{metricName metricNamespace"
     " metricValue defaultValue dimensions unit}"},
    {"PutResourcePolicy", "policyName policyDocument"},
    {"PutRetentionPolicy", "logGroupName retentionInDays"},
    {"PutSubscriptionFilter",
     "logGroupName filterName filterPattern destinationArn roleArn distribution"},
    {"TagLogGroup", "logGroupName tags"},
    {"TagResource", "resourceArn tags"},
    {"TestMetricFilter", "filterPattern logEventMessages"},
    {"UntagLogGroup", "logGroupName tags"},
    {"UntagResource", "resourceArn tagKeys"},
};

}  // namespace

std::span<const OperationMembers> logs_members() { return kMembers; }

}  // namespace kiln::services
