// Parameters of paths and queries, whatever they name.
#include <gmock/gmock.h>

#include "tests/support/lambda_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::HasSubstr;

using LambdaParametersTest = LambdaApiTest;

// Nothing is there: what is wrong with a request comes first.
TEST_F(LambdaParametersTest, AreLookedAtBeforeTheFunction) {
  const std::string functions = "/2015-03-31/functions/";
  const std::string a141(141, 'a'), a140(140, 'a'), a129(129, 'a');
  const struct {
    const char* method;
    std::string target;
    std::string text;  // "": nothing is wrong with it
  } cases[] = {
      {"GET", functions + "f?Qualifier=", "'' at 'qualifier'"},
      {"GET", functions + "f?Qualifier=" + a129, "less than or equal to 128"},
      {"GET", functions + "f?Qualifier=a", ""},
      {"GET", functions + a141, ""},
      {"PUT", functions + a141 + "/configuration", "less than or equal to 140"},
      {"PUT", functions + a140 + "/configuration", ""},
      {"POST", functions + "f.g/versions", "(\\$LATEST|[a-zA-Z0-9-_]+))?"},
      {"GET", functions + "f.g/versions", ""},
      {"GET", functions + "f/versions?MaxItems=0", "'0' at 'maxItems'"},
      {"GET", functions + "f/aliases?MaxItems=10001", "less than or equal to 10000"},
      {"GET", functions + "f/aliases?MaxItems=10000", ""},
      {"GET", functions + "f/aliases?MaxItems=99999999999999999999", "equal to 10000"},
      {"GET", functions + "f/aliases?MaxItems=x", "greater than or equal to 1"},
      {"GET", functions + "f/aliases?FunctionVersion=prod", "at 'functionVersion'"},
      {"GET", functions + "f/aliases?FunctionVersion=%24LATEST", ""},
      {"GET", "/2019-09-25/functions/f/event-invoke-config/list?MaxItems=51", "equal to 50"},
      {"GET", "/2021-10-31/functions/f/urls?MaxItems=51", "equal to 50"},
      {"GET", "/2021-10-31/functions/f/url?Qualifier=1", "((?!^\\d+$)^[0-9a-zA-Z-_]+$)"},
      {"GET", "/2021-10-31/functions/f/url?Qualifier=a1", ""},
      {"GET", "/2019-09-30/functions/f/provisioned-concurrency", "null at 'qualifier'"},
      {"DELETE", "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=", "'' at 'qualifier'"},
      {"GET", "/2024-08-31/functions/f%3A1/recursion-config", "(function:)?([a-zA-Z0-9-_]+)"},
      {"GET", "/2015-03-31/functions?MasterRegion=here", "ALL|[a-z]{2}(-gov)?-[a-z]+-\\d{1}"},
      {"GET", "/2018-10-31/layers?CompatibleRuntime=cobol", "at 'compatibleRuntime'"},
      {"GET", "/2018-10-31/layers?find=LayerVersion", "null at 'arn'"},
  };
  for (const auto& c : cases) {
    const Answer got = call(c.method, c.target);
    if (c.text.empty()) {
      EXPECT_EQ(got.status, 404u) << c.method << " " << c.target << got.message;
      continue;
    }
    EXPECT_EQ(got.type, "ValidationException") << c.method << " " << c.target;
    EXPECT_THAT(got.message, HasSubstr(c.text));
  }
  for (const char* region : {"ALL", "us-east-1", "us-gov-west-1"})
    EXPECT_EQ(call("GET", std::string("/2015-03-31/functions?MasterRegion=") + region).status,
              200u);
}

TEST_F(LambdaParametersTest, ViolationsAreJoined) {
  EXPECT_THAT(call("GET", "/2015-03-31/functions/a%21/aliases?MaxItems=0").message,
              HasSubstr("2 validation errors detected: "));
}

TEST_F(LambdaParametersTest, MembersOfUpdatesToo) {
  const auto refused = [&](const Answer& got) { return got.type == "ValidationException"; };
  const std::string configuration = "/2015-03-31/functions/f/configuration";
  for (const json& wrong :
       {json{{"Timeout", 0}}, json{{"MemorySize", 127}}, json{{"Handler", "a b"}},
        json{{"Role", "r"}}, json{{"Description", std::string(257, 'd')}},
        json{{"LoggingConfig", {{"ApplicationLogLevel", "LOUD"}}}},
        json{{"TracingConfig", {{"Mode", "On"}}}}})
    EXPECT_TRUE(refused(call("PUT", configuration, wrong))) << wrong;
  // Alone it is right; whether it is with the function's own, only that can say.
  for (const json& right : {json{{"LoggingConfig", {{"ApplicationLogLevel", "WARN"}}}},
                            json{{"Timeout", 1}}, json::object()})
    EXPECT_EQ(call("PUT", configuration, right).status, 404u) << right;
  EXPECT_TRUE(refused(publish("f", {{"Description", std::string(257, 'd')}})));
  EXPECT_TRUE(refused(call("PUT", "/2015-03-31/functions/f/code", {{"Architectures", {"mips"}}})));
  EXPECT_TRUE(
      refused(call("PUT", "/2015-03-31/functions/f/aliases/a", {{"FunctionVersion", "x"}})));
  EXPECT_EQ(call("PUT", "/2015-03-31/functions/f/aliases/a", json::object()).status, 404u);
  EXPECT_TRUE(refused(
      call("PUT", "/2017-10-31/functions/f/concurrency", {{"ReservedConcurrentExecutions", -1}})));
  EXPECT_TRUE(refused(call("PUT", "/2021-10-31/functions/f/url", {{"AuthType", "SOME"}})));
  EXPECT_TRUE(refused(
      call("PUT", "/2019-09-25/functions/f/event-invoke-config", {{"MaximumRetryAttempts", 3}})));
}

}  // namespace
}  // namespace kiln::services
