// SNS's operations on topics and subscriptions as documents in and out, with the codes and texts
// that SNS gives.
#include "tests/support/sns_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;

const char* const kDefaultDelivery =
    R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}})";
const char* const kDefaultPolicy =
    R"({"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"arn:aws:sns:eu-west-1:000000000000:t","Condition":{"StringEquals":{"AWS:SourceOwner":"000000000000"}}}]})";

TEST_F(SnsOperationsTest, AnUnknownOperation) {
  EXPECT_EQ(
      refused("SendPigeon", json::object()),
      "InvalidAction | Kiln's SNS has no operation SendPigeon; docs/compatibility.md lists what "
      "there is.");
}

TEST_F(SnsOperationsTest, TopicWithItsAttributes) {
  EXPECT_EQ(run("CreateTopic", {{"Name", "t"}}), json({{"TopicArn", kArn}}));
  EXPECT_EQ(topic_attributes(), json({{"DisplayName", ""},
                                      {"EffectiveDeliveryPolicy", kDefaultDelivery},
                                      {"Owner", "000000000000"},
                                      {"Policy", kDefaultPolicy},
                                      {"SubscriptionsConfirmed", "0"},
                                      {"SubscriptionsDeleted", "0"},
                                      {"SubscriptionsPending", "0"},
                                      {"TopicArn", kArn}}));
  for (const auto& [name, value] : {std::pair("DisplayName", "one"), std::pair("Policy", "{}"),
                                    std::pair("SignatureVersion", "2")}) {
    EXPECT_EQ(run("SetTopicAttributes",
                  {{"TopicArn", kArn}, {"AttributeName", name}, {"AttributeValue", value}}),
              json::object());
    EXPECT_EQ(topic_attributes()[name], value);
  }
  run("SetTopicAttributes",
      {{"TopicArn", kArn}, {"AttributeName", "Policy"}, {"AttributeValue", ""}});
  EXPECT_EQ(topic_attributes()["Policy"], kDefaultPolicy);
  subscribe("sqs", kQueue);
  subscribe("email", "a@example.com");
  EXPECT_EQ(topic_attributes()["SubscriptionsConfirmed"], "1");
  EXPECT_EQ(topic_attributes()["SubscriptionsPending"], "1");
  EXPECT_EQ(run("DeleteTopic", {{"TopicArn", kArn}}), json::object());
  EXPECT_EQ(refused("GetTopicAttributes", {{"TopicArn", kArn}}), "NotFound | Topic does not exist");
}

TEST_F(SnsOperationsTest, DeliveryPolicyComesAndGoes) {
  topic();
  const std::string given =
      R"({"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1}}})";
  run("SetTopicAttributes",
      {{"TopicArn", kArn}, {"AttributeName", "DeliveryPolicy"}, {"AttributeValue", given}});
  // As recorded.
  EXPECT_EQ(
      topic_attributes()["DeliveryPolicy"],
      R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":6,"numRetries":1},"disableSubscriptionOverrides":false}})");
  EXPECT_EQ(json::parse(topic_attributes()["EffectiveDeliveryPolicy"].get<std::string>())
                .at("/http/defaultHealthyRetryPolicy/maxDelayTarget"_json_pointer),
            6);
  run("SetTopicAttributes",
      {{"TopicArn", kArn}, {"AttributeName", "DeliveryPolicy"}, {"AttributeValue", ""}});
  EXPECT_FALSE(topic_attributes().contains("DeliveryPolicy"));
  EXPECT_EQ(topic_attributes()["EffectiveDeliveryPolicy"], kDefaultDelivery);
}

TEST_F(SnsOperationsTest, Tags) {
  const std::string twice =
      "InvalidParameter | Invalid parameter: Duplicated keys are not allowed.";
  EXPECT_EQ(refused("CreateTopic", {{"Name", "t"}, {"Tags", {tag("k", "1"), tag("k", "2")}}}),
            twice);
  run("CreateTopic", {{"Name", "t"}, {"Tags", {tag("k", "1")}}});
  EXPECT_EQ(refused("CreateTopic", {{"Name", "t"}, {"Tags", {tag("k", "1"), tag("l", "1")}}}),
            "InvalidParameter | Invalid parameter: Tags Reason: Topic already exists with "
            "different tags");
  EXPECT_EQ(run("CreateTopic", {{"Name", "t"}}), json({{"TopicArn", kArn}}));
  EXPECT_EQ(run("TagResource", {{"ResourceArn", kArn}, {"Tags", {tag("k", "2"), tag("l", "3")}}}),
            json::object());
  EXPECT_EQ(
      refused("TagResource", {{"ResourceArn", kArn}, {"Tags", {tag("a", "1"), tag("a", "1")}}}),
      twice);
  EXPECT_EQ(run("ListTagsForResource", {{"ResourceArn", kArn}}),
            json({{"Tags", {tag("k", "2"), tag("l", "3")}}}));
  EXPECT_EQ(run("UntagResource", {{"ResourceArn", kArn}, {"TagKeys", {"k", "x"}}}), json::object());
  EXPECT_EQ(run("ListTagsForResource", {{"ResourceArn", kArn}}), json({{"Tags", {tag("l", "3")}}}));
  for (const char* operation : {"TagResource", "UntagResource", "ListTagsForResource"}) {
    json input = {{"ResourceArn", std::string(kArn) + "2"}};
    if (std::string_view(operation) == "TagResource") input["Tags"] = {tag("k", "v")};
    if (std::string_view(operation) == "UntagResource") input["TagKeys"] = {"k"};
    EXPECT_EQ(refused(operation, input), "NotFound | Topic does not exist");
  }
  const std::string missing = "ValidationError | 1 validation error detected: Value null at '";
  EXPECT_EQ(refused("TagResource", {{"ResourceArn", kArn}}),
            missing + "tags' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(refused("UntagResource", {{"ResourceArn", kArn}}),
            missing + "tagKeys' failed to satisfy constraint: Member must not be null");
  const std::string bad = "InvalidParameter | Invalid parameter: Tags Reason: the tag ";
  const std::string key(128, 'k'), value(256, 'v');
  run("TagResource", {{"ResourceArn", kArn}, {"Tags", {tag(key.c_str(), value.c_str())}}});
  run("UntagResource", {{"ResourceArn", kArn}, {"TagKeys", {key}}});
  std::string letters;  // characters count, not bytes
  for (int i = 0; i < 128; ++i) letters += "\u00e9";
  run("TagResource", {{"ResourceArn", kArn}, {"Tags", {tag(letters.c_str(), letters.c_str())}}});
  run("UntagResource", {{"ResourceArn", kArn}, {"TagKeys", {letters}}});
  for (const json& wrong : {tag((key + "k").c_str(), "v"), tag("", "v"),
                            tag("k", (value + "v").c_str()), tag("aws:a", "v")})
    EXPECT_EQ(refused("TagResource", {{"ResourceArn", kArn}, {"Tags", {wrong}}}).find(bad), 0U);
  for (const std::string& wrong : {key + "k", std::string(), std::string("aws:a")})
    EXPECT_EQ(refused("UntagResource", {{"ResourceArn", kArn}, {"TagKeys", {wrong}}}).find(bad),
              0U);
}

TEST_F(SnsOperationsTest, WhatIsRequiredComesBeforeTheTopic) {
  const auto missing = [](const std::string& names) {
    return "ValidationError | " + names + "' failed to satisfy constraint: Member must not be null";
  };
  const json nobody = {{"TopicArn", kArn + std::string("-nobody")}};
  const std::string one = "1 validation error detected: Value null at '";
  EXPECT_EQ(refused("SetTopicAttributes", nobody), missing(one + "attributeName"));
  EXPECT_EQ(refused("SetSubscriptionAttributes", nobody), missing(one + "attributeName"));
  EXPECT_EQ(refused("RemovePermission", nobody), missing(one + "label"));
  const std::string all = refused("AddPermission", nobody);
  for (const char* part : {"3 validation errors detected: ", "'label'", "'actionName'"})
    EXPECT_NE(all.find(part), std::string::npos) << all;
}

TEST_F(SnsOperationsTest, Permissions) {
  topic();
  const auto add = [](const char* label, const json& accounts, const json& actions) {
    return json{
        {"TopicArn", kArn}, {"Label", label}, {"AWSAccountId", accounts}, {"ActionName", actions}};
  };
  EXPECT_EQ(run("AddPermission", add("one", {"111111111111"}, {"Publish"})), json::object());
  run("AddPermission", add("two", {"111111111111", "222222222222"}, {"Publish", "Subscribe"}));
  const auto statements = [&] {
    return json::parse(topic_attributes()["Policy"].get<std::string>())["Statement"];
  };
  ASSERT_EQ(statements().size(), 3U);
  EXPECT_EQ(statements()[1], json({{"Sid", "one"},
                                   {"Effect", "Allow"},
                                   {"Principal", {{"AWS", "arn:aws:iam::111111111111:root"}}},
                                   {"Action", "SNS:Publish"},
                                   {"Resource", kArn}}));
  EXPECT_EQ(statements()[2]["Action"], json({"SNS:Publish", "SNS:Subscribe"}));
  EXPECT_EQ(statements()[2]["Principal"]["AWS"].size(), 2U);

  EXPECT_EQ(refused("AddPermission", add("one", {"111111111111"}, {"Publish"})),
            "InvalidParameter | Invalid parameter: Statement already exists");
  EXPECT_EQ(refused("AddPermission", add("three", {"111111111111"}, {"InvalidAction"})),
            "InvalidParameter | Invalid parameter: Policy statement action out of service scope!");
  EXPECT_EQ(
      refused("AddPermission", add("three", json::array(), {"Publish"})),
      "InvalidParameter | Invalid parameter: Label, AWSAccountId and ActionName must be given");

  EXPECT_EQ(run("RemovePermission", {{"TopicArn", kArn}, {"Label", "one"}}), json::object());
  EXPECT_EQ(run("RemovePermission", {{"TopicArn", kArn}, {"Label", "not there"}}), json::object());
  ASSERT_EQ(statements().size(), 2U);
  EXPECT_EQ(statements()[1]["Sid"], "two");
  const std::string other = std::string(kArn) + "2";
  EXPECT_EQ(refused("AddPermission", {{"TopicArn", other},
                                      {"Label", "l"},
                                      {"AWSAccountId", {"000000000000"}},
                                      {"ActionName", {"Publish"}}}),
            "NotFound | Topic does not exist");
  EXPECT_EQ(refused("RemovePermission", {{"TopicArn", other}, {"Label", "l"}}),
            "NotFound | Topic does not exist");
}

// A topic's own policy may have any shape that JSON has.
TEST_F(SnsOperationsTest, PermissionsOverAPolicyOfAnotherShape) {
  topic();
  for (const char* policy : {"{}", R"({"Statement": {}})", R"({"Statement": ["s"]})",
                             R"({"Statement": [{"Sid": 5}, {}, [], null]})"}) {
    run("SetTopicAttributes",
        {{"TopicArn", kArn}, {"AttributeName", "Policy"}, {"AttributeValue", policy}});
    for (const char* operation : {"AddPermission", "RemovePermission"}) {
      const auto answered = answer(operation, {{"TopicArn", kArn},
                                               {"Label", "l"},
                                               {"AWSAccountId", {"111111111111"}},
                                               {"ActionName", {"Publish"}}});
      EXPECT_TRUE(answered.ok() || answered.error().type == "InvalidParameter") << policy;
    }
  }
}

TEST_F(SnsOperationsTest, TopicsInPages) {
  for (int i = 0; i < 100; ++i) run("CreateTopic", {{"Name", "t" + std::to_string(1000 + i)}});
  const json all = run("ListTopics", json::object());
  EXPECT_EQ(all["Topics"].size(), 100U);
  EXPECT_FALSE(all.contains("NextToken"));
  run("CreateTopic", {{"Name", "t1100"}});
  const json first = run("ListTopics", json::object());
  EXPECT_EQ(first["Topics"].size(), 100U);
  ASSERT_TRUE(first.contains("NextToken"));
  const json second = run("ListTopics", {{"NextToken", first["NextToken"]}});
  EXPECT_EQ(second,
            json({{"Topics", {{{"TopicArn", "arn:aws:sns:eu-west-1:000000000000:t1100"}}}}}));
  for (const char* token : {"x", "1x", "-1", "99999999999999999999", "NTAw"}) {
    EXPECT_EQ(refused("ListTopics", {{"NextToken", token}}),
              "InvalidParameter | Invalid parameter: NextToken");
  }
  // Who deletes all that he is shown sees the rest.
  for (const json& shown : first["Topics"]) run("DeleteTopic", {{"TopicArn", shown["TopicArn"]}});
  EXPECT_EQ(run("ListTopics", {{"NextToken", first["NextToken"]}}), second);
}

TEST_F(SnsOperationsTest, SubscriptionsInPages) {
  topic();
  run("CreateTopic", {{"Name", "u"}});
  run("Subscribe", {{"TopicArn", "arn:aws:sns:eu-west-1:000000000000:u"},
                    {"Protocol", "sqs"},
                    {"Endpoint", kQueue}});
  for (int i = 0; i < 100; ++i) subscribe("sqs", kQueue + std::to_string(i));
  EXPECT_FALSE(run("ListSubscriptionsByTopic", {{"TopicArn", kArn}}).contains("NextToken"));
  const json first = run("ListSubscriptions", json::object());
  EXPECT_EQ(first["Subscriptions"].size(), 100U);
  EXPECT_EQ(run("ListSubscriptions", {{"NextToken", first["NextToken"]}})["Subscriptions"].size(),
            1U);
  subscribe("sqs", kQueue);
  const json of_topic = run("ListSubscriptionsByTopic", {{"TopicArn", kArn}});
  EXPECT_EQ(of_topic["Subscriptions"].size(), 100U);
  EXPECT_EQ(run("ListSubscriptionsByTopic",
                {{"TopicArn", kArn}, {"NextToken", of_topic["NextToken"]}})["Subscriptions"]
                .size(),
            1U);
}

TEST_F(SnsOperationsTest, SubscriptionOfAQueue) {
  topic();
  const std::string arn =
      subscribe("sqs", kQueue, json::array({entry("RawMessageDelivery", "true")}));
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(subscription_attributes(arn),
            json({{"ConfirmationWasAuthenticated", "true"},
                  {"Endpoint", kQueue},
                  {"Owner", "000000000000"},
                  {"PendingConfirmation", "false"},
                  {"Protocol", "sqs"},
                  {"RawMessageDelivery", "true"},
                  {"SubscriptionArn", arn},
                  {"SubscriptionPrincipal", "arn:aws:iam::000000000000:user/kiln"},
                  {"TopicArn", kArn}}));
  EXPECT_EQ(run("ListSubscriptionsByTopic", {{"TopicArn", kArn}}),
            json({{"Subscriptions",
                   {{{"SubscriptionArn", arn},
                     {"Owner", "000000000000"},
                     {"Protocol", "sqs"},
                     {"Endpoint", kQueue},
                     {"TopicArn", kArn}}}}}));
  run("SetSubscriptionAttributes", {{"SubscriptionArn", arn},
                                    {"AttributeName", "FilterPolicy"},
                                    {"AttributeValue", R"({"k": ["v"]})"}});
  EXPECT_EQ(subscription_attributes(arn)["FilterPolicy"], R"({"k": ["v"]})");
  EXPECT_EQ(subscription_attributes(arn)["FilterPolicyScope"], "MessageAttributes");
  EXPECT_EQ(run("Unsubscribe", {{"SubscriptionArn", arn}}), json::object());
  EXPECT_EQ(run("Unsubscribe", {{"SubscriptionArn", arn}}), json::object());
  EXPECT_EQ(topic_attributes()["SubscriptionsDeleted"], "1");
  EXPECT_EQ(topic_attributes()["SubscriptionsConfirmed"], "0");
  EXPECT_EQ(refused("GetSubscriptionAttributes", {{"SubscriptionArn", arn}}),
            "NotFound | Subscription does not exist");
}

TEST_F(SnsOperationsTest, SubscriptionOfAnEndpointIsPendingUntilConfirmed) {
  topic();
  const json input = {{"TopicArn", kArn}, {"Protocol", "http"}, {"Endpoint", "http://127.0.0.1/"}};
  EXPECT_EQ(run("Subscribe", input)["SubscriptionArn"], "pending confirmation");
  ASSERT_EQ(asked_.size(), 1U);
  const std::string arn = asked_[0]->arn;
  EXPECT_EQ(subscribe("http", "http://127.0.0.1/"), arn);
  EXPECT_EQ(asked_.size(), 2U);  // once more
  EXPECT_EQ(run("ListSubscriptions", json::object())["Subscriptions"][0]["SubscriptionArn"],
            "PendingConfirmation");
  EXPECT_EQ(subscription_attributes(arn)["PendingConfirmation"], "true");
  EXPECT_EQ(subscription_attributes(arn)["ConfirmationWasAuthenticated"], "false");
  EXPECT_EQ(refused("Unsubscribe", {{"SubscriptionArn", arn}}),
            "InvalidParameter | Invalid parameter: SubscriptionArn Reason: Cannot unsubscribe a "
            "subscription that is pending confirmation");
  EXPECT_EQ(topic_attributes()["SubscriptionsPending"], "1");
  EXPECT_EQ(topic_attributes()["SubscriptionsDeleted"], "0");
  EXPECT_TRUE(subscription_attributes(arn).contains("EffectiveDeliveryPolicy"));
  EXPECT_EQ(run("ConfirmSubscription", {{"TopicArn", kArn}, {"Token", asked_[0]->token}}),
            json({{"SubscriptionArn", arn}}));
  EXPECT_EQ(subscription_attributes(arn)["PendingConfirmation"], "false");
  EXPECT_EQ(run("Subscribe", input)["SubscriptionArn"], arn);
  EXPECT_EQ(asked_.size(), 2U);
  EXPECT_EQ(run("ListSubscriptions", json::object())["Subscriptions"][0]["SubscriptionArn"], arn);
}

TEST_F(SnsOperationsTest, TextMessages) {
  topic();
  const std::string arn = subscribe("sms", "+123123123");
  EXPECT_EQ(subscription_attributes(arn)["PendingConfirmation"], "false");
  EXPECT_EQ(subscription_attributes(arn)["ConfirmationWasAuthenticated"], "true");
  EXPECT_EQ(run("Publish", {{"PhoneNumber", "+15550100"}, {"Message", "hello"}}),
            json({{"MessageId", "text-1"}}));
  EXPECT_EQ(texts_, (std::vector<std::pair<std::string, std::string>>{{"+15550100", "hello"}}));
  for (const char* bad : {"+1a234", "NAA+15551234567", "+0123", ""})
    EXPECT_EQ(refused("Publish", {{"PhoneNumber", bad}, {"Message", "hello"}}),
              "InvalidParameter | Invalid parameter: PhoneNumber Reason: " + std::string(bad) +
                  " is not valid to publish to");
}

// As recorded.
TEST_F(SnsOperationsTest, AScopeStandsOnlyBesideAPolicy) {
  topic();
  const std::string arn = subscribe(
      "sqs", kQueue,
      json::array({entry("FilterPolicyScope", "MessageBody"), entry("FilterPolicy", "")}));
  EXPECT_FALSE(subscription_attributes(arn).contains("FilterPolicyScope"));
  EXPECT_FALSE(subscription_attributes(arn).contains("FilterPolicy"));
  run("SetSubscriptionAttributes", {{"SubscriptionArn", arn},
                                    {"AttributeName", "FilterPolicy"},
                                    {"AttributeValue", R"({"k": ["v"]})"}});
  EXPECT_EQ(subscription_attributes(arn)["FilterPolicyScope"], "MessageBody");
}

struct RefusedCall {
  const char* operation;
  json input;
  const char* region;
  const char* answer;
};

TEST_F(SnsOperationsTest, RefusalsHaveSnsWords) {
  topic();
  const char* const no_topic = "NotFound | Topic does not exist";
  const char* const other_region = "InvalidParameter | Invalid parameter: TopicArn";
  const char* const one_element =
      "InvalidParameter | Invalid parameter: TopicArn Reason: An ARN must have at least 6 "
      "elements, not 1";
  const json unknown = {{"TopicArn", std::string(kArn) + "2"},
                        {"Message", "m"},
                        {"Protocol", "sqs"},
                        {"Endpoint", kQueue},
                        {"AttributeName", "DisplayName"},
                        {"PublishBatchRequestEntries", {{{"Id", "1"}, {"Message", "m"}}}}};
  json known = unknown, malformed = unknown;
  known["TopicArn"] = kArn;
  malformed["TopicArn"] = "randomstring";
  std::vector<RefusedCall> cases;
  for (const char* operation : {"GetTopicAttributes", "SetTopicAttributes", "Subscribe", "Publish",
                                "PublishBatch", "ListSubscriptionsByTopic", "DeleteTopic"}) {
    if (std::string(operation) != "DeleteTopic")
      cases.push_back({operation, unknown, kRegion, no_topic});
    if (std::string(operation) == "Subscribe") {
      json also_wrong = unknown;
      also_wrong.update({{"Protocol", "sqs"}, {"Endpoint", "asdf"}});
      cases.push_back({operation, also_wrong, kRegion, no_topic});
    }
    cases.push_back({operation, known, "us-east-1", other_region});
    cases.push_back({operation, malformed, kRegion, one_element});
  }
  const char* const absent =
      "arn:aws:sns:eu-west-1:000000000000:t:11111111-2222-3333-4444-555555555555";
  cases.push_back({"GetSubscriptionAttributes",
                   {{"SubscriptionArn", absent}},
                   kRegion,
                   "NotFound | Subscription does not exist"});
  cases.push_back({"SetSubscriptionAttributes",
                   {{"SubscriptionArn", absent},
                    {"AttributeName", "RawMessageDelivery"},
                    {"AttributeValue", "true"}},
                   kRegion,
                   "NotFound | Subscription does not exist"});
  cases.push_back({"Unsubscribe",
                   {{"SubscriptionArn", ""}},
                   kRegion,
                   "InvalidParameter | Invalid parameter: SubscriptionArn Reason: no value for "
                   "required parameter"});
  cases.push_back({"Publish",
                   {{"TopicArn", "a:b"}, {"Message", "m"}},
                   kRegion,
                   "InvalidParameter | Invalid parameter: TopicArn Reason: An ARN must have at "
                   "least 6 elements, not 2"});
  cases.push_back(
      {"Publish",
       {{"Message", "m"}},
       kRegion,
       "InvalidParameter | Invalid parameter: TopicArn or TargetArn Reason: no value for "
       "required parameter"});
  cases.push_back({"Publish",
                   {{"TargetArn", "arn:aws:sns:eu-west-1:000000000000:endpoint/APNS/abcdef/0f7d"},
                    {"Message", "m"}},
                   kRegion,
                   "InvalidParameter | Invalid parameter: TargetArn Reason: No endpoint found for "
                   "the target arn specified"});
  cases.push_back({"Publish",
                   {{"TopicArn", kArn}},
                   kRegion,
                   "InvalidParameter | Invalid parameter: Empty message"});
  cases.push_back({"Publish",
                   {{"TopicArn", kArn}, {"Message", "m"}, {"Subject", ""}},
                   kRegion,
                   "InvalidParameter | Invalid parameter: Subject"});
  cases.push_back(
      {"Publish",
       {{"TopicArn", kArn}, {"Message", "m"}, {"MessageStructure", "xml"}},
       kRegion,
       "InvalidParameter | Invalid parameter: MessageStructure Reason: must be json, not xml"});
  cases.push_back(
      {"Publish",
       {{"TopicArn", kArn}, {"Message", R"({"sqs": "s"})"}, {"MessageStructure", "json"}},
       kRegion,
       "InvalidParameter | Invalid parameter: Message Structure - No default entry in JSON message "
       "body"});
  cases.push_back({"Publish",
                   {{"TopicArn", kArn}, {"Message", "{"}, {"MessageStructure", "json"}},
                   kRegion,
                   "InvalidParameter | Invalid parameter: Message Structure - JSON message body "
                   "failed to parse"});
  cases.push_back({"ConfirmSubscription",
                   {{"TopicArn", kArn}, {"Token", "randomtoken"}},
                   kRegion,
                   "InvalidParameter | Invalid token"});
  cases.push_back({"ConfirmSubscription",
                   {{"TopicArn", "not-an-arn"}, {"Token", "abc123"}},
                   kRegion,
                   "InvalidParameter | Invalid parameter: Topic"});
  cases.push_back({"ConfirmSubscription",
                   {{"TopicArn", kArn}, {"Token", "abc123"}},
                   kRegion,
                   "InvalidParameter | Invalid parameter: Token"});
  cases.push_back({"Subscribe",
                   {{"TopicArn", kArn}, {"Protocol", "test-protocol"}, {"Endpoint", "x"}},
                   kRegion,
                   "InvalidParameter | Invalid parameter: Amazon SNS does not support this "
                   "protocol string: test-protocol"});
  cases.push_back({"Subscribe",
                   {{"TopicArn", kArn},
                    {"Protocol", "sqs"},
                    {"Endpoint", kQueue},
                    {"Attributes", {entry("FilterPolicy", "invalid")}}},
                   kRegion,
                   "InvalidParameter | Invalid parameter: Attributes Reason: FilterPolicy: failed "
                   "to parse JSON. Unrecognized token 'invalid': was expecting (JSON String, "
                   "Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: "
                   "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, "
                   "column: 8]"});
  cases.push_back(
      {"CreateTopic", json::object(), kRegion, "InvalidParameter | Invalid parameter: Topic Name"});
  for (const auto& c : cases) {
    EXPECT_EQ(refused(c.operation, c.input, c.region), c.answer) << c.operation << " " << c.input;
  }
  EXPECT_TRUE(published_.empty());
}

}  // namespace
}  // namespace kiln::services
