// Topics and subscriptions as documents: what survives a restart, what can't be read, what can't be
// saved.
#include "tests/support/topic_book_fixture.h"

namespace kiln::notify {
namespace {

using tests::kAccount;
using tests::kArnStart;
using tests::kQueue;
using tests::kRegion;
using tests::refusal;
using tests::TopicBookTest;

TEST_F(TopicBookTest, WhatWasSavedGivesTheSameAnswers) {
  const std::string t = topic("t", {{"DisplayName", "one"}, {"FifoTopic", "false"}}, {{"k", "v"}});
  topic("u");
  ASSERT_TRUE(
      book_.set_topic_attribute(kRegion, t, "DeliveryPolicy",
                                R"({"http": {"defaultHealthyRetryPolicy": {"numRetries": 1}}})"));
  subscribe(
      t, "sqs", kQueue,
      {{"RawMessageDelivery", "true"},
       {"RedrivePolicy", R"({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:d"})"}});
  const auto confirmed =
      subscribe(t, "http", "http://127.0.0.1/a",
                {{"FilterPolicyScope", "MessageBody"}, {"FilterPolicy", R"({"k": ["v"]})"}});
  ASSERT_TRUE(book_.confirm(kRegion, t, confirmed->token));
  const auto pending = subscribe(t, "http", "http://127.0.0.1/b");
  const auto gone = subscribe(t, "sms", "+15550100");
  ASSERT_TRUE(book_.unsubscribe(kRegion, gone->arn));
  ASSERT_TRUE(book_.delete_topic(kRegion, topic("v")));

  TopicBook again(kAccount, port_);
  for (const auto& [key, document] : port_.documents) {
    ASSERT_TRUE(again.load(std::get<0>(key), document)) << document;
  }
  ASSERT_TRUE(again.load("another-kind", "{"));

  ASSERT_EQ(again.topics(kRegion).size(), 2U);
  for (const auto& [name, before] : book_.topics(kRegion)) {
    const Topic& after = again.topics(kRegion).at(name);
    EXPECT_EQ(after.arn.text(), before.arn.text());
    EXPECT_EQ(after.attributes, before.attributes);
    EXPECT_EQ(after.tags, before.tags);
    EXPECT_EQ(after.delivery.text_of_topic(), before.delivery.text_of_topic());
  }
  const auto before = book_.subscriptions(kRegion), after = again.subscriptions(kRegion);
  ASSERT_EQ(after.size(), 3U);
  Message wanted, unwanted;
  wanted.text = R"({"k": "v"})";
  unwanted.text = "{}";
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(subscription_document(*after[i]), subscription_document(*before[i]));
    EXPECT_EQ(after[i]->delivery, before[i]->delivery);
    EXPECT_EQ(after[i]->dead_letter_arn, before[i]->dead_letter_arn);
    EXPECT_TRUE(after[i]->wants(wanted));
    EXPECT_EQ(after[i]->wants(unwanted), before[i]->wants(unwanted));
  }
  ASSERT_TRUE(again.confirm(kRegion, t, pending->token));
}

TEST_F(TopicBookTest, TopicsOfBeforeTheirEndedSubscriptionsWereCountedAreRead) {
  const std::string arn = "arn:aws:sns:eu-west-1:000000000000:old";
  ASSERT_TRUE(book_.load(TopicBook::kTopicKind,
                         R"({"arn": ")" + arn + R"(", "attributes": {}, "tags": {"k": "v"}})"));
  const auto found = book_.find_topic(kRegion, arn);
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)->unsubscribed, 0U);
  EXPECT_EQ((*found)->tags, (Attributes{{"k", "v"}}));
  const auto made = subscribe(arn, "sqs", kQueue);
  ASSERT_TRUE(book_.unsubscribe(kRegion, made->arn));
  EXPECT_EQ((*book_.find_topic(kRegion, arn))->unsubscribed, 1U);
}

TEST_F(TopicBookTest, DocumentsThatCantBeReadAreRefused) {
  for (const char* document :
       {"", "[]", "{}", R"({"arn": 5})", R"({"arn": "arn", "attributes": {}, "tags": {}})",
        R"({"arn": "arn:aws:sns:r:0:t", "attributes": {}, "tags": {}, "unsubscribed": "one"})",
        R"({"arn": "arn:aws:sns:r:0:t", "attributes": {"Colour": "red"}, "tags": {}})"}) {
    EXPECT_FALSE(book_.load(TopicBook::kTopicKind, document)) << document;
  }
  for (
      const char* document :
      {"", "{}", R"({"topic": "t"})",
       R"({"arn": "a", "topic": "arn:aws:sns:r:0:t", "protocol": "fax", "endpoint": "", "attributes": {}, "confirmed": true, "token": ""})"}) {
    EXPECT_FALSE(book_.load(TopicBook::kSubscriptionKind, document)) << document;
  }
  EXPECT_TRUE(book_.topics("r").empty());
}

TEST_F(TopicBookTest, WhatCantBeSavedDoesNotHappen) {
  const std::string t = topic("t", {{"DisplayName", "one"}}, {{"k", "v"}});
  const auto queue = subscribe(t, "sqs", kQueue);
  const auto pending = subscribe(t, "http", "http://127.0.0.1/");
  const auto documents = port_.documents;
  port_.full = true;
  const std::string full = "DatabaseError | the disk is full";
  EXPECT_EQ(refusal(book_.create_topic(kRegion, "u", {}, {})), full);
  EXPECT_EQ(refusal(book_.set_topic_attribute(kRegion, t, "DisplayName", "two")), full);
  EXPECT_EQ(refusal(book_.tag_topic(kRegion, t, {{"k", "w"}})), full);
  EXPECT_EQ(refusal(book_.untag_topic(kRegion, t, {"k"})), full);
  EXPECT_EQ(refusal(book_.subscribe(kRegion, t, "sqs", std::string(kQueue) + "2", {})), full);
  EXPECT_EQ(refusal(book_.confirm(kRegion, t, pending->token)), full);
  EXPECT_EQ(
      refusal(book_.set_subscription_attribute(kRegion, queue->arn, "RawMessageDelivery", "true")),
      full);
  EXPECT_EQ(refusal(book_.unsubscribe(kRegion, queue->arn)), full);
  EXPECT_EQ(refusal(book_.delete_topic(kRegion, t)), full);
  EXPECT_EQ(book_.topics(kRegion).size(), 1U);
  EXPECT_EQ(at(t).attributes, (Attributes{{"DisplayName", "one"}}));
  EXPECT_EQ(at(t).tags, (Attributes{{"k", "v"}}));
  EXPECT_EQ(book_.subscriptions(kRegion).size(), 2U);
  EXPECT_EQ(*book_.find_subscription(kRegion, queue->arn), queue);
  EXPECT_EQ(*book_.find_subscription(kRegion, pending->arn), pending);
  EXPECT_EQ(port_.documents, documents);
  // Nothing is to be written: no trouble.
  EXPECT_EQ(topic("t"), t);
  EXPECT_EQ(subscribe(t, "sqs", kQueue), queue);
}

}  // namespace
}  // namespace kiln::notify
