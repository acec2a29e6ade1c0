// SNS's Publish and PublishBatch: what is sent, what is refused, and the limits of both.
#include "tests/support/sns_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;

TEST_F(SnsOperationsTest, PublishHandsTheMessageOn) {
  topic();
  const json output =
      run("Publish",
          {{"TargetArn", kArn},
           {"Message", "m"},
           {"Subject", "s"},
           {"MessageAttributes",
            {{{"Name", "a"}, {"Value", {{"DataType", "String"}, {"StringValue", "v"}}}},
             {{"Name", "b"}, {"Value", {{"DataType", "Binary"}, {"BinaryValue", "AgME"}}}}}}});
  EXPECT_EQ(output, json({{"MessageId", "id-1"}}));
  ASSERT_EQ(published_.size(), 1U);
  const auto& [name, message] = published_[0];
  EXPECT_EQ(name, "t");
  EXPECT_EQ(message.text, "m");
  EXPECT_EQ(message.subject, "s");
  EXPECT_EQ(message.structure, notify::Message::Structure::kPlain);
  ASSERT_EQ(message.attributes.size(), 2U);
  EXPECT_EQ(message.attributes[1].type, "Binary");
  EXPECT_EQ(message.attributes[1].value, "AgME");
}

TEST_F(SnsOperationsTest, AMessageHasOneTarget) {
  topic();
  const std::string kStart = "InvalidParameter | Invalid parameter: ";
  const std::string kReason = " Reason: a message goes to one target; give one of them";
  EXPECT_EQ(refused("Publish", {{"TopicArn", kArn}, {"TargetArn", kArn}, {"Message", "m"}}),
            kStart + "TopicArn and TargetArn" + kReason);
  EXPECT_EQ(
      refused("Publish", {{"TopicArn", kArn}, {"PhoneNumber", "+15551234567"}, {"Message", "m"}}),
      kStart + "TopicArn and PhoneNumber" + kReason);
  run("Publish", {{"TopicArn", kArn}, {"TargetArn", ""}, {"Message", "m"}});
  EXPECT_EQ(published_.size(), 1U);
}

TEST_F(SnsOperationsTest, MessageAttributesInPublishAndInBatches) {
  topic();
  const auto too_few = [](const char* type) {
    return std::string(
               "ParameterValueInvalid | The message attribute 'attr1' must contain non-empty "
               "message attribute value for message attribute type '") +
           type + "'.";
  };
  const auto field = [](const char* type, const char* wanted) {
    return std::string("ParameterValueInvalid | The message attribute 'attr1' with type '") + type +
           "' must use field '" + wanted + "'.";
  };
  const struct {
    json value;
    std::string answer;
  } cases[] = {
      {{{"DataType", "String"}, {"StringValue", ""}}, too_few("String")},
      {{{"DataType", "String"}}, too_few("String")},
      {{{"DataType", "Binary"}, {"BinaryValue", ""}}, too_few("Binary")},
      {{{"DataType", "String"}, {"BinaryValue", "AgME"}}, field("String", "String")},
      {{{"DataType", "Number"}, {"BinaryValue", "AgME"}}, field("Number", "String")},
      {{{"DataType", "Binary"}, {"StringValue", "v"}}, field("Binary", "Binary")},
      {{{"DataType", "InvalidType"}, {"StringValue", "v"}},
       "ParameterValueInvalid | The message attribute 'attr1' has an invalid message attribute "
       "type, the "
       "set of supported type prefixes is Binary, Number, and String."},
      {{{"DataType", "String"}, {"StringValue", "v"}}, "accepted"},
  };
  const auto in_batch = [](const json& attributes) {
    return json{{"TopicArn", kArn},
                {"PublishBatchRequestEntries",
                 {{{"Id", "1"}, {"Message", "m"}, {"MessageAttributes", attributes}}}}};
  };
  for (const auto& c : cases) {
    const json attributes = json::array({{{"Name", "attr1"}, {"Value", c.value}}});
    EXPECT_EQ(refused("Publish",
                      {{"TopicArn", kArn}, {"Message", "m"}, {"MessageAttributes", attributes}}),
              c.answer);
    EXPECT_EQ(refused("PublishBatch", in_batch(attributes)), c.answer);
  }
  const std::string start = "ValidationError | 1 validation error detected: Value null at '";
  const std::string end =
      "messageAttributes.attr1.member.dataType' failed to satisfy constraint: Member must not be "
      "null";
  for (const json& value : {json{{"StringValue", "v"}}, json()}) {
    const json attributes = json::array({{{"Name", "attr1"}, {"Value", value}}});
    EXPECT_EQ(refused("Publish",
                      {{"TopicArn", kArn}, {"Message", "m"}, {"MessageAttributes", attributes}}),
              start + end);
    EXPECT_EQ(refused("PublishBatch", in_batch(attributes)),
              start + "publishBatchRequestEntries.1.member." + end);
  }
}

TEST_F(SnsOperationsTest, PublishUpToTheLimit) {
  topic();
  const json attributes =
      json::array({{{"Name", "name"},
                    {"Value", {{"DataType", "String"}, {"StringValue", "value"}}}}});  // 15 bytes
  const size_t most = 256 * 1024;
  EXPECT_EQ(refused("Publish", {{"TopicArn", kArn}, {"Message", std::string(most, 'x')}}),
            "accepted");
  EXPECT_EQ(refused("Publish", {{"TopicArn", kArn}, {"Message", std::string(most + 1, 'x')}}),
            "InvalidParameter | Invalid parameter: Message too long");
  EXPECT_EQ(refused("Publish", {{"TopicArn", kArn},
                                {"Message", std::string(most - 15, 'x')},
                                {"MessageAttributes", attributes}}),
            "accepted");
  EXPECT_EQ(refused("Publish", {{"TopicArn", kArn},
                                {"Message", std::string(most - 14, 'x')},
                                {"MessageAttributes", attributes}}),
            "InvalidParameter | Invalid parameter: Message too long");
}

class SnsBatchTest : public SnsOperationsTest {
 protected:
  SnsBatchTest() { topic(); }
  std::string batch(const json& entries) {
    return refused("PublishBatch", {{"TopicArn", kArn}, {"PublishBatchRequestEntries", entries}});
  }
  static json entries(int count) {
    json out = json::array();
    for (int i = 0; i < count; ++i) out.push_back({{"Id", std::to_string(i)}, {"Message", "m"}});
    return out;
  }
};

TEST_F(SnsBatchTest, EachEntryIsSent) {
  const json output =
      run("PublishBatch", {{"TopicArn", kArn}, {"PublishBatchRequestEntries", entries(2)}});
  EXPECT_EQ(output,
            json({{"Successful",
                   {{{"Id", "0"}, {"MessageId", "id-1"}}, {{"Id", "1"}, {"MessageId", "id-2"}}}},
                  {"Failed", json::array()}}));
  EXPECT_EQ(published_.size(), 2U);
}

TEST_F(SnsBatchTest, TenEntriesAndNoMore) {
  EXPECT_EQ(batch(entries(0)),
            "EmptyBatchRequest | The batch request doesn't contain any entries.");
  EXPECT_EQ(batch(entries(10)), "accepted");
  EXPECT_EQ(
      batch(entries(11)),
      "TooManyEntriesInBatchRequest | The batch request contains more entries than permissible.");
}

TEST_F(SnsBatchTest, Ids) {
  const std::string wrong =
      "InvalidBatchEntryId | The Id of a batch entry in the batch request contains an "
      "impermissible character: ";
  const std::string too_long =
      "InvalidBatchEntryId | The Id of a batch entry in the batch request is too long: ";
  const struct {
    std::string id;
    std::string answer;
  } cases[] = {
      {"A-z_9", "accepted"},
      {std::string(80, 'a'), "accepted"},
      {std::string(81, 'a'), too_long + std::string(81, 'a')},
      {"message.id", wrong + "message.id"},
      {"msg@123#test", wrong + "msg@123#test"},
      {"", wrong},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(batch(json::array({{{"Id", c.id}, {"Message", "m"}}})), c.answer) << c.id;
  }
  EXPECT_EQ(
      batch(json::array({{{"Id", "1"}, {"Message", "m"}}, {{"Id", "1"}, {"Message", "m"}}})),
      "BatchEntryIdsNotDistinct | Two or more batch entries in the request have the same Id.");
}

TEST_F(SnsBatchTest, TheSizesAddUp) {
  const std::string too_long =
      "BatchRequestTooLong | The length of all the messages put together is more than the limit.";
  const size_t half = 128 * 1024;
  const auto two = [&](size_t second) {
    return json::array({{{"Id", "1"}, {"Message", std::string(half, 'x')}},
                        {{"Id", "2"}, {"Message", std::string(second, 'x')}}});
  };
  EXPECT_EQ(batch(two(half)), "accepted");
  EXPECT_EQ(batch(two(half + 1)), too_long);
  json with_attributes = two(half - 14);
  with_attributes[0]["MessageAttributes"] = json::array(
      {{{"Name", "name"}, {"Value", {{"DataType", "String"}, {"StringValue", "value"}}}}});
  EXPECT_EQ(batch(with_attributes), too_long);
  with_attributes[1]["Message"] = std::string(half - 15, 'x');
  EXPECT_EQ(batch(with_attributes), "accepted");
}

TEST_F(SnsBatchTest, OneWrongEntryAndNoneIsSent) {
  json list = entries(3);
  list[2].erase("Message");
  EXPECT_EQ(batch(list), "InvalidParameter | Invalid parameter: Empty message");
  list[2] = {{"Id", "2"}, {"Message", R"({"sqs": "s"})"}, {"MessageStructure", "json"}};
  EXPECT_EQ(batch(list),
            "InvalidParameter | Invalid parameter: Message Structure - No default entry in JSON "
            "message body");
  EXPECT_TRUE(published_.empty());
}

// Texts as AWS gives them.
TEST_F(SnsOperationsTest, NumbersMustBeNumbers) {
  topic();
  const auto answer = [&](const std::string& value, const char* type = "Number") {
    const json input = {
        {"TopicArn", kArn},
        {"Message", "m"},
        {"MessageAttributes",
         {{{"Name", "x"}, {"Value", {{"DataType", type}, {"StringValue", value}}}}}}};
    return refused("Publish", input);
  };
  for (const char* value : {"1", "-1.5", "+2", ".5", "5.", "1e3", "1E-3", "007"})
    EXPECT_EQ(answer(value), "accepted") << value;
  for (const char* value : {"abc", "1,5", "0x10", "1e", "-", ".", " 1", "NaN", "1 "})
    EXPECT_EQ(answer(value),
              "ParameterValueInvalid | Could not cast message attribute 'x' value to number.")
        << value;
  EXPECT_EQ(answer("abc", "Number.int"),
            "ParameterValueInvalid | Could not cast message attribute 'x' value to number.");
}

TEST_F(SnsOperationsTest, WhatBelongsToFifoIsRefusedOfAStandardTopic) {
  topic();
  EXPECT_EQ(
      refused("Publish", {{"TopicArn", kArn}, {"Message", "m"}, {"MessageDeduplicationId", "d"}}),
      "InvalidParameter | Invalid parameter: MessageDeduplicationId Reason: The request includes "
      "MessageDeduplicationId parameter that is not valid for this topic type");
  const std::string queue = "arn:aws:sqs:eu-west-1:000000000000:q.fifo";
  EXPECT_EQ(
      refused("Subscribe", {{"TopicArn", kArn}, {"Protocol", "sqs"}, {"Endpoint", queue}}),
      "InvalidParameter | Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues "
      "can not be subscribed to standard SNS topics");
}

TEST_F(SnsOperationsTest, RawMessageDeliveryInAnyCase) {
  topic();
  const json made =
      run("Subscribe", {{"TopicArn", kArn},
                        {"Protocol", "sqs"},
                        {"Endpoint", kQueue},
                        {"Attributes", {{{"key", "RawMessageDelivery"}, {"value", "True"}}}}});
  const json attributes = run("GetSubscriptionAttributes",
                              {{"SubscriptionArn", made["SubscriptionArn"]}})["Attributes"];
  EXPECT_NE(std::find(attributes.begin(), attributes.end(),
                      json({{"key", "RawMessageDelivery"}, {"value", "true"}})),
            attributes.end());
}

}  // namespace
}  // namespace kiln::services
