// Messages on their way to subscribers: over real sockets within this process, with retries on a
// clock that runs fast.
#include "tests/support/notifier_fixture.h"

namespace kiln::engine {
namespace {

TEST_F(NotifierTest, AnEndpointGetsTheNotification) {
  const auto to = subscribe("http", url("/hook"));
  notify::Message message;
  message.text = "hello";
  message.subject = "s";
  const std::string id = publish(message);
  const Got got = inbox_.requests("/hook", 1)[0];
  const json body = json::parse(got.body);
  EXPECT_EQ(body["Type"], "Notification");
  EXPECT_EQ(body["MessageId"], id);
  EXPECT_EQ(body["TopicArn"], topic_);
  EXPECT_EQ(body["Message"], "hello");
  EXPECT_EQ(body["Subject"], "s");
  EXPECT_EQ(got.headers.at("x-amz-sns-message-type"), "Notification");
  EXPECT_EQ(got.headers.at("x-amz-sns-message-id"), id);
  EXPECT_EQ(got.headers.at("x-amz-sns-topic-arn"), topic_);
  EXPECT_EQ(got.headers.at("x-amz-sns-subscription-arn"), to->arn);
  EXPECT_EQ(got.headers.at("content-type"), "text/plain; charset=UTF-8");
  EXPECT_EQ(got.headers.at("user-agent"), "Amazon Simple Notification Service Agent");
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsDelivered", 1));
  EXPECT_TRUE(inbox_.counted("NumberOfMessagesPublished", 1));
  EXPECT_TRUE(inbox_.counted("PublishSize", 5));
}

TEST_F(NotifierTest, RawDeliveryIsTheTextAlone) {
  subscribe(
      "http", url("/raw"),
      {{"RawMessageDelivery", "true"},
       {"DeliveryPolicy", R"({"requestPolicy": {"headerContentType": "application/json"}})"}});
  publish(R"({"k": 1})");
  const Got got = inbox_.requests("/raw", 1)[0];
  EXPECT_EQ(got.body, R"({"k": 1})");
  EXPECT_EQ(got.headers.at("x-amz-sns-rawdelivery"), "true");
  EXPECT_EQ(got.headers.at("content-type"), "application/json");
}

TEST_F(NotifierTest, EachProtocolGetsItsText) {
  subscribe("http", url("/h"), {{"RawMessageDelivery", "true"}});
  subscribe("lambda", "arn:aws:lambda:eu-west-1:000000000000:function:f");
  subscribe("email", "a@example.com");
  notify::Message message;
  message.text = R"({"default": "d", "http": "for endpoints", "lambda": "for functions"})";
  message.structure = notify::Message::Structure::kJson;
  publish(message);
  EXPECT_EQ(inbox_.requests("/h", 1)[0].body, "for endpoints");
  EXPECT_TRUE(inbox_.logged("e-mail to a@example.com: AWS Notification Message: d"));
  ASSERT_EQ(inbox_.invocations().size(), 1U);
  EXPECT_EQ(json::parse(inbox_.invocations()[0].payload).at("/Records/0/Sns/Message"_json_pointer),
            "for functions");
}

TEST_F(NotifierTest, AFunctionIsInvokedByItsQualifier) {
  const auto to = subscribe("lambda", "arn:aws:lambda:eu-west-1:000000000000:function:f:live");
  publish("hello");
  ASSERT_EQ(inbox_.invocations().size(), 1U);
  const InvokeRequest request = inbox_.invocations()[0];
  EXPECT_EQ(request.region, kRegion);
  EXPECT_EQ(request.function_name, "f");
  EXPECT_EQ(request.qualifier, "live");
  EXPECT_EQ(request.request_id.size(), 36U);
  EXPECT_EQ(json::parse(request.payload).at("/Records/0/EventSubscriptionArn"_json_pointer),
            to->arn);
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsDelivered", 1));
}

TEST_F(NotifierTest, AQueueGetsTheMessageThroughItsServer) {
  subscribe("sqs", "arn:aws:sqs:eu-central-1:000000000000:q", {{"RawMessageDelivery", "true"}});
  notify::Message message;
  message.text = "hello";
  message.attributes = {{"a", "String.Array", "[1]"}, {"b", "Binary", "AgME"}};
  publish(message);
  const Got got = inbox_.requests("/", 1)[0];
  EXPECT_EQ(json::parse(got.body),
            json({{"QueueUrl", url("/000000000000/q")},
                  {"MessageBody", "hello"},
                  {"MessageAttributes",
                   {{"a", {{"DataType", "String"}, {"StringValue", "[1]"}}},
                    {"b", {{"DataType", "Binary"}, {"BinaryValue", "AgME"}}}}}}));
  EXPECT_EQ(got.headers.at("x-amz-target"), "AmazonSQS.SendMessage");
  EXPECT_EQ(got.headers.at("content-type"), "application/x-amz-json-1.0");
  EXPECT_NE(got.headers.at("authorization").find("/eu-central-1/sqs/"), std::string::npos);
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsDelivered", 1));
}

TEST_F(NotifierTest, OnlyThoseThatWantTheMessageGetIt) {
  subscribe("http", url("/red"), {{"FilterPolicy", R"({"colour": ["red"]})"}});
  subscribe("http", url("/blue"), {{"FilterPolicy", R"({"colour": ["blue"]})"}});
  notify::Message message;
  message.text = "m";
  message.attributes = {{"colour", "String", "red"}};
  publish(message);
  inbox_.requests("/red", 1);
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsFilteredOut", 1));
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsDelivered", 1));
  EXPECT_EQ(inbox_.requests_so_far("/blue"), 0U);
}

TEST_F(NotifierTest, WhoIsNotConfirmedGetsNothing) {
  on_control([&] {
    EXPECT_TRUE(book_.subscribe(kRegion, topic_, "http", url("/pending"), {}));
    return 0;
  });
  subscribe("http", url("/confirmed"));
  publish("m");
  inbox_.requests("/confirmed", 1);
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsDelivered", 1));
  EXPECT_EQ(inbox_.requests_so_far("/pending"), 0U);
}

TEST_F(NotifierTest, ATopicWithoutSubscribersHasAnIdForTheMessage) {
  EXPECT_EQ(publish("m").size(), 36U);
}

TEST_F(NotifierTest, RetriedAfterTheDelayOfThePolicy) {
  inbox_.answer("/flaky", {500, 503, 200});
  subscribe("http", url("/flaky"));
  publish("m");
  const auto attempts = inbox_.requests("/flaky", 3);
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_GE(attempts[i].when - attempts[i - 1].when, clock_.real(std::chrono::seconds(20)));
    EXPECT_EQ(attempts[i].body, attempts[0].body);
  }
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsDelivered", 1));
  EXPECT_EQ(inbox_.requests_so_far("/flaky"), 3U);
}

TEST_F(NotifierTest, TooManyRequestsIsRetried) {
  inbox_.answer("/busy", {429, 200});
  subscribe("http", url("/busy"));
  publish("m");
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsDelivered", 1));
  EXPECT_EQ(inbox_.requests_so_far("/busy"), 2U);
}

TEST_F(NotifierTest, GivenUpAfterTheLastRetry) {
  inbox_.answer("/down", {500});
  subscribe("http", url("/down"));
  publish("m");
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsFailed", 1));
  EXPECT_TRUE(inbox_.logged("not delivered: after 4 attempts: it answered 500")) << inbox_.lines();
  EXPECT_EQ(inbox_.requests_so_far("/down"), static_cast<size_t>(kDefaultAttempts));
}

TEST_F(NotifierTest, TheRequestsOwnFaultIsNotRetried) {
  int failed = 0;
  for (const unsigned status : {400U, 403U, 404U, 499U}) {
    const std::string path = "/" + std::to_string(status);
    inbox_.answer(path, {status});
    subscribe("http", url(path));
    ++failed;
  }
  publish("m");
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsFailed", failed));
  for (const char* path : {"/400", "/403", "/404", "/499"}) {
    EXPECT_EQ(inbox_.requests_so_far(path), 1U) << path;
    EXPECT_TRUE(inbox_.logged("after 1 attempts: it answered " + std::string(path + 1)));
  }
}

TEST_F(NotifierTest, NobodyThereIsRetriedToo) {
  uint16_t port = 0;
  {
    net::HttpServer closed({&server_loop_}, {}, [](net::HttpConnection&) { return nullptr; });
    ASSERT_TRUE(closed.listen("127.0.0.1", 0));
    port = closed.port();
  }
  // The server's socket is closed on its loop.
  std::promise<void> passed;
  server_loop_.post([&] { passed.set_value(); });
  passed.get_future().wait();
  subscribe("http", "http://127.0.0.1:" + std::to_string(port) + "/");
  publish("m");
  EXPECT_TRUE(inbox_.logged("not delivered: after 4 attempts: ")) << inbox_.lines();
}

TEST_F(NotifierTest, TheSubscriptionsOwnPolicyIsUsed) {
  inbox_.answer("/once", {500});
  subscribe("http", url("/once"),
            {{"DeliveryPolicy", R"({"healthyRetryPolicy": {"numRetries": 0}})"}});
  publish("m");
  EXPECT_TRUE(inbox_.logged("not delivered: after 1 attempts: it answered 500")) << inbox_.lines();
}

TEST_F(NotifierTest, TheTopicsPolicyIsUsed) {
  on_control([&] {
    return book_
        .set_topic_attribute(kRegion, topic_, "DeliveryPolicy",
                             R"({"http": {"defaultHealthyRetryPolicy": {"numRetries": 1}}})")
        .ok();
  });
  inbox_.answer("/twice", {500});
  subscribe("http", url("/twice"));
  publish("m");
  EXPECT_TRUE(inbox_.logged("not delivered: after 2 attempts: it answered 500")) << inbox_.lines();
}

TEST_F(NotifierTest, ASubscriberThatNeverAnswersHoldsUpNobody) {
  inbox_.answer("/silent", {0});
  subscribe("http", url("/silent"));
  subscribe("http", url("/other"));
  constexpr size_t kMessages = 3 * Notifier::kPerSubscriber;
  for (size_t i = 0; i < kMessages; ++i) publish(std::to_string(i));
  inbox_.requests("/other", kMessages);
  inbox_.requests("/silent", Notifier::kPerSubscriber);
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsDelivered", kMessages));
  // No more at a time than one subscriber may have.
  EXPECT_EQ(inbox_.requests_so_far("/silent"), static_cast<size_t>(Notifier::kPerSubscriber));
}

TEST_F(NotifierTest, SoManyMessagesWaitAndNoMore) {
  inbox_.answer("/silent", {0});
  subscribe("http", url("/silent"), {{"RawMessageDelivery", "true"}});
  on_control([&] {
    notify::Message message;
    message.text = "m";
    for (size_t i = 0; i < Notifier::kWaiting; ++i)
      notifier_->publish(**book_.find_topic(kRegion, topic_), message);
    return 0;
  });
  EXPECT_EQ(inbox_.lines(), "");
  publish("m");
  EXPECT_TRUE(inbox_.logged("10000 messages wait for it already"));
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsFailed", 1));
}

TEST_F(NotifierTest, TheDeadLetterQueueGetsWhatAnEndpointRefuses) {
  inbox_.answer("/gone", {404});
  subscribe("http", url("/gone"), with_dead_letters());
  const std::string id = publish("m");
  const json sent = sent_to_queue();
  EXPECT_EQ(sent["QueueUrl"], url("/000000000000/dead"));
  EXPECT_FALSE(sent.contains("MessageAttributes"));
  const json body = json::parse(sent["MessageBody"].get<std::string>());
  EXPECT_EQ(body["MessageId"], id);
  EXPECT_EQ(body["Message"], "m");
}

TEST_F(NotifierTest, TheDeadLetterQueueGetsARawMessageWithItsAttributes) {
  inbox_.answer("/gone", {404});
  subscribe("http", url("/gone"), with_dead_letters({{"RawMessageDelivery", "true"}}));
  notify::Message message;
  message.text = "m";
  message.attributes = {{"attr1", "Number", "111"}};
  publish(message);
  const json sent = sent_to_queue();
  EXPECT_EQ(sent["MessageBody"], "m");
  EXPECT_EQ(sent["MessageAttributes"],
            json({{"attr1", {{"DataType", "Number"}, {"StringValue", "111"}}}}));
}

TEST_F(NotifierTest, TheDeadLetterQueueGetsWhatAFunctionCant) {
  subscribe("lambda", "arn:aws:lambda:eu-west-1:000000000000:function:missing",
            with_dead_letters());
  publish("m");
  const json body = json::parse(sent_to_queue()["MessageBody"].get<std::string>());
  EXPECT_EQ(body["Type"], "Notification");
  EXPECT_EQ(body["Message"], "m");
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsFailed", 1));
}

TEST_F(NotifierTest, TheDeadLetterQueueGetsWhatAnotherQueueRefuses) {
  inbox_.answer("/", {400, 200});
  subscribe("sqs", "arn:aws:sqs:eu-west-1:000000000000:q", with_dead_letters());
  publish("m");
  const auto both = inbox_.requests("/", 2);
  const json first = json::parse(both[0].body), second = json::parse(both[1].body);
  EXPECT_EQ(first["QueueUrl"], url("/000000000000/q"));
  EXPECT_EQ(second["QueueUrl"], url("/000000000000/dead"));
  EXPECT_EQ(first["MessageBody"], second["MessageBody"]);
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsFailed", 1));
}

TEST_F(NotifierTest, ADeadLetterQueueThatRefusesIsLogged) {
  inbox_.answer("/gone", {404});
  inbox_.answer("/", {500});
  const auto to = subscribe("http", url("/gone"), with_dead_letters());
  publish("m");
  EXPECT_TRUE(inbox_.logged("dead-letter queue of " + to->arn)) << inbox_.lines();
  EXPECT_TRUE(inbox_.logged("the server answered 500"));
}

TEST_F(NotifierTest, WithoutAServerForQueuesTheLogSaysHowToGetOne) {
  std::promise<std::string> said;
  QueueSender none(control_, "");
  none.send(
      "arn:aws:sqs:eu-west-1:000000000000:q", {"m", {}, "", "", ""},
      [&](const Result<void>& sent) { said.set_value(sent ? "sent" : sent.error().message); });
  EXPECT_EQ(said.get_future().get(),
            "no message to arn:aws:sqs:eu-west-1:000000000000:q: Kiln has no queues; start it with "
            "--forward sqs=URL to use another server's");
}

TEST_F(NotifierTest, AsksAnEndpointToConfirm) {
  inbox_.answer("/hook", {500, 200});
  const SubscriptionPtr pending = on_control(
      [&] { return *book_.subscribe(kRegion, topic_, "http", url("/hook"), with_dead_letters()); });
  on_control([&] {
    notifier_->ask_confirmation(notify::Confirmation::kSubscribe, pending);
    return 0;
  });
  const Got got = inbox_.requests("/hook", 2)[1];
  EXPECT_EQ(got.headers.at("x-amz-sns-message-type"), "SubscriptionConfirmation");
  EXPECT_FALSE(got.headers.contains("x-amz-sns-subscription-arn"));
  const json body = json::parse(got.body);
  EXPECT_EQ(body["Type"], "SubscriptionConfirmation");
  EXPECT_EQ(body["Token"], pending->token);
  EXPECT_EQ(body["SubscribeURL"], "http://127.0.0.1:4566/?Action=ConfirmSubscription&TopicArn=" +
                                      topic_ + "&Token=" + pending->token);
}

// It is no message: it doesn't count, and no queue gets it.
TEST_F(NotifierTest, AConfirmationThatNobodyTakesIsLogged) {
  inbox_.answer("/gone", {404});
  const SubscriptionPtr pending = on_control(
      [&] { return *book_.subscribe(kRegion, topic_, "http", url("/gone"), with_dead_letters()); });
  on_control([&] {
    notifier_->ask_confirmation(notify::Confirmation::kSubscribe, pending);
    return 0;
  });
  EXPECT_TRUE(inbox_.logged("SNS's request to confirm " + pending->arn)) << inbox_.lines();
  EXPECT_EQ(inbox_.requests_so_far("/"), 0U);
  EXPECT_TRUE(inbox_.counted("NumberOfNotificationsFailed", 0));
}

TEST_F(NotifierTest, AskingByEmailIsALineOfTheLog) {
  const SubscriptionPtr pending =
      on_control([&] { return *book_.subscribe(kRegion, topic_, "email", "a@example.com", {}); });
  on_control([&] {
    notifier_->ask_confirmation(notify::Confirmation::kSubscribe, pending);
    return 0;
  });
  EXPECT_TRUE(inbox_.logged("e-mail to a@example.com: to confirm the subscription to " + topic_ +
                            ", open http://127.0.0.1:4566/?Action=ConfirmSubscription"));
}

}  // namespace
}  // namespace kiln::engine
