// What queues get beside the text: order, groups and traces.
#include "tests/support/notifier_fixture.h"

namespace kiln::engine {
namespace {

constexpr const char* kTrace =
    "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1";

class NotifierOrderTest : public NotifierTest {
 protected:
  void make_fifo() {
    topic_ = on_control([&] {
      return *book_.create_topic(kRegion, "t.fifo", {{"FifoTopic", "true"}}, {});
    });
  }
  static notify::Message message(const std::string& text, const std::string& id) {
    notify::Message out;
    out.text = text;
    out.group_id = "message-group-id-1";
    out.deduplication_id = id;
    return out;
  }
  static std::string queue(const std::string& name) {
    return "arn:aws:sqs:eu-west-1:000000000000:" + name;
  }
};

// What AWS passes on to each kind of queue, as recorded.
TEST_F(NotifierOrderTest, AFifoTopicsQueues) {
  make_fifo();
  subscribe("sqs", queue("q.fifo"));
  const auto answer = published(message("Test", "message-deduplication-id-1"));
  const json sent = sent_to_queue();
  EXPECT_EQ(sent["MessageGroupId"], "message-group-id-1");
  EXPECT_EQ(sent["MessageDeduplicationId"], "message-deduplication-id-1");
  const json body = json::parse(sent["MessageBody"].get<std::string>());
  EXPECT_EQ(body["SequenceNumber"], answer.sequence_number);
  EXPECT_FALSE(body.contains("Signature"));
}

TEST_F(NotifierOrderTest, AStandardQueueOfAFifoTopicGetsNoGroup) {
  make_fifo();
  subscribe("sqs", queue("q"));
  publish(message("Test", "d"));
  const json sent = sent_to_queue();
  EXPECT_FALSE(sent.contains("MessageGroupId"));
  EXPECT_FALSE(sent.contains("MessageDeduplicationId"));
  EXPECT_TRUE(json::parse(sent["MessageBody"].get<std::string>()).contains("SequenceNumber"));
}

TEST_F(NotifierOrderTest, AStandardTopicsQueueGetsTheGroup) {
  subscribe("sqs", queue("q"));
  publish(message("Test", ""));
  const json sent = sent_to_queue();
  EXPECT_EQ(sent["MessageGroupId"], "message-group-id-1");
  EXPECT_FALSE(sent.contains("MessageDeduplicationId"));
}

TEST_F(NotifierOrderTest, WhatIsPublishedAgainIsNotDelivered) {
  make_fifo();
  subscribe("sqs", queue("q.fifo"), {{"RawMessageDelivery", "true"}});
  const auto first = published(message("one", "same"));
  const auto again = published(message("two", "same"));
  EXPECT_EQ(again.message_id, first.message_id);
  EXPECT_EQ(again.sequence_number, first.sequence_number);
  publish(message("three", "other"));
  const auto both = inbox_.requests("/", 2);
  EXPECT_EQ(json::parse(both[0].body)["MessageBody"], "one");
  EXPECT_EQ(json::parse(both[1].body)["MessageBody"], "three");
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsDelivered", 2));
}

TEST_F(NotifierOrderTest, AQueueOfAFifoTopicGetsOneAfterTheOther) {
  make_fifo();
  subscribe("sqs", queue("q.fifo"), {{"RawMessageDelivery", "true"}});
  on_control([&] {
    for (int i = 0; i < 50; ++i)
      notifier_->publish(**book_.find_topic(kRegion, topic_),
                         message(std::to_string(i), std::to_string(i)));
    return 0;
  });
  const auto got = inbox_.requests("/", 50);
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(json::parse(got[i].body)["MessageBody"], std::to_string(i));
}

TEST_F(NotifierOrderTest, TheDeadLetterKeepsItsOrder) {
  make_fifo();
  inbox_.answer("/", {400, 200});
  subscribe("sqs", queue("q.fifo"),
            {{"RedrivePolicy",
              R"({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:dead.fifo"})"}});
  publish(message("m", "d"));
  const json letter = json::parse(inbox_.requests("/", 2)[1].body);
  EXPECT_EQ(letter["QueueUrl"], url("/000000000000/dead.fifo"));
  EXPECT_EQ(letter["MessageGroupId"], "message-group-id-1");
  EXPECT_EQ(letter["MessageDeduplicationId"], "d");
}

TEST_F(NotifierOrderTest, TheTraceGoesOn) {
  subscribe("sqs", queue("q"));
  subscribe("lambda", "arn:aws:lambda:eu-west-1:000000000000:function:f");
  notify::Message traced;
  traced.text = "m";
  traced.trace_header = kTrace;
  publish(traced);
  EXPECT_EQ(sent_to_queue()["MessageSystemAttributes"],
            json({{"AWSTraceHeader", {{"DataType", "String"}, {"StringValue", kTrace}}}}));
  const std::string given = inbox_.invocations()[0].trace_id;
  EXPECT_EQ(given.find("Root=1-3152b799-8954dae64eda91bc9a23a7e8;"), 0U) << given;
  EXPECT_NE(given.find("Sampled=1"), std::string::npos) << given;
}

TEST_F(NotifierOrderTest, AnEndpointIsAskedWhetherToRestore) {
  const SubscriptionPtr to = subscribe("http", url("/hook"));
  const SubscriptionPtr ended = on_control([&] { return *book_.unsubscribe(kRegion, to->arn); });
  ASSERT_TRUE(ended);
  on_control([&] {
    notifier_->ask_confirmation(notify::Confirmation::kUnsubscribe, ended);
    return 0;
  });
  const Got got = inbox_.requests("/hook", 1)[0];
  EXPECT_EQ(got.headers.at("x-amz-sns-message-type"), "UnsubscribeConfirmation");
  EXPECT_EQ(got.headers.at("x-amz-sns-subscription-arn"), to->arn);
  EXPECT_EQ(json::parse(got.body)["Token"], ended->token);
}

}  // namespace
}  // namespace kiln::engine
