// What SNS takes as a message, with its words for what it doesn't.
#include "notify/message_checks.h"

#include <gtest/gtest.h>

namespace kiln::notify {
namespace {

Message with_attribute(const std::string& name, const std::string& type, const std::string& value) {
  Message message;
  message.text = "text";
  message.attributes.push_back({name, type, value});
  return message;
}

std::string answer(const Result<void>& result) {
  return result ? "accepted" : result.error().type + " | " + result.error().message;
}

TEST(MessageChecks, Attributes) {
  const std::string invalid_type =
      "ParameterValueInvalid | The message attribute 'attr1' has an invalid message attribute "
      "type, "
      "the set of supported type prefixes is Binary, Number, and String.";
  const struct {
    std::string name, type, value;
    std::string answer;
  } cases[] = {
      {"attr1", "String", "v", "accepted"},
      {"attr1", "String.Array", "[]", "accepted"},
      {"attr1", "String.label", "v", "accepted"},
      {"attr1", "Number.int", "1", "accepted"},
      {"attr1", "Binary.gif", "AgME", "accepted"},
      {"A-b_c.9", "String", "v", "accepted"},
      {std::string(255, 'a'), "String", "v", "accepted"},
      {std::string(256, 'a'), "String", "v",
       "ParameterValueInvalid | Length of message attribute name must be less than 256 bytes."},
      {"", "String", "v",
       "ParameterValueInvalid | Length of message attribute name must be less than 256 bytes."},
      {"attr1", "String", "",
       "ParameterValueInvalid | The message attribute 'attr1' must contain non-empty message "
       "attribute "
       "value for message attribute type 'String'."},
      {"attr1", "Binary", "",
       "ParameterValueInvalid | The message attribute 'attr1' must contain non-empty message "
       "attribute "
       "value for message attribute type 'Binary'."},
      {"attr1", "InvalidType", "v", invalid_type},
      {"attr1", "", "v", invalid_type},
      {"attr1", "string", "v", invalid_type},
      {"attr1", "Strings", "v", invalid_type},
      {"attr1", "String.", "v", invalid_type},
      {"attr1", "prefix.String", "v", invalid_type},
      {"attr^2", "String", "v",
       "ParameterValueInvalid | Invalid non-alphanumeric character '#x5E' was found in the message "
       "attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots."},
      {"attr\xc3\xa4", "String", "v",
       "ParameterValueInvalid | Invalid non-alphanumeric character '#xC3' was found in the message "
       "attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots."},
      {".attr1", "String", "v",
       "ParameterValueInvalid | Invalid message attribute name starting with character '.' was "
       "found."},
      {"attr1.", "String", "v",
       "ParameterValueInvalid | Invalid message attribute name ending with character '.' was "
       "found."},
      {"attr..1", "String", "v",
       "ParameterValueInvalid | Message attribute name can not have successive '.' character."},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(answer(check_message(with_attribute(c.name, c.type, c.value))), c.answer)
        << c.name << " " << c.type;
  }
}

TEST(MessageChecks, EmptyText) {
  EXPECT_EQ(answer(check_message({})), "InvalidParameter | Invalid parameter: Empty message");
}

TEST(MessageChecks, Subject) {
  std::string hundred;  // characters of two bytes each
  for (int i = 0; i < 100; ++i) hundred += "\xc3\xa4";
  const struct {
    std::string subject;
    bool taken;
  } cases[] = {
      {"s", true},
      {std::string(100, 's'), true},
      {std::string(101, 's'), false},
      {hundred, true},
      {hundred + "s", false},
      {"", false},
      {"a\nb", false},
      {"a\tb", false},
      {"a\x7f", false},
  };
  for (const auto& c : cases) {
    Message message;
    message.text = "text";
    message.subject = c.subject;
    EXPECT_EQ(answer(check_message(message)),
              c.taken ? "accepted" : "InvalidParameter | Invalid parameter: Subject")
        << c.subject;
  }
}

TEST(MessageChecks, Structure) {
  const std::string no_default =
      "InvalidParameter | Invalid parameter: Message Structure - No default entry in JSON message "
      "body";
  const std::string no_json =
      "InvalidParameter | Invalid parameter: Message Structure - JSON message body failed to parse";
  const struct {
    const char* text;
    std::string answer;
  } cases[] = {
      {R"({"default": "d"})", "accepted"},
      {R"({"default": "d", "sqs": 5})", "accepted"},
      {R"({"sqs": "s"})", no_default},
      {R"({"default": {"object": "test"}})", no_default},
      {"{}", no_default},
      {R"({"default": })", no_json},
      {"text", no_json},
      {R"(["default"])", no_json},
  };
  for (const auto& c : cases) {
    Message message;
    message.text = c.text;
    EXPECT_EQ(answer(check_message(message)), "accepted") << c.text;
    message.structure = Message::Structure::kJson;
    EXPECT_EQ(answer(check_message(message)), c.answer) << c.text;
  }
}

TEST(MessageChecks, SizeUpToTheLimit) {
  Message message;
  message.text.assign(kMaxMessageBytes, 'x');
  EXPECT_EQ(message_bytes(message), 256U * 1024);
  EXPECT_EQ(answer(check_size(message)), "accepted");
  message.text += 'x';
  EXPECT_EQ(answer(check_size(message)), "InvalidParameter | Invalid parameter: Message too long");
}

TEST(MessageChecks, AttributesCountForTheSize) {
  Message message = with_attribute("name", "String", "value");
  EXPECT_EQ(message_bytes(message), 4U + 4 + 6 + 5);
  message.text.assign(kMaxMessageBytes - 15, 'x');
  EXPECT_EQ(answer(check_size(message)), "accepted");
  message.attributes[0].value += 'x';
  EXPECT_EQ(answer(check_size(message)), "InvalidParameter | Invalid parameter: Message too long");
}

TEST(MessageChecks, TheSubjectDoesNotCountForTheSize) {
  Message message;
  message.text.assign(kMaxMessageBytes, 'x');
  message.subject = "s";
  EXPECT_EQ(answer(check_size(message)), "accepted");
}

}  // namespace
}  // namespace kiln::notify
