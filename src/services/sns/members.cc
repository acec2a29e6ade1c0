#include "services/sns/members.h"

namespace kiln::services {
namespace {

constexpr OperationMembers kMembers[] = {
    {"AddPermission", "TopicArn Label AWSAccountId ActionName"},
    {"ConfirmSubscription", "TopicArn Token AuthenticateOnUnsubscribe~"},
    {"CreateTopic", "Name Attributes Tags{Key Value}"},
    {"DeleteTopic", "TopicArn"},
    {"GetSubscriptionAttributes", "SubscriptionArn"},
    {"GetTopicAttributes", "TopicArn"},
    {"ListSubscriptions", "NextToken"},
    {"ListSubscriptionsByTopic", "TopicArn NextToken"},
    {"ListTagsForResource", "ResourceArn"},
    {"ListTopics", "NextToken"},
    {"Publish",
     "TopicArn TargetArn PhoneNumber Message Subject MessageStructure"
     " MessageAttributes MessageDeduplicationId MessageGroupId"},
    {"PublishBatch",
     "TopicArn PublishBatchRequestEntries{Id Message Subject MessageStructure"
     " MessageAttributes MessageDeduplicationId MessageGroupId}"},
    {"RemovePermission", "TopicArn Label"},
    {"SetSubscriptionAttributes", "SubscriptionArn AttributeName AttributeValue"},
    {"SetTopicAttributes", "TopicArn AttributeName AttributeValue"},
    {"Subscribe", "TopicArn Protocol Endpoint Attributes ReturnSubscriptionArn"},
    {"TagResource", "ResourceArn Tags{Key Value}"},
    {"Unsubscribe", "SubscriptionArn"},
    {"UntagResource", "ResourceArn TagKeys"},
};

}  // namespace

std::span<const OperationMembers> sns_members() { return kMembers; }

}  // namespace kiln::services
