// FIFO topics, with the texts that were recorded on AWS.
#include "tests/support/sns_api.h"

namespace kiln::services {
namespace {

class FifoTopics : public SnsOperationsTest {
 protected:
  static constexpr const char* kFifo = "arn:aws:sns:eu-west-1:000000000000:t.fifo";
  static constexpr const char* kFifoQueue = "arn:aws:sqs:eu-west-1:000000000000:q.fifo";

  void fifo(json attributes = json::array()) {
    attributes.push_back(entry("FifoTopic", "true"));
    run("CreateTopic", {{"Name", "t.fifo"}, {"Attributes", attributes}});
  }
  json fifo_attributes() { return attributes_of(run("GetTopicAttributes", {{"TopicArn", kFifo}})); }
  json message(const json& more) {
    json out = {{"TopicArn", kFifo}, {"Message", "Test"}};
    out.update(more);
    return out;
  }
  std::string set(const char* name, const char* value) {
    return refused("SetTopicAttributes",
                   {{"TopicArn", kFifo}, {"AttributeName", name}, {"AttributeValue", value}});
  }
};

TEST_F(FifoTopics, TheNameEndsInFifoAndNoOtherNameDoes) {
  const auto create = [&](const char* name, const char* is_fifo) {
    json input = {{"Name", name}};
    if (is_fifo) input["Attributes"] = {entry("FifoTopic", is_fifo)};
    return refused("CreateTopic", input);
  };
  EXPECT_EQ(create("t.fifo", "true"), "accepted");
  EXPECT_EQ(create("t", "false"), "accepted");
  for (const auto& [name, is_fifo] :
       std::initializer_list<std::pair<const char*, const char*>>{{"u.fifo", nullptr},
                                                                  {"u.fifo", "false"},
                                                                  {"u", "true"},
                                                                  {".fifo", "true"},
                                                                  {"a.b.fifo", "true"}})
    EXPECT_EQ(create(name, is_fifo), "InvalidParameter | Invalid parameter: Topic Name") << name;
  EXPECT_EQ(create((std::string(251, 'a') + ".fifo").c_str(), "true"), "accepted");
  EXPECT_EQ(create((std::string(252, 'a') + ".fifo").c_str(), "true"),
            "InvalidParameter | Invalid parameter: Topic Name");
}

TEST_F(FifoTopics, Attributes) {
  fifo();
  json attributes = fifo_attributes();
  EXPECT_EQ(attributes["FifoTopic"], "true");
  EXPECT_EQ(attributes["ContentBasedDeduplication"], "false");
  EXPECT_EQ(set("ContentBasedDeduplication", "true"), "accepted");
  EXPECT_EQ(fifo_attributes()["ContentBasedDeduplication"], "true");
  EXPECT_EQ(set("FifoThroughputScope", "MessageGroup"), "accepted");
  EXPECT_EQ(fifo_attributes()["FifoThroughputScope"], "MessageGroup");
  EXPECT_EQ(set("FifoTopic", "false"), "InvalidParameter | Invalid parameter: AttributeName");
  topic();
  attributes = topic_attributes();
  EXPECT_FALSE(attributes.contains("FifoTopic"));
  EXPECT_FALSE(attributes.contains("ContentBasedDeduplication"));
}

TEST_F(FifoTopics, CreatedAgainItIsTheSame) {
  fifo();
  fifo();
  fifo({entry("ContentBasedDeduplication", "false")});
  EXPECT_EQ(refused("CreateTopic",
                    {{"Name", "t.fifo"},
                     {"Attributes",
                      {entry("FifoTopic", "true"), entry("ContentBasedDeduplication", "true")}}}),
            "InvalidParameter | Invalid parameter: Attributes Reason: Topic already exists with "
            "different attributes");
}

TEST_F(FifoTopics, AMessageHasAGroupAndAnIdAgainstDuplicates) {
  fifo();
  const char* no_group =
      "InvalidParameter | Invalid parameter: The MessageGroupId parameter is required for FIFO "
      "topics";
  const char* no_id =
      "InvalidParameter | Invalid parameter: The topic should either have "
      "ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";
  EXPECT_EQ(refused("Publish", message(json::object())), no_group);
  EXPECT_EQ(refused("Publish", message({{"MessageGroupId", "g"}})), no_id);
  const json entries = {{{"Id", "1"}, {"Message", "m"}, {"MessageGroupId", "g"}}};
  EXPECT_EQ(refused("PublishBatch", {{"TopicArn", kFifo}, {"PublishBatchRequestEntries", entries}}),
            no_id);
  EXPECT_TRUE(published_.empty());

  const json one =
      run("Publish", message({{"MessageGroupId", "g"}, {"MessageDeduplicationId", "d"}}));
  EXPECT_EQ(one["SequenceNumber"], "10000000000000000000");
  EXPECT_EQ(published_[0].second.group_id, "g");
  EXPECT_EQ(published_[0].second.deduplication_id, "d");
  for (const std::string& bad : {std::string(129, 'a'), std::string("a b")})
    EXPECT_NE(refused("Publish", message({{"MessageGroupId", bad}})), "accepted") << bad;
}

// The id that AWS made of the text "Test".
TEST_F(FifoTopics, TheContentMayBeTheId) {
  fifo({entry("ContentBasedDeduplication", "true")});
  run("Publish", message({{"MessageGroupId", "g"}}));
  EXPECT_EQ(published_[0].second.deduplication_id,
            "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25");
  const json sent = run(
      "PublishBatch", {{"TopicArn", kFifo},
                       {"PublishBatchRequestEntries",
                        {{{"Id", "a"}, {"Message", "m"}, {"MessageGroupId", "g"}}}}})["Successful"];
  EXPECT_EQ(
      sent,
      json({{{"Id", "a"}, {"MessageId", "id-2"}, {"SequenceNumber", "10000000000000000000"}}}));
}

TEST_F(FifoTopics, QueuesOfBothKindsSubscribeAndNothingElse) {
  fifo();
  const auto answer = [&](const char* protocol, const std::string& endpoint) {
    return refused("Subscribe",
                   {{"TopicArn", kFifo}, {"Protocol", protocol}, {"Endpoint", endpoint}});
  };
  EXPECT_EQ(answer("sqs", kFifoQueue), "accepted");
  EXPECT_EQ(answer("sqs", kQueue), "accepted");
  EXPECT_EQ(answer("lambda", "arn:aws:lambda:eu-west-1:000000000000:function:f"),
            "InvalidParameter | Invalid parameter: Invalid protocol type: lambda");
  EXPECT_EQ(answer("email", "a@example.com"),
            "InvalidParameter | Invalid parameter: Invalid protocol type: email");
}

TEST_F(FifoTopics, AFifoQueuesDeadLettersGoToAFifoQueue) {
  fifo();
  const auto subscribed = [&](const std::string& queue) {
    return run("Subscribe",
               {{"TopicArn", kFifo}, {"Protocol", "sqs"}, {"Endpoint", queue}})["SubscriptionArn"];
  };
  const auto redrive = [&](const json& arn, const std::string& queue) {
    return refused("SetSubscriptionAttributes",
                   {{"SubscriptionArn", arn},
                    {"AttributeName", "RedrivePolicy"},
                    {"AttributeValue", R"({"deadLetterTargetArn": ")" + queue + "\"}"}});
  };
  const json ordered = subscribed(kFifoQueue), plain = subscribed(kQueue);
  EXPECT_EQ(redrive(ordered, kQueue),
            "InvalidParameter | Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for "
            "a FIFO Subscription to a FIFO Topic.");
  EXPECT_EQ(redrive(ordered, kFifoQueue), "accepted");
  EXPECT_EQ(redrive(plain, kQueue), "accepted");
}

TEST_F(SnsOperationsTest, AStandardTopicsMessageKeepsItsGroupAndTrace) {
  topic();
  trace_header_ = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1";
  run("Publish", {{"TopicArn", kArn}, {"Message", "m"}, {"MessageGroupId", "my-group-id-1"}});
  EXPECT_EQ(published_[0].second.group_id, "my-group-id-1");
  EXPECT_EQ(published_[0].second.deduplication_id, "");
  EXPECT_EQ(published_[0].second.trace_header, trace_header_);
}

TEST_F(SnsOperationsTest, AnEndpointIsAskedWhetherToRestoreItsSubscription) {
  topic();
  const std::string arn = subscribe("http", "http://127.0.0.1:1/hook");
  ASSERT_EQ(asked_.size(), 1U);
  run("ConfirmSubscription", {{"TopicArn", kArn}, {"Token", asked_[0]->token}});
  run("Unsubscribe", {{"SubscriptionArn", arn}});
  ASSERT_EQ(asked_back_.size(), 1U);
  EXPECT_EQ(asked_back_[0]->arn, arn);
  EXPECT_NE(asked_back_[0]->token, asked_[0]->token);
  EXPECT_EQ(refused("GetSubscriptionAttributes", {{"SubscriptionArn", arn}}),
            "NotFound | Subscription does not exist");

  EXPECT_EQ(run("ConfirmSubscription", {{"TopicArn", kArn}, {"Token", asked_back_[0]->token}}),
            json({{"SubscriptionArn", arn}}));
  EXPECT_EQ(subscription_attributes(arn)["PendingConfirmation"], "false");
  // A queue isn't asked.
  run("Unsubscribe", {{"SubscriptionArn", subscribe("sqs", kQueue)}});
  EXPECT_EQ(asked_back_.size(), 1U);
}

}  // namespace
}  // namespace kiln::services
