// Topics and subscriptions: who may be there twice, what is refused, what survives a restart.
#include "tests/support/topic_book_fixture.h"

namespace kiln::notify {
namespace {

using tests::kAccount;
using tests::kArnStart;
using tests::kQueue;
using tests::kRegion;
using tests::refusal;
using tests::TopicBookTest;

TEST_F(TopicBookTest, CreateIsIdempotent) {
  const std::string arn = topic("t", {{"DisplayName", "one"}}, {{"k", "v"}});
  EXPECT_EQ(arn, kArnStart + "t");
  EXPECT_EQ(topic("t", {{"DisplayName", "one"}}, {{"k", "v"}}), arn);
  EXPECT_EQ(topic("t"), arn);
  EXPECT_EQ(at(arn).attributes.at("DisplayName"), "one");
  EXPECT_EQ(at(arn).tags.at("k"), "v");
  EXPECT_EQ(book_.topics(kRegion).size(), 1U);
}

TEST_F(TopicBookTest, OtherAttributesOrTagsAreRefused) {
  topic("t", {{"DisplayName", "one"}}, {{"k", "v"}});
  const std::string attributes =
      "InvalidParameter | Invalid parameter: Attributes Reason: Topic already exists with "
      "different attributes";
  const std::string tags =
      "InvalidParameter | Invalid parameter: Tags Reason: Topic already exists with different tags";
  const struct {
    Attributes attributes, tags;
    std::string answer;
  } cases[] = {
      {{{"DisplayName", "two"}}, {}, attributes},
      {{{"SignatureVersion", "2"}}, {}, attributes},
      {{{"DisplayName", "one"}, {"SignatureVersion", "2"}}, {}, attributes},
      {{}, {{"k", "w"}}, tags},
      {{}, {{"k", "v"}, {"more", "v"}}, tags},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(refusal(book_.create_topic(kRegion, "t", c.attributes, c.tags)), c.answer);
  }
  EXPECT_EQ(refusal(book_.create_topic(kRegion, "t", {{"FifoTopic", "true"}}, {})),
            "InvalidParameter | Invalid parameter: Topic Name");
}

TEST_F(TopicBookTest, Names) {
  const std::string refused = "InvalidParameter | Invalid parameter: Topic Name";
  const struct {
    std::string name;
    std::string answer;
  } cases[] = {
      {"a", "accepted"},
      {"A-z_9", "accepted"},
      {std::string(256, 'n'), "accepted"},
      {std::string(257, 'n'), refused},
      {"", refused},
      {"test.fifo", refused},
      {"a b", refused},
      {"a.b", refused},
      {"a:b", refused},
      {"a/b", refused},
      {"a#", refused},
      {"\xc3\xa4", refused},
      {std::string("a\0", 2), refused},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(refusal(book_.create_topic(kRegion, c.name, {}, {})), c.answer) << c.name;
  }
}

TEST_F(TopicBookTest, TopicAttributes) {
  const std::string long_name(100, 'd');
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const struct {
    std::string name, value;
    std::string answer;  // after "InvalidParameter | Invalid parameter: ", or "accepted"
  } cases[] = {
      {"DisplayName", long_name, "accepted"},
      {"DisplayName", long_name + "d", "DisplayName"},
      {"SignatureVersion", "2", "accepted"},
      {"SignatureVersion", "3", "SignatureVersion"},
      {"Policy", R"({"Version": "2012-10-17"})", "accepted"},
      {"Policy", "", "accepted"},
      {"Policy", "{", "Policy Error: null"},
      {"Policy", "[]", "Policy Error: null"},
      {"Policy", R"({"Statement":)" + deep + "}", "Policy Error: null"},
      {"DeliveryPolicy", R"({"http": {}})", "accepted"},
      {"DeliveryPolicy", "[]", "DeliveryPolicy: is not a JSON object"},
      {"TracingConfig", "Active", "accepted"},
      {"LambdaSuccessFeedbackSampleRate", "100", "accepted"},
      {"HTTPFailureFeedbackRoleArn", "arn:aws:iam::000000000000:role/r", "accepted"},
      {"Colour", "red", "AttributeName"},
      {"", "red", "AttributeName"},
  };
  const std::string arn = topic("t");
  int i = 0;
  for (const auto& c : cases) {
    const bool taken = c.answer == "accepted";
    const std::string start = "InvalidParameter | Invalid parameter: ";
    EXPECT_EQ(refusal(book_.set_topic_attribute(kRegion, arn, c.name, c.value)),
              taken ? c.answer : start + c.answer)
        << c.name;
    EXPECT_EQ(
        refusal(book_.create_topic(kRegion, "c" + std::to_string(++i), {{c.name, c.value}}, {})),
        taken ? c.answer : start + "Attributes Reason: " + c.answer)
        << c.name;
  }
}

TEST_F(TopicBookTest, AnEmptyDeliveryPolicyTakesItAway) {
  const std::string arn = topic("t");
  ASSERT_TRUE(
      book_.set_topic_attribute(kRegion, arn, "DeliveryPolicy",
                                R"({"http": {"defaultHealthyRetryPolicy": {"numRetries": 1}}})"));
  EXPECT_FALSE(at(arn).delivery.delay(2));
  ASSERT_TRUE(book_.set_topic_attribute(kRegion, arn, "DeliveryPolicy", ""));
  EXPECT_TRUE(at(arn).delivery.delay(3));
  EXPECT_FALSE(at(arn).attributes.contains("DeliveryPolicy"));
}

TEST_F(TopicBookTest, TagsUpToTheLimit) {
  Attributes tags;
  for (int i = 0; i < 50; ++i) tags["k" + std::to_string(i)] = "v";
  const std::string arn = topic("t", {}, tags);
  const std::string over =
      "TagLimitExceeded | Could not complete request: tag quota of per resource exceeded";
  EXPECT_EQ(refusal(book_.tag_topic(kRegion, arn, {{"k0", "w"}})), "accepted");
  EXPECT_EQ(refusal(book_.tag_topic(kRegion, arn, {{"k50", "v"}})), over);
  EXPECT_EQ(at(arn).tags.size(), 50U);
  EXPECT_EQ(at(arn).tags.at("k0"), "w");
  EXPECT_EQ(refusal(book_.untag_topic(kRegion, arn, {"k0", "not there"})), "accepted");
  EXPECT_EQ(refusal(book_.tag_topic(kRegion, arn, {{"k50", "v"}})), "accepted");
  tags["k50"] = "v";
  EXPECT_EQ(refusal(book_.create_topic(kRegion, "u", {}, tags)), over);
}

TEST_F(TopicBookTest, ArnsOfTopics) {
  topic("t");
  const struct {
    std::string arn;
    std::string answer;
  } cases[] = {
      {kArnStart + "t", "accepted"},
      {kArnStart + "u", "NotFound | Topic does not exist"},
      {"arn:aws:sns:eu-west-1:111111111111:t", "NotFound | Topic does not exist"},
      {"arn:aws:sns:us-east-1:000000000000:t", "InvalidParameter | Invalid parameter: TopicArn"},
      {kArnStart + "t:more", "InvalidParameter | Invalid parameter: TopicArn"},
      {"arn:aws:sqs:eu-west-1:000000000000:t", "InvalidParameter | Invalid parameter: TopicArn"},
      {"",
       "InvalidParameter | Invalid parameter: TopicArn Reason: An ARN must have at least 6 "
       "elements, not 1"},
      {"a:b",
       "InvalidParameter | Invalid parameter: TopicArn Reason: An ARN must have at least 6 "
       "elements, not 2"},
      {"arn:aws:sns:eu-west-1:t",
       "InvalidParameter | Invalid parameter: TopicArn Reason: An ARN must have at least 6 "
       "elements, not 5"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(refusal(book_.find_topic(kRegion, c.arn)), c.answer) << c.arn;
    EXPECT_EQ(refusal(book_.set_topic_attribute(kRegion, c.arn, "DisplayName", "")), c.answer)
        << c.arn;
    EXPECT_EQ(refusal(book_.subscribe(kRegion, c.arn, "sqs", kQueue, {})), c.answer) << c.arn;
    // There may be none to delete.
    EXPECT_EQ(refusal(book_.delete_topic(kRegion, c.arn)),
              c.answer.starts_with("NotFound") ? "accepted" : c.answer)
        << c.arn;
    topic("t");
  }
  EXPECT_EQ(refusal(book_.tag_topic(kRegion, "arn", {})),
            "InvalidParameter | Invalid parameter: ResourceArn Reason: An ARN must have at least 6 "
            "elements, not 1");
}

TEST_F(TopicBookTest, DeleteTakesTheSubscriptionsAlong) {
  const std::string t = topic("t"), other = topic("t2");
  const auto gone = subscribe(t, "sqs", kQueue);
  const auto stays = subscribe(other, "sqs", kQueue);
  ASSERT_TRUE(book_.delete_topic(kRegion, t));
  EXPECT_EQ(refusal(book_.find_topic(kRegion, t)), "NotFound | Topic does not exist");
  EXPECT_EQ(refusal(book_.find_subscription(kRegion, gone->arn)),
            "NotFound | Subscription does not exist");
  EXPECT_EQ(book_.subscriptions(kRegion), std::vector{stays});
  EXPECT_EQ(port_.documents.size(), 2U);
  EXPECT_TRUE(book_.delete_topic(kRegion, t));
}

TEST_F(TopicBookTest, RegionsAreApart) {
  const std::string arn = topic("t");
  const auto elsewhere = book_.create_topic("us-east-1", "t", {}, {});
  ASSERT_TRUE(elsewhere);
  EXPECT_NE(*elsewhere, arn);
  subscribe(arn, "sqs", kQueue);
  EXPECT_EQ(book_.topics("us-east-1").size(), 1U);
  EXPECT_TRUE(book_.topics("eu-north-1").empty());
  EXPECT_EQ(book_.subscriptions(kRegion).size(), 1U);
  EXPECT_TRUE(book_.subscriptions("us-east-1").empty());
  EXPECT_TRUE(book_.subscriptions("eu-west").empty());
}

TEST_F(TopicBookTest, SubscribeIsIdempotent) {
  const std::string t = topic("t");
  const auto made = subscribe(t, "sqs", kQueue, {{"RawMessageDelivery", "true"}});
  EXPECT_TRUE(made->arn.starts_with(t + ":"));
  EXPECT_EQ(made->arn.size(), t.size() + 37);
  for (const Attributes& again : {Attributes{}, Attributes{{"RawMessageDelivery", "true"}}}) {
    EXPECT_EQ(subscribe(t, "sqs", kQueue, again), made);
  }
  EXPECT_EQ(book_.subscriptions(kRegion).size(), 1U);
  EXPECT_NE(subscribe(t, "sqs", std::string(kQueue) + "2"), made);
  EXPECT_NE(subscribe(t, "http", "http://127.0.0.1/")->arn,
            subscribe(t, "https", "https://127.0.0.1/")->arn);
}

TEST_F(TopicBookTest, SubscribingAgainComparesTheAttributesThatAreGiven) {
  const std::string t = topic("t");
  const auto made = subscribe(
      t, "sqs", kQueue, {{"RawMessageDelivery", "true"}, {"FilterPolicy", R"({"k": ["v"]})"}});
  const std::string different =
      "InvalidParameter | Invalid parameter: Attributes Reason: Subscription already exists with "
      "different attributes";
  const struct {
    Attributes attributes;
    std::string answer;
  } cases[] = {
      {{{"RawMessageDelivery", "true"}}, "accepted"},
      {{{"FilterPolicy", R"({"k": ["v"]})"}}, "accepted"},
      {{{"FilterPolicyScope", "MessageAttributes"}}, "accepted"},
      {{{"RawMessageDelivery", "false"}}, different},
      {{{"FilterPolicy", R"({"k": ["w"]})"}}, different},
      {{{"FilterPolicyScope", "MessageBody"}}, different},
      {{{"RedrivePolicy", R"({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:d"})"}},
       different},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(refusal(book_.subscribe(kRegion, t, "sqs", kQueue, c.attributes)), c.answer);
  }
}

TEST_F(TopicBookTest, ProtocolsAndEndpoints) {
  const std::string t = topic("t");
  const struct {
    const char* protocol;
    const char* endpoint;
    const char* answer;  // after "InvalidParameter | Invalid parameter: ", or "accepted"
  } cases[] = {
      {"sqs", kQueue, "accepted"},
      {"sqs", "http://localhost/000000000000/q", "SQS endpoint ARN"},
      {"sqs", "arn:aws:sqs:eu-west-1:q", "SQS endpoint ARN"},
      {"sqs", "arn:aws:sqs:eu-west-1:000000000000:", "SQS endpoint ARN"},
      {"lambda", "arn:aws:lambda:eu-west-1:000000000000:function:f", "accepted"},
      {"lambda", "f", "Lambda endpoint ARN"},
      {"http", "http://127.0.0.1:8080/hook", "accepted"},
      {"http", "https://127.0.0.1/", "Endpoint must match the specified protocol"},
      {"https", "https://127.0.0.1/", "accepted"},
      {"https", "http://127.0.0.1/", "Endpoint must match the specified protocol"},
      {"email", "a@example.com", "accepted"},
      {"email", "example.com", "Email address"},
      {"email", "@example.com", "Email address"},
      {"email", "a@", "Email address"},
      {"email-json", "a@example.com\r\nBcc: b@example.com", "Email address"},
      {"test-protocol", "x", "Amazon SNS does not support this protocol string: test-protocol"},
      {"", "x", "Amazon SNS does not support this protocol string: "},
      {"firehose", "+1",
       "Protocol Reason: Kiln has no firehose subscriptions; it has lambda, http, https, sqs, "
       "email, email-json, sms"},
      {"sms", "+123123123", "accepted"},
      {"sms", "+12/34-567.890", "accepted"},
  };
  for (const auto& c : cases) {
    const bool taken = std::string(c.answer) == "accepted";
    EXPECT_EQ(refusal(book_.subscribe(kRegion, t, c.protocol, c.endpoint, {})),
              taken ? c.answer : "InvalidParameter | Invalid parameter: " + std::string(c.answer))
        << c.protocol << " " << c.endpoint;
  }
  EXPECT_TRUE(refusal(book_.subscribe(kRegion, t, "http", "127.0.0.1", {}))
                  .starts_with("InvalidParameter | Invalid parameter: HTTP(S) Endpoint: "));
}

TEST_F(TopicBookTest, SubscriptionAttributes) {
  const std::string t = topic("t");
  const auto made = subscribe(t, "sqs", kQueue);
  const struct {
    const char* name;
    const char* value;
    const char* answer;  // after "InvalidParameter | Invalid parameter: ", or "accepted"
  } cases[] = {
      {"FakeAttribute", "v", "AttributeName"},
      {"FakeAttribute", "", "AttributeName"},
      {"RawMessageDelivery", "test-ValUe",
       "RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false."},
      {"RawMessageDelivery", "", "RawMessageDelivery: Invalid value []. Must be true or false."},
      {"RawMessageDelivery", "true", "accepted"},
      {"RedrivePolicy", R"({"deadLetterTargetArn": "fake-arn"})",
       "RedrivePolicy: deadLetterTargetArn is an invalid arn"},
      {"RedrivePolicy", R"({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:q:r"})",
       "RedrivePolicy: deadLetterTargetArn is an invalid arn"},
      {"RedrivePolicy", R"({"deadLetterTargetArn": 5})",
       "RedrivePolicy: deadLetterTargetArn is missing"},
      {"RedrivePolicy", "[]", "RedrivePolicy: deadLetterTargetArn is missing"},
      {"RedrivePolicy", "{invalidjson}",
       "RedrivePolicy: failed to parse JSON. Unexpected character ('i' (code 105)): was expecting "
       "double-quote to start field name\n at [Source: REDACTED "
       "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]"},
      {"RedrivePolicy", R"({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:d"})",
       "accepted"},
      {"FilterPolicy", "{invalidjson}",
       "FilterPolicy: failed to parse JSON. Unexpected character ('i' (code 105)): was expecting "
       "double-quote to start field name\n at [Source: REDACTED "
       "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]"},
      {"FilterPolicy", R"({"k": ["v"]})", "accepted"},
      {"FilterPolicy", R"({"k": {"l": ["v"]}})",
       "Filter policy scope MessageAttributes does not support nested filter policy"},
      {"FilterPolicyScope", "MessageHeader",
       "FilterPolicyScope: Invalid value [MessageHeader]. Please use either MessageBody or "
       "MessageAttributes"},
      {"FilterPolicyScope", "MessageBody", "accepted"},
      {"FilterPolicy", R"({"k": {"l": ["v"]}})", "accepted"},
      {"FilterPolicyScope", "MessageAttributes",
       "Filter policy scope MessageAttributes does not support nested filter policy"},
      {"DeliveryPolicy", R"({"healthyRetryPolicy": {"numRetries": 101}})",
       "DeliveryPolicy: healthyRetryPolicy.numRetries must be between 0 and 100"},
  };
  for (const auto& c : cases) {
    const bool taken = std::string(c.answer) == "accepted";
    EXPECT_EQ(refusal(book_.set_subscription_attribute(kRegion, made->arn, c.name, c.value)),
              taken ? c.answer : "InvalidParameter | Invalid parameter: " + std::string(c.answer))
        << c.name << " " << c.value;
  }
  const auto now = *book_.find_subscription(kRegion, made->arn);
  EXPECT_EQ(now->delivery, Delivery::kRaw);
  EXPECT_EQ(now->dead_letter_arn, "arn:aws:sqs:eu-west-1:000000000000:d");
  ASSERT_TRUE(now->filter);
  EXPECT_EQ(now->filter->scope(), FilterPolicy::Scope::kMessageBody);
  // Who holds the old one is not disturbed.
  EXPECT_EQ(made->delivery, Delivery::kEnvelope);
}

TEST_F(TopicBookTest, AnEmptyValueTakesAnAttributeAway) {
  const auto made = subscribe(
      topic("t"), "sqs", kQueue,
      {{"FilterPolicy", R"({"k": ["v"]})"},
       {"RedrivePolicy", R"({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:d"})"}});
  ASSERT_TRUE(made->filter);
  for (const char* name : {"FilterPolicy", "RedrivePolicy"}) {
    EXPECT_TRUE(book_.set_subscription_attribute(kRegion, made->arn, name, "")) << name;
  }
  const auto now = *book_.find_subscription(kRegion, made->arn);
  EXPECT_FALSE(now->filter);
  EXPECT_EQ(now->dead_letter_arn, "");
  EXPECT_TRUE(now->attributes.empty());
}

TEST_F(TopicBookTest, OnlyQueuesAndUrlsGetRawMessages) {
  const std::string t = topic("t");
  const Attributes raw = {{"RawMessageDelivery", "true"}};
  EXPECT_EQ(refusal(book_.subscribe(kRegion, t, "http", "http://127.0.0.1/", raw)), "accepted");
  EXPECT_EQ(
      refusal(book_.subscribe(kRegion, t, "email", "a@example.com", raw)),
      "InvalidParameter | Invalid parameter: Attributes Reason: Delivery protocol [email] does "
      "not support raw message delivery.");
  EXPECT_EQ(
      refusal(book_.subscribe(kRegion, t, "sqs", kQueue, {{"RawMessageDelivery", "wrongvalue"}})),
      "InvalidParameter | Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid "
      "value [wrongvalue]. Must be true or false.");
}

TEST_F(TopicBookTest, WhoNeedsConfirmation) {
  const std::string t = topic("t");
  for (const auto& [protocol, endpoint] :
       {std::pair("sqs", kQueue),
        std::pair("lambda", "arn:aws:lambda:eu-west-1:000000000000:function:f")}) {
    const auto made = subscribe(t, protocol, endpoint);
    EXPECT_TRUE(made->confirmed) << protocol;
    EXPECT_EQ(made->token, "") << protocol;
  }
  for (const auto& [protocol, endpoint] :
       {std::pair("http", "http://127.0.0.1/"), std::pair("email", "a@example.com")}) {
    const auto made = subscribe(t, protocol, endpoint);
    EXPECT_FALSE(made->confirmed) << protocol;
    EXPECT_EQ(made->token.size(), 256U) << protocol;
  }
}

TEST_F(TopicBookTest, Confirm) {
  const std::string t = topic("t");
  const auto made = subscribe(t, "http", "http://127.0.0.1/");
  const std::string bad_token = "InvalidParameter | Invalid parameter: Token";
  const std::string bad_topic = "InvalidParameter | Invalid parameter: Topic";
  EXPECT_EQ(refusal(book_.confirm(kRegion, t, std::string(256, '0'))), bad_token);
  EXPECT_EQ(refusal(book_.confirm(kRegion, t, "abc123")), bad_token);
  EXPECT_EQ(refusal(book_.confirm(kRegion, t, "")), bad_token);
  EXPECT_EQ(refusal(book_.confirm(kRegion, t, "randomtoken")), "InvalidParameter | Invalid token");
  EXPECT_EQ(refusal(book_.confirm(kRegion, "not-an-arn", made->token)), bad_topic);
  EXPECT_EQ(refusal(book_.confirm(kRegion, "arn:aws:sns:us-east-1:000000000000:t", made->token)),
            bad_topic);
  EXPECT_EQ(refusal(book_.confirm("us-east-1", t, made->token)), bad_topic);
  EXPECT_FALSE((*book_.find_subscription(kRegion, made->arn))->confirmed);

  for (int time = 0; time < 2; ++time) {
    const auto confirmed = book_.confirm(kRegion, t, made->token);
    ASSERT_TRUE(confirmed) << confirmed.error().message;
    EXPECT_TRUE((*confirmed)->confirmed);
    EXPECT_EQ((*confirmed)->arn, made->arn);
  }
}

// As SNS: the token says which subscription it is; of the topic only the Region is looked at.
TEST_F(TopicBookTest, ConfirmWithTheNameOfAnotherTopic) {
  const auto made = subscribe(topic("t"), "http", "http://127.0.0.1/");
  const auto confirmed = book_.confirm(kRegion, kArnStart + "not-there", made->token);
  ASSERT_TRUE(confirmed) << confirmed.error().message;
  EXPECT_EQ((*confirmed)->arn, made->arn);
}

// As recorded.
TEST_F(TopicBookTest, PhonesThatAreNone) {
  const std::string t = topic("t");
  for (const char* bad : {"+15--551234567", "NAA+15551234567", "/+15551234567", "+15551234567.",
                          "invalid-number", "", "+", "+1234567890123456"})
    EXPECT_EQ(refusal(book_.subscribe(kRegion, t, "sms", bad, {})),
              std::string("InvalidParameter | Invalid SMS endpoint: ") + bad);
}

TEST_F(TopicBookTest, Unsubscribe) {
  const auto made = subscribe(topic("t"), "sqs", kQueue);
  const struct {
    std::string arn;
    std::string answer;
  } cases[] = {
      {"randomstring",
       "InvalidParameter | Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 "
       "elements, not 1"},
      {"arn:aws:sns:eu-west-1:random",
       "InvalidParameter | Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 "
       "elements, not 5"},
      {"arn:aws:sns:eu-west-1:111111111111:random",
       "InvalidParameter | Invalid parameter: SubscriptionId"},
      {kArnStart + "t:1234", "InvalidParameter | Invalid parameter: SubscriptionId"},
      {"",
       "InvalidParameter | Invalid parameter: SubscriptionArn Reason: no value for required "
       "parameter"},
      {kArnStart + "t:11111111-2222-3333-4444-555555555555", "accepted"},
      {made->arn, "accepted"},
      {made->arn, "accepted"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(refusal(book_.unsubscribe(kRegion, c.arn)), c.answer) << c.arn;
  }
  EXPECT_EQ(refusal(book_.find_subscription(kRegion, made->arn)),
            "NotFound | Subscription does not exist");
  EXPECT_EQ(
      refusal(book_.set_subscription_attribute(kRegion, made->arn, "RawMessageDelivery", "true")),
      "NotFound | Subscription does not exist");
  EXPECT_EQ(refusal(book_.unsubscribe("us-east-1", made->arn)),
            "InvalidParameter | Invalid parameter: SubscriptionArn");
}

TEST_F(TopicBookTest, SubscriptionsOfATopicWhoseNameStartsAnother) {
  const std::string t = topic("t"), longer = topic("t-2");
  const auto one = subscribe(t, "sqs", kQueue);
  const auto two = subscribe(longer, "sqs", kQueue);
  EXPECT_EQ(book_.subscriptions(*TopicArn::parse(t)), std::vector{one});
  EXPECT_EQ(book_.subscriptions(*TopicArn::parse(longer)), std::vector{two});
}

}  // namespace
}  // namespace kiln::notify
