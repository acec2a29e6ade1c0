// `kiln lint` as a command line: formats, exit codes, parameters, where REPORT lines come from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/cli_folder.h"
#include "tests/support/cli_program.h"

namespace kiln::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kTemplate = R"(Parameters:
  Reserve: {Type: Number, Default: 20}
Resources:
  Orders:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: orders
      Role: r
      Code: {ZipFile: x}
      Timeout: 60
      MemorySize: 128
      ReservedConcurrentExecutions: !Ref Reserve
  V1:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Orders}
  Live:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: !Ref Orders
      FunctionVersion: !GetAtt V1.Version
      Name: live
      ProvisionedConcurrencyConfig:
        ProvisionedConcurrentExecutions: 21
)";

TEST(Lint, PrintsFindingsWithTheirPlace) {
  const TestFolder folder;
  const std::string file = folder.write("orders.yaml", kTemplate);
  const Outcome outcome = run({"lint", file});
  EXPECT_EQ(outcome.code, kExitFailed) << outcome.err;
  EXPECT_EQ(outcome.out,
            file +
                ":23:42: error: Live: Orders provisions 21 (alias live 21) and reserves 20 "
                "[provisioned-above-reserved]\n"
                "    why: Provisioned concurrency is taken out of the function's reserved "
                "concurrency; Lambda refuses more than that.\n"
                "    do:  reserve at least 21, or provision at most 20\n"
                "1 error, 0 warnings, 0 infos in 1 stack\n");
}

TEST(Lint, ColorsOnATerminalOnly) {
  const TestFolder folder;
  const std::string file = folder.write("orders.yaml", kTemplate);
  EXPECT_THAT(run({"lint", file}).out, Not(HasSubstr("\033[")));
  EXPECT_THAT(run({"lint", file}, {.typed = "", .is_terminal = true}).out,
              HasSubstr("\033[31merror\033[0m"));
}

TEST(Lint, NothingAboveInfoIsSuccess) {
  const TestFolder folder;
  const std::string file = folder.write("orders.yaml", kTemplate);
  const Outcome outcome = run({"lint", file, "--parameter", "Reserve=21"});
  EXPECT_EQ(outcome.code, kExitOk) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("info: Orders: Orders provisions all 21"));
  EXPECT_THAT(run({"lint", file, "--parameter", "Reserve=22"}).out,
              "0 errors, 0 warnings, 0 infos in 1 stack\n");
}

TEST(Lint, JsonAndSarif) {
  const TestFolder folder;
  const std::string file = folder.write("orders.yaml", kTemplate);
  const json findings = json::parse(run({"lint", file, "--json"}).out);
  EXPECT_EQ(findings["errors"], 1);
  EXPECT_EQ(findings["findings"][0]["rule"], "provisioned-above-reserved");
  EXPECT_EQ(findings["findings"][0]["line"], 23);
  EXPECT_EQ(findings["findings"][0]["logicalId"], "Live");
  const Outcome sarif = run({"lint", file, "--format", "sarif"});
  EXPECT_EQ(sarif.code, kExitFailed);
  EXPECT_EQ(json::parse(sarif.out)["runs"][0]["results"][0]["level"], "error");
}

TEST(Lint, WrongUsage) {
  const TestFolder folder;
  const std::string file = folder.write("orders.yaml", kTemplate);
  const auto says = [&](std::vector<std::string> arguments, const char* text) {
    arguments.insert(arguments.begin(), "lint");
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, kExitUsage) << outcome.out;
    EXPECT_THAT(outcome.err, HasSubstr(text));
  };
  says({folder.path() + "/nothing.yaml"}, "there is no file or folder");
  says({file, "--parameter", "Reserve"}, "NAME=VALUE");
  says({file, "--parameter", "Other=1"}, "no template of ");
  says({file, "--parameter", "Reserve=many"}, "Reserve");
  says({file, "--format", "xml"}, "xml");
  says({file, "--format", "sarif", "--json"}, "can't go together");
  says({file, "--account-concurrency", "0"}, "--account-concurrency");
  says({file, "--account-concurrency", "10", "--min-unreserved", "11"}, "above");
  says({file, "--data-dir", folder.path()}, "no data folder of Kiln");
  says({file, "--data-dir", folder.path(), "--endpoint", "http://x"}, "can't go together");
}

TEST(Lint, ProblemsOfATemplateHaveTheirLine) {
  const TestFolder folder;
  const std::string file = folder.write("bad.yaml", "Resources:\n  F:\n    Properties: {}\n");
  const Outcome outcome = run({"lint", file});
  EXPECT_EQ(outcome.code, kExitUsage);
  EXPECT_THAT(outcome.err, HasSubstr(file + ":2:3: "));
}

constexpr const char* kReport =
    "REPORT RequestId: 1\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 120 MB\t";

TEST(Lint, ReadsReportLinesOfADataFolder) {
  const TestFolder folder;
  const std::string file = folder.write("orders.yaml", kTemplate);
  const std::string stamp = "2026-01-21T11:30:00.000Z ";
  folder.write("data/logs/us-east-1/%2Faws%2Flambda%2Forders/2026%2F01%2F21%2F[$LATEST]a.log",
               stamp + std::string(100'000, 'x') + "\n" + stamp + kReport + "\n" +
                   "2026-01-21T11:30:00.000Z@1769000000000 " + kReport + "\n");
  folder.write("data/logs/us-east-1/%2Faws%2Flambda%2Fothers/a.log", stamp + kReport + "\n");
  folder.write("data/logs/eu-west-1/%2Faws%2Flambda%2Forders/a.log", stamp + kReport + "\n");
  const std::vector<std::string> command = {"lint",       file,         "--parameter",
                                            "Reserve=30", "--data-dir", folder.path() + "/data"};
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.code, kExitFailed) << outcome.err;
  EXPECT_THAT(outcome.out,
              HasSubstr("Orders has 128 MB; of 1 invocations one used 120 MB [memory-too-small]"));
}

TEST(Lint, AsksARunningKilnForReportLines) {
  const TestServer server([](const TestRequest& request) -> TestResponse {
    if (request.method == "GET")
      return {200, R"({"Functions": [
          {"FunctionName": "orders", "LoggingConfig": {"LogGroup": "/shared"}},
          {"FunctionName": "others", "LoggingConfig": {"LogGroup": "/aws/lambda/others"}}]})"};
    const json body = body_of(request);
    if (body.value("logGroupName", "") == "/shared")
      return {400, R"({"__type": "ResourceNotFoundException"})"};
    if (body.contains("logGroupNamePrefix")) {
      if (!body.contains("nextToken"))
        return {200, R"({"logGroups":[{"logGroupName":"/aws/lambda/others"}],"nextToken":"t"})"};
      return {200, R"({"logGroups":[{"logGroupName":"/aws/lambda/orders"}]})"};
    }
    return {200, json({{"events", {{{"message", std::string(kReport) + "\n"}}}}}).dump()};
  });
  const TestFolder folder;
  const std::string file = folder.write("orders.yaml", kTemplate);
  const Outcome outcome =
      run({"lint", file, "--parameter", "Reserve=30", "--endpoint", server.endpoint()});
  EXPECT_THAT(outcome.out, HasSubstr("used 120 MB"));
  const std::vector<TestRequest> requests = server.requests();
  // The groups of both, but not those of functions that the template doesn't have.
  ASSERT_EQ(requests.size(), 5U);
  EXPECT_EQ(body_of(requests[3])["logGroupName"], "/aws/lambda/orders");
  EXPECT_EQ(body_of(requests[4])["logGroupName"], "/shared");
  EXPECT_EQ(run({"lint", file, "--endpoint", silent_endpoint()}).code, kExitNoAnswer);
}

// FilterLogEvents' page with `count` REPORT lines of a function that shares its group.
std::string page_of(const std::string& function, int count, const std::string& next) {
  json page = {{"events", json::array()}};
  for (int i = 0; i < count; ++i)
    page["events"].push_back({{"logStreamName", "2026/01/21/" + function + "[$LATEST]a"},
                              {"message", std::string(kReport) + "\n"}});
  if (!next.empty()) page["nextToken"] = next;
  return page.dump();
}

TEST(Lint, ReadsASharedLogGroupUntilAllThatLogThereHaveEnough) {
  constexpr int kEnough = 10'000;
  const auto lambda = [](const std::string& name, const std::string& group) {
    return json{{"FunctionName", name}, {"LoggingConfig", {{"LogGroup", group}}}};
  };
  for (const std::string group : {"/aws/lambda/orders", "/shared"}) {
    const TestServer server([&](const TestRequest& request) -> TestResponse {
      if (request.method == "GET")
        return {
            200,
            json{{"Functions",
                  {lambda("orders", group), lambda("others", group), lambda("strangers", group)}}}
                .dump()};
      const json body = body_of(request);
      if (body.contains("logGroupNamePrefix"))
        return {200, R"({"logGroups":[{"logGroupName":"/aws/lambda/orders"}]})"};
      if (body.value("logGroupName", "") != group)
        return {400, R"({"__type": "ResourceNotFoundException"})"};
      const std::string token = body.value("nextToken", "1");
      if (token == "1") return {200, page_of("orders", kEnough, "2")};
      if (token == "2") return {200, page_of("strangers", 1, "3")};
      return {200, page_of("others", kEnough, "4")};
    });
    const TestFolder folder;
    const std::string function =
        "    Type: AWS::Lambda::Function\n    Properties: {Role: r, Code: {ZipFile: x}, "
        "MemorySize: 128, FunctionName: ";
    const std::string file =
        folder.write("shop.yaml", "Resources:\n  Orders:\n" + function + "orders}\n  Others:\n" +
                                      function + "others}\n");
    const Outcome outcome = run({"lint", file, "--endpoint", server.endpoint()});
    EXPECT_THAT(outcome.out, HasSubstr("Orders has 128 MB; of 10000 invocations")) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("Others has 128 MB; of 10000 invocations"));
    const std::vector<TestRequest> requests = server.requests();
    EXPECT_EQ(body_of(requests.back()).value("nextToken", ""), "3") << "all have enough";
  }
}

}  // namespace
}  // namespace kiln::cli
