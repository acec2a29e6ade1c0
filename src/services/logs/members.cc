#include "services/logs/members.h"

namespace kiln::services {
namespace {

constexpr OperationMembers kMembers[] = {
    {"CreateLogGroup", "logGroupName kmsKeyId tags logGroupClass deletionProtectionEnabled"},
    {"CreateLogStream", "logGroupName logStreamName"},
    {"DeleteLogGroup", "logGroupName"},
    {"DeleteLogStream", "logGroupName logStreamName"},
    {"DeleteRetentionPolicy", "logGroupName"},
    {"DescribeLogGroups",
     "logGroupNamePrefix logGroupNamePattern nextToken limit includeLinkedAccounts~"
     " logGroupClass logGroupIdentifiers"},
    {"DescribeLogStreams",
     "logGroupName logGroupIdentifier logStreamNamePrefix orderBy descending"
     " nextToken limit"},
    {"FilterLogEvents",
     "logGroupName logGroupIdentifier logStreamNames logStreamNamePrefix startTime"
     " endTime filterPattern nextToken limit interleaved~ unmask~"},
    {"GetLogEvents",
     "logGroupName logGroupIdentifier logStreamName startTime endTime nextToken"
     " limit startFromHead unmask~"},
    {"ListTagsForResource", "resourceArn"},
    {"ListTagsLogGroup", "logGroupName"},
    {"PutLogEvents",
     "logGroupName logStreamName logEvents{timestamp message} sequenceToken~ entity~"},
    {"PutLogGroupDeletionProtection", "logGroupIdentifier deletionProtectionEnabled"},
    {"PutRetentionPolicy", "logGroupName retentionInDays"},
    {"TagLogGroup", "logGroupName tags"},
    {"TagResource", "resourceArn tags"},
    {"UntagLogGroup", "logGroupName tags"},
    {"UntagResource", "resourceArn tagKeys"},
};

}  // namespace

std::span<const OperationMembers> logs_members() { return kMembers; }

}  // namespace kiln::services
