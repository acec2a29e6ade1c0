// What each kind of subscriber gets to see of a message.
#include "notify/message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln::notify {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

const char* const kTopic = "arn:aws:sns:eu-west-1:000000000000:t";
const std::string kSubscription = std::string(kTopic) + ":11111111-2222-3333-4444-555555555555";

Envelope envelope() {
  Envelope out;
  out.message_id = "id-1";
  out.topic_arn = kTopic;
  out.subscription_arn = kSubscription;
  out.kiln_url = "http://127.0.0.1:4566";
  out.time = WallTime(std::chrono::milliseconds(1769000000123));
  return out;
}

Message message() {
  Message out;
  out.text = "a \"text\"\n";
  out.subject = "s";
  out.attributes = {{"b", "String", "1"}, {"a", "Binary", "AgME"}};
  return out;
}

std::vector<std::string> members(const ordered_json& document) {
  std::vector<std::string> out;
  for (const auto& [name, value] : document.items()) out.push_back(name);
  return out;
}

using Names = std::vector<std::string>;

TEST(Message, ProtocolNamesBothWays) {
  for (const char* name : {"lambda", "http", "https", "sqs", "email", "email-json", "sms"}) {
    const auto protocol = protocol_of(name);
    ASSERT_TRUE(protocol) << name;
    EXPECT_STREQ(protocol_name(*protocol), name);
  }
  for (const char* name : {"", "firehose", "HTTP", "email-", "application"}) {
    EXPECT_FALSE(protocol_of(name)) << name;
  }
}

TEST(Message, Notification) {
  const auto m = message();
  const auto document = ordered_json::parse(notification(m, m.text, envelope()));
  EXPECT_EQ(members(document), (Names{"Type", "MessageId", "TopicArn", "Subject", "Message",
                                      "Timestamp", "SignatureVersion", "Signature",
                                      "SigningCertURL", "UnsubscribeURL", "MessageAttributes"}));
  EXPECT_EQ(document["Type"], "Notification");
  EXPECT_EQ(document["MessageId"], "id-1");
  EXPECT_EQ(document["TopicArn"], kTopic);
  EXPECT_EQ(document["Subject"], "s");
  EXPECT_EQ(document["Message"], "a \"text\"\n");
  EXPECT_EQ(document["Timestamp"], "2026-01-21T12:53:20.123Z");
  EXPECT_EQ(document["SignatureVersion"], "1");
  EXPECT_EQ(document["SigningCertURL"], "http://127.0.0.1:4566/SimpleNotificationService-kiln.pem");
  EXPECT_EQ(document["UnsubscribeURL"],
            "http://127.0.0.1:4566/?Action=Unsubscribe&SubscriptionArn=" + kSubscription);
  EXPECT_EQ(
      document["MessageAttributes"],
      ordered_json::parse(
          R"({"b": {"Type": "String", "Value": "1"}, "a": {"Type": "Binary", "Value": "AgME"}})"));
}

TEST(Message, NotificationWithoutSubjectAndAttributes) {
  Message m;
  m.text = "t";
  EXPECT_EQ(members(ordered_json::parse(notification(m, m.text, envelope()))),
            (Names{"Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion",
                   "Signature", "SigningCertURL", "UnsubscribeURL"}));
}

TEST(Message, NotificationIsLaidOutAsSnsDoes) {
  Message m;
  m.text = "t";
  m.attributes = {{"a", "String", "1"}};
  const std::string text = notification(m, m.text, envelope());
  EXPECT_TRUE(text.starts_with("{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"id-1\",\n"))
      << text;
  EXPECT_TRUE(
      text.ends_with(",\n  \"MessageAttributes\" : {\n    \"a\" : "
                     "{\"Type\":\"String\",\"Value\":\"1\"}\n  }\n}"))
      << text;
}

TEST(Message, NotificationIsJsonWhateverTheText) {
  Message m;
  m.text = std::string("\x00\x1f\"\\\xff\xe2\x82", 7);
  m.subject = "\"\\";
  const auto document = json::parse(notification(m, m.text, envelope()), nullptr, false);
  ASSERT_FALSE(document.is_discarded());
  EXPECT_EQ(document["Subject"], "\"\\");
}

TEST(Message, SignatureVersionOfTheEnvelope) {
  Envelope e = envelope();
  e.signature_version = "2";
  Message m;
  m.text = "t";
  EXPECT_EQ(json::parse(notification(m, m.text, e))["SignatureVersion"], "2");
  // Functions are told 1 all the same.
  EXPECT_EQ(json::parse(lambda_event(m, m.text, e))["Records"][0]["Sns"]["SignatureVersion"], "1");
}

TEST(Message, LambdaEvent) {
  const auto m = message();
  const auto event = ordered_json::parse(lambda_event(m, "for functions", envelope()));
  ASSERT_EQ(event["Records"].size(), 1U);
  const auto& record = event["Records"][0];
  EXPECT_EQ(members(record), (Names{"EventSource", "EventVersion", "EventSubscriptionArn", "Sns"}));
  EXPECT_EQ(record["EventSource"], "aws:sns");
  EXPECT_EQ(record["EventVersion"], "1.0");
  EXPECT_EQ(record["EventSubscriptionArn"], kSubscription);
  const auto& sns = record["Sns"];
  EXPECT_EQ(members(sns), (Names{"Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp",
                                 "SignatureVersion", "Signature", "SigningCertUrl",
                                 "UnsubscribeUrl", "MessageAttributes"}));
  EXPECT_EQ(sns["Message"], "for functions");
  EXPECT_EQ(sns["Timestamp"], "2026-01-21T12:53:20.123Z");
  EXPECT_EQ(sns["MessageAttributes"]["a"],
            ordered_json::parse(R"({"Type": "Binary", "Value": "AgME"})"));
}

TEST(Message, LambdaEventHasEveryMemberOfAnEmptyMessage) {
  Message m;
  m.text = "t";
  const auto sns = json::parse(lambda_event(m, m.text, envelope()))["Records"][0]["Sns"];
  EXPECT_TRUE(sns["Subject"].is_null());
  EXPECT_EQ(sns["MessageAttributes"], json::object());
}

TEST(Message, Confirmation) {
  const auto document =
      ordered_json::parse(confirmation(Confirmation::kSubscribe, "abc", envelope()));
  EXPECT_EQ(members(document),
            (Names{"Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp",
                   "SignatureVersion", "Signature", "SigningCertURL"}));
  EXPECT_EQ(document["Type"], "SubscriptionConfirmation");
  EXPECT_EQ(document["Token"], "abc");
  EXPECT_EQ(document["Message"],
            "You have chosen to subscribe to the topic " + std::string(kTopic) +
                ".\nTo confirm the subscription, visit the SubscribeURL included in this message.");
  EXPECT_EQ(document["SubscribeURL"],
            "http://127.0.0.1:4566/?Action=ConfirmSubscription&TopicArn=" + std::string(kTopic) +
                "&Token=abc");
  EXPECT_EQ(document["SubscribeURL"], subscribe_url("abc", envelope()));
}

// As recorded.
TEST(Message, AnEndAsksWhetherToRestore) {
  const auto document =
      ordered_json::parse(confirmation(Confirmation::kUnsubscribe, "abc", envelope()));
  EXPECT_EQ(document["Type"], "UnsubscribeConfirmation");
  EXPECT_EQ(document["Message"],
            "You have chosen to deactivate subscription " + std::string(kSubscription) +
                ".\nTo cancel this operation and restore the subscription, visit the SubscribeURL "
                "included in this message.");
  EXPECT_EQ(document["SubscribeURL"], subscribe_url("abc", envelope()));
  const auto headers = confirmation_headers(Confirmation::kUnsubscribe, envelope());
  EXPECT_EQ(headers[0].second, "UnsubscribeConfirmation");
  EXPECT_EQ(headers[3],
            (std::pair<std::string, std::string>("x-amz-sns-subscription-arn", kSubscription)));
}

// A FIFO topic's message has a number and no signature, as recorded.
TEST(Message, NotificationOfAFifoTopic) {
  Message m;
  m.text = "t";
  Envelope e = envelope();
  e.sequence_number = "10000000000000003000";
  const auto document = ordered_json::parse(notification(m, m.text, e));
  EXPECT_EQ(members(document), (Names{"Type", "MessageId", "SequenceNumber", "TopicArn", "Message",
                                      "Timestamp", "UnsubscribeURL"}));
  EXPECT_EQ(document["SequenceNumber"], "10000000000000003000");
}

TEST(Message, TextForEachProtocol) {
  Message m;
  m.text = R"({"default": "d", "lambda": "l", "http": "h", "email": 5, "sqs": ""})";
  EXPECT_EQ(text_for(m, Protocol::kLambda), m.text);
  m.structure = Message::Structure::kJson;
  const struct {
    Protocol protocol;
    const char* text;
  } cases[] = {{Protocol::kLambda, "l"}, {Protocol::kHttp, "h"},  {Protocol::kHttps, "d"},
               {Protocol::kSqs, ""},     {Protocol::kEmail, "d"}, {Protocol::kEmailJson, "d"}};
  for (const auto& c : cases)
    EXPECT_EQ(text_for(m, c.protocol), c.text) << protocol_name(c.protocol);
}

TEST(Message, HeadersOfANotification) {
  EXPECT_EQ(notification_headers(envelope(), Delivery::kEnvelope, "text/plain; charset=UTF-8"),
            (HttpHeaders{{"x-amz-sns-message-type", "Notification"},
                         {"x-amz-sns-message-id", "id-1"},
                         {"x-amz-sns-topic-arn", kTopic},
                         {"x-amz-sns-subscription-arn", kSubscription},
                         {"Content-Type", "text/plain; charset=UTF-8"},
                         {"User-Agent", "Amazon Simple Notification Service Agent"},
                         {"Accept-Encoding", "gzip,deflate"}}));
  const auto raw = notification_headers(envelope(), Delivery::kRaw, "application/json");
  EXPECT_EQ(std::count(raw.begin(), raw.end(),
                       std::pair<std::string, std::string>("x-amz-sns-rawdelivery", "true")),
            1);
  EXPECT_EQ(std::count(raw.begin(), raw.end(),
                       std::pair<std::string, std::string>("Content-Type", "application/json")),
            1);
}

TEST(Message, HeadersOfAConfirmation) {
  EXPECT_EQ(confirmation_headers(Confirmation::kSubscribe, envelope()),
            (HttpHeaders{{"x-amz-sns-message-type", "SubscriptionConfirmation"},
                         {"x-amz-sns-message-id", "id-1"},
                         {"x-amz-sns-topic-arn", kTopic},
                         {"Content-Type", "text/plain; charset=UTF-8"},
                         {"User-Agent", "Amazon Simple Notification Service Agent"},
                         {"Accept-Encoding", "gzip,deflate"}}));
}

}  // namespace
}  // namespace kiln::notify
