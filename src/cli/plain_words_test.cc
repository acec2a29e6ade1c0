// The messages are AWS's own, as Lambda and CloudWatch write them.
#include "cli/plain_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace kiln::cli {
namespace {

TEST(PlainWords, NameTheThingTheValueAndWhatItMustBe) {
  const std::string one = "1 validation error detected: ";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {one + "Value '64' at 'memorySize' failed to satisfy constraint: Member must have value "
             "greater than or equal to 128",
       "memory size can't be '64'; it must be 128 at least"},
      {"'MemorySize' value failed to satisfy constraint: Member must have value less than or equal "
       "to 10240",
       "memory size: it must be 10240 at most"},
      {"ValidationException: " + one +
           "Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy "
           "regular expression pattern: ([a-zA-Z0-9-_]+)",
       "function name can't be 'a b'; a name has letters, digits, '-' and '_', 64 at most; "
       "NAME:ALIAS and ARNs do as well"},
      {"2 validation errors detected: Value '' at 'functionName' failed to satisfy constraint: "
       "Member must have length greater than or equal to 1; Value '' at 'functionName' failed to "
       "satisfy constraint: Member must satisfy regular expression pattern: x",
       "function name can't be ''; a name has letters, digits, '-' and '_', 64 at most; "
       "NAME:ALIAS and ARNs do as well"},
      {"Value pyhton3.12 at 'runtime' failed to satisfy constraint: Member must satisfy enum value "
       "set: [python3.13, java21, nodejs22.x, python3.9, python3.12] or be a valid ARN",
       "runtime can't be 'pyhton3.12'; did you mean python3.12? It is one of nodejs22.x, "
       "python3.9, python3.12 or python3.13"},
      {one + "Value '[cobol]' at 'compatibleRuntimes' failed to satisfy constraint: Member must "
             "satisfy enum value set: [nodejs22.x, python3.12]",
       "runtime can't be 'cobol'; it is one of nodejs22.x or python3.12"},
      {one +
           "Value '{1X=v}' at 'environment.variables' failed to satisfy constraint: Map keys must "
           "satisfy constraint: [Member must satisfy regular expression pattern: "
           "[a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]",
       "environment can't be '{1X=v}'; names of variables have letters, digits and '_', a letter "
       "first, two at least"},
      {one +
           "Value '' at 'alarmName' failed to satisfy constraint: Member must have length greater "
           "than or equal to 1",
       "alarm name can't be ''; it must not be empty"},
      {one + "Value 'x y' at 'topicName' failed to satisfy constraint: Member must satisfy regular "
             "expression pattern: [a-z]+",
       "topic name can't be 'x y'; it must match [a-z]+"},
  };
  for (const auto& [message, plain] : cases) {
    const Error error = in_plain_words({ErrorKind::kInvalid, "ValidationException", message});
    EXPECT_EQ(error.message, plain);
    EXPECT_EQ(error.type, "Usage") << message;
  }
}

TEST(PlainWords, OfARuntimeThatAwsHasNoMore) {
  const auto said = [](const std::string& name) {
    return in_plain_words(
        {ErrorKind::kInvalid, "X",
         "The runtime parameter of " + name +
             " is no longer supported for creating or updating AWS Lambda "
             "functions. We recommend you use a supported runtime."},
        [](const std::string& language) { return language == "python" ? "python3.11" : ""; });
  };
  EXPECT_EQ(said("python2.7").message,
            "the runtime python2.7 is no longer supported, as on AWS; use python3.11");
  EXPECT_EQ(said("python2.7").type, "X");
  for (const char* name : {"go1.x", "java8", "provided"})
    EXPECT_THAT(said(name).message,
                testing::HasSubstr("build a program named bootstrap, and use provided.al2023"));
}

TEST(PlainWords, OtherMessagesStayAsTheyAre) {
  for (const std::string message :
       {"Rate Exceeded.", "", "Value of nothing", "'x' is not there",
        "template.yaml:3:5: Value 'a' at 'b' is wrong", "Value '1' at 'x'",
        "1 validation error detected: Value 'x' at 'y' failed to satisfy constraint: nobody "
        "knows"}) {
    const Error error = in_plain_words({ErrorKind::kInvalid, "X", message});
    EXPECT_EQ(error.message, message);
    EXPECT_EQ(error.type, "X");
  }
}

}  // namespace
}  // namespace kiln::cli
