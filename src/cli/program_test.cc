// Whole command lines against a scripted endpoint: what is sent, printed and returned.
#include "cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "base/clock.h"
#include "base/digest.h"
#include "cli/test_folder.h"
#include "cli/test_server.h"

namespace kiln::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

struct Terminal {
  std::string typed;
  bool is_terminal = false;
  bool colors = true;
};

Outcome run(const std::vector<std::string>& arguments, const Terminal& terminal = {}) {
  std::istringstream in(terminal.typed);
  std::ostringstream out;
  std::ostringstream err;
  Console console{in,
                  out,
                  err,
                  terminal.is_terminal,
                  terminal.is_terminal,
                  terminal.is_terminal,
                  terminal.colors};
  const int code = run_program(arguments, console, [](const ServeOptions&) { return 99; });
  return {code, out.str(), err.str()};
}

TestResponse not_found() {
  return {404,
          R"({"Type":"User","Message":"Function not found: x"})",
          {{"x-amzn-ErrorType", "ResourceNotFoundException"}}};
}

// A port where nothing listens: bound, then closed.
std::string silent_endpoint() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

// ---- the command line

TEST(Program, HelpHasExamplesForEveryCommand) {
  EXPECT_EQ(run({"--help"}).code, kExitOk);
  for (const char* command : {"serve", "create", "invoke", "list", "logs", "delete", "version"}) {
    const Outcome outcome = run({command, "--help"});
    EXPECT_EQ(outcome.code, kExitOk) << command;
    EXPECT_THAT(outcome.out, HasSubstr("Examples:\n  kiln " + std::string(command)));
  }
}

TEST(Program, WrongUsageIsTwo) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"nonsense"},
                                             {"invoke"},
                                             {"create", "x"},
                                             {"list", "--no-such-option"},
                                             {"list", "--endpoint", "127.0.0.1:4566"},
                                             {"invoke", "x", "not json"},
                                             {"logs", "x", "--since", "soon"},
                                             {"create", "x", "/no/such/folder"},
                                             {"create", "x", "/tmp", "--memory", "many"},
                                             {"serve", "--port", "65536"},
                                             {"serve", "--port", "-1"},
                                             {"serve", "--account", "12345678901"},
                                             {"serve", "--idle-lifetime", "0s"},
                                             {"serve", "--idle-lifetime", "10"}}) {
    EXPECT_EQ(run(arguments).code, kExitUsage) << testing::PrintToString(arguments);
  }
}

TEST(Program, VersionIsPrintedAsTextAndJson) {
  EXPECT_THAT(run({"version"}).out, StartsWith("kiln "));
  EXPECT_THAT(run({"--version"}).out, StartsWith("kiln "));
  const json document = json::parse(run({"version", "--json"}).out);
  EXPECT_EQ("kiln " + document["version"].get<std::string>() + "\n", run({"version"}).out);
}

TEST(Serve, OptionsReachTheEngine) {
  std::istringstream in;
  std::ostringstream out;
  Console console{in, out, out};
  ServeOptions got;
  const auto serve = [&](const ServeOptions& options) {
    got = options;
    return 7;
  };
  EXPECT_EQ(run_program({"serve"}, console, serve), 7);
  EXPECT_EQ(got.host, "127.0.0.1");
  EXPECT_EQ(got.port, 4566);
  EXPECT_EQ(got.data_dir, ".kiln");
  EXPECT_EQ(got.account, "000000000000");
  EXPECT_EQ(got.idle_lifetime, std::chrono::minutes(10));
  EXPECT_EQ(got.verbosity, Verbosity::kNormal);
  EXPECT_THAT(got.runtimes_dir, testing::EndsWith("runtimes"));

  EXPECT_EQ(run_program({"serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", "/d",
                         "--account", "123456789012", "--threads", "3", "--idle-lifetime", "90s",
                         "--runtimes", "/r", "--verbose"},
                        console, serve),
            7);
  EXPECT_EQ(got.host, "0.0.0.0");
  EXPECT_EQ(got.port, 0);
  EXPECT_EQ(got.data_dir, "/d");
  EXPECT_EQ(got.account, "123456789012");
  EXPECT_EQ(got.threads, 3);
  EXPECT_EQ(got.idle_lifetime, std::chrono::seconds(90));
  EXPECT_EQ(got.runtimes_dir, "/r");
  EXPECT_EQ(got.verbosity, Verbosity::kVerbose);
}

// ---- reaching the endpoint

TEST(Endpoint, NobodyThereIsThreeAndSaysHowToStart) {
  const std::string endpoint = silent_endpoint();
  const TestFolder folder;
  folder.write("bootstrap", "x", 0755);
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"list"},
                                             {"invoke", "x"},
                                             {"logs", "x"},
                                             {"delete", "x"},
                                             {"create", "x", folder.path()}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--endpoint", endpoint});
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, kExitNoAnswer) << command[0];
    EXPECT_EQ(outcome.err,
              "kiln: nothing answers at " + endpoint + "; start it with `kiln serve`\n");
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(Endpoint, ComesFromTheEnvironmentAndTheRegionIsSigned) {
  const TestServer server([](const TestRequest&) {
    return TestResponse{200, R"({"Functions":[]})"};
  });
  const Environment aws("AWS_ENDPOINT_URL", server.endpoint() + "/");
  const Environment region("AWS_REGION", "eu-central-1");
  EXPECT_EQ(run({"list"}).code, kExitOk);
  EXPECT_EQ(run({"list", "--region", "ap-south-1"}).code, kExitOk);
  const Environment kiln("KILN_ENDPOINT", silent_endpoint());
  EXPECT_EQ(run({"list"}).code, kExitNoAnswer);

  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_THAT(server.requests()[0].headers.at("authorization"),
              HasSubstr("/eu-central-1/lambda/aws4_request"));
  EXPECT_THAT(server.requests()[1].headers.at("authorization"),
              HasSubstr("/ap-south-1/lambda/aws4_request"));
}

TEST(Endpoint, AProxyIsNotAskedForThisMachine) {
  const TestServer server([](const TestRequest&) {
    return TestResponse{200, R"({"Functions":[]})"};
  });
  const Environment proxy("http_proxy", silent_endpoint());
  EXPECT_EQ(run({"list", "--endpoint", server.endpoint()}).code, kExitOk);
}

TEST(Endpoint, AnAnswerThatIsNotJsonIsAnErrorNotACrash) {
  for (const char* body :
       {"<html>", "{\"Functions\": [1, null, {\"FunctionName\": 5}]}", "[]", "1"}) {
    const TestServer server([&](const TestRequest&) { return TestResponse{200, body}; });
    const Outcome outcome = run({"list", "--endpoint", server.endpoint()});
    EXPECT_TRUE(outcome.code == kExitOk || outcome.code == kExitFailed) << body;
  }
}

// ---- list

TEST(List, ReadsAllPagesAndPrintsATable) {
  const TestServer server([](const TestRequest& request) -> TestResponse {
    if (request.target.find("Marker=m%2F1") == std::string::npos) {
      return {200, R"({"Functions":[{"FunctionName":"a","Runtime":"python3.12","MemorySize":128,
                        "Timeout":3,"LastModified":"2026-01-21T11:30:00.000+0000"}],"NextMarker":"m/1"})"};
    }
    return {200, R"({"Functions":[{"FunctionName":"bb","Runtime":"provided.al2023",
                      "MemorySize":1024,"Timeout":900,"LastModified":"x"}]})"};
  });
  const Outcome text = run({"list", "--endpoint", server.endpoint()});
  EXPECT_EQ(text.code, kExitOk);
  EXPECT_EQ(text.out,
            "NAME  RUNTIME           MEMORY  TIMEOUT  LAST MODIFIED\n"
            "a     python3.12        128 MB      3 s  2026-01-21T11:30:00.000+0000\n"
            "bb    provided.al2023  1024 MB    900 s  x\n");
  const json document = json::parse(run({"list", "--json", "--endpoint", server.endpoint()}).out);
  ASSERT_EQ(document.size(), 2U);
  EXPECT_EQ(document[1]["FunctionName"], "bb");

  EXPECT_THAT(run({"list", "--endpoint", server.endpoint()}, {"", true, true}).out,
              HasSubstr("\033[1m"));
  EXPECT_THAT(run({"list", "--endpoint", server.endpoint()}, {"", true, false}).out,
              Not(HasSubstr("\033")));
}

TEST(List, EmptyIsNoErrorAndAnEmptyArrayForPrograms) {
  const TestServer server([](const TestRequest&) {
    return TestResponse{200, R"({"Functions":[]})"};
  });
  const Outcome text = run({"list", "--endpoint", server.endpoint()});
  EXPECT_EQ(text.code, kExitOk);
  EXPECT_EQ(text.out, "");
  EXPECT_THAT(text.err, HasSubstr("kiln create"));
  EXPECT_EQ(run({"list", "--json", "--endpoint", server.endpoint()}).out, "[]\n");
}

// ---- invoke

TEST(Invoke, SendsThePayloadAndPrintsTheAnswer) {
  const TestServer server([](const TestRequest& request) {
    return TestResponse{200, request.body};
  });
  const std::string at = server.endpoint();
  EXPECT_EQ(run({"invoke", "f", "--endpoint", at}).out, "{}\n");
  EXPECT_EQ(run({"invoke", "f", R"({"a": [1]})", "--endpoint", at}).out, "{\"a\": [1]}\n");
  EXPECT_EQ(run({"invoke", "f", "[1,2]", "--endpoint", at}).out, "[1,2]\n");
  EXPECT_EQ(run({"invoke", "f", "\"text\"", "--endpoint", at}).out, "\"text\"\n");
  EXPECT_EQ(run({"invoke", "f", "-", "--endpoint", at}, {"[3]"}).out, "[3]\n");
  EXPECT_EQ(run({"invoke", "f:prod", "--endpoint", at}).code, kExitOk);
  EXPECT_EQ(run({"invoke", "f:$LATEST", "--endpoint", at}).code, kExitOk);
  const std::string arn = "arn:aws:lambda:us-east-1:000000000000:function:f:3";
  EXPECT_EQ(run({"invoke", arn, "--endpoint", at}).code, kExitOk);
  const std::vector<TestRequest> requests = server.requests();
  ASSERT_EQ(requests.size(), 8U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/2015-03-31/functions/f/invocations");
  EXPECT_EQ(requests[5].target, "/2015-03-31/functions/f/invocations?Qualifier=prod");
  EXPECT_EQ(requests[6].target, "/2015-03-31/functions/f/invocations?Qualifier=%24LATEST");
  EXPECT_EQ(
      requests[7].target,
      "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af%3A3/"
      "invocations");
  EXPECT_FALSE(requests[0].headers.contains("expect"));
}

TEST(Invoke, SixMebibytesGoThroughInOneRequest) {
  const TestServer server([](const TestRequest& request) {
    return TestResponse{200, std::to_string(request.body.size())};
  });
  std::string payload(6 * 1024 * 1024, 'x');
  payload.front() = payload.back() = '"';
  EXPECT_EQ(run({"invoke", "f", "-", "--endpoint", server.endpoint()}, {payload}).out,
            std::to_string(payload.size()) + "\n");
}

TEST(Invoke, AFunctionErrorIsPrintedAndEndsWithOne) {
  const TestServer server([](const TestRequest&) {
    return TestResponse{200,
                        R"({"errorType":"ValueError","errorMessage":"no id"})",
                        {{"X-Amz-Function-Error", "Unhandled"}, {"X-Amz-Executed-Version", "4"}}};
  });
  const Outcome outcome = run({"invoke", "f:prod", "--endpoint", server.endpoint()});
  EXPECT_EQ(outcome.code, kExitFailed);
  EXPECT_EQ(outcome.out, "{\"errorType\":\"ValueError\",\"errorMessage\":\"no id\"}\n");
  EXPECT_THAT(outcome.err, HasSubstr("ValueError: no id"));
  EXPECT_THAT(outcome.err, HasSubstr("`kiln logs f`"));

  const Outcome as_json = run({"invoke", "f", "--json", "--endpoint", server.endpoint()});
  EXPECT_EQ(as_json.code, kExitFailed);
  const json document = json::parse(as_json.out);
  EXPECT_EQ(document["FunctionError"], "Unhandled");
  EXPECT_EQ(document["ExecutedVersion"], "4");
  EXPECT_EQ(document["Payload"]["errorMessage"], "no id");
}

TEST(Invoke, TailAsksForTheLogAndPrintsItOnStderr) {
  const TestServer server([](const TestRequest& request) -> TestResponse {
    if (request.headers.contains("x-amz-log-type")) {
      return {200, "1", {{"X-Amz-Log-Result", base64_encode("START\nEND\n")}}};
    }
    return {200, "1"};
  });
  const Outcome outcome = run({"invoke", "f", "--tail", "--endpoint", server.endpoint()});
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_EQ(outcome.out, "1\n");
  EXPECT_EQ(outcome.err, "START\nEND\n");
  EXPECT_EQ(run({"invoke", "f", "--endpoint", server.endpoint()}).err, "");
}

TEST(Invoke, AnUnknownFunctionAndAThrottleSayWhatToDo) {
  const TestServer gone([](const TestRequest&) { return not_found(); });
  const Outcome outcome = run({"invoke", "x", "--endpoint", gone.endpoint()});
  EXPECT_EQ(outcome.code, kExitFailed);
  EXPECT_EQ(outcome.err, "kiln: no function 'x'; `kiln list` shows what is there\n");
  EXPECT_EQ(
      run({"invoke", "x:prod", "--endpoint", gone.endpoint()}).err,
      "kiln: no version or alias 'prod' of 'x', or no function 'x'; `kiln list` shows what is "
      "there\n");
  EXPECT_THAT(run({"invoke", "x", "--region", "eu-west-1", "--endpoint", gone.endpoint()}).err,
              HasSubstr("`kiln list --region eu-west-1`"));

  const TestServer busy([](const TestRequest&) {
    return TestResponse{429,
                        R"({"Reason":"x","Type":"User","message":"Rate Exceeded."})",
                        {{"x-amzn-ErrorType", "TooManyRequestsException:http://a"}}};
  });
  const Outcome throttled = run({"invoke", "x", "--endpoint", busy.endpoint()});
  EXPECT_EQ(throttled.code, kExitFailed);
  EXPECT_EQ(throttled.err, "kiln: TooManyRequestsException: Rate Exceeded.\n");
}

// ---- create

// Plays the Lambda API for one function.
struct FakeLambda {
  std::atomic<bool> exists{false};
  std::atomic<int> polls_until_active{0};

  TestResponse operator()(const TestRequest& request) {
    if (request.method == "POST" && request.target == "/2015-03-31/functions") {
      if (exists.exchange(true)) {
        return {409,
                R"({"Type":"User","message":"Function already exist: f"})",
                {{"x-amzn-ErrorType", "ResourceConflictException"}}};
      }
      return {201, R"({"FunctionName":"f","Version":"1","State":"Pending"})"};
    }
    if (request.target.ends_with("/versions")) {
      return {201, R"({"FunctionName":"f","Version":"2","MemorySize":128,"Timeout":3})"};
    }
    if (request.method == "GET" && polls_until_active-- > 0) {
      return {200, R"({"FunctionName":"f","State":"Pending"})"};
    }
    return {200, R"({"FunctionName":"f","State":"Active","LastUpdateStatus":"Successful",
                      "Runtime":"provided.al2023","MemorySize":128,"Timeout":3,"Version":"$LATEST"})"};
  }
};

json body_of(const TestRequest& request) { return json::parse(request.body); }

TEST(Create, SendsTheZippedFolderAndWaitsUntilActive) {
  FakeLambda lambda;
  lambda.polls_until_active = 2;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("bootstrap", "x", 0755);
  const Outcome outcome =
      run({"create", "f", folder.path(), "--memory", "512", "--timeout", "9", "--env", "A=1",
           "--env", "B=x=y,z", "--description", "d", "--publish", "--endpoint", server.endpoint()});
  EXPECT_EQ(outcome.code, kExitOk) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("created f  provided.al2023  "));
  EXPECT_THAT(outcome.out, HasSubstr("version 1\n"));
  const std::vector<TestRequest> requests = server.requests();
  ASSERT_EQ(requests.size(), 4U);  // create, Pending twice, Active
  const json sent = body_of(requests[0]);
  EXPECT_EQ(sent["Runtime"], "provided.al2023");
  EXPECT_EQ(sent["Handler"], "bootstrap");
  EXPECT_EQ(sent["MemorySize"], 512);
  EXPECT_EQ(sent["Timeout"], 9);
  EXPECT_EQ(sent["Description"], "d");
  EXPECT_EQ(sent["Publish"], true);
  EXPECT_EQ(sent["Environment"]["Variables"], (json{{"A", "1"}, {"B", "x=y,z"}}));
  EXPECT_THAT(sent["Code"]["ZipFile"].get<std::string>(), StartsWith("UEsD"));  // "PK\3"
  EXPECT_EQ(requests[3].target, "/2015-03-31/functions/f/configuration");
}

TEST(Create, LeavesDefaultsToTheService) {
  FakeLambda lambda;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("index.js", "x");
  EXPECT_EQ(run({"create", "f", folder.path(), "--endpoint", server.endpoint()}).code, kExitOk);
  const json sent = body_of(server.requests()[0]);
  for (const char* key : {"MemorySize", "Timeout", "Environment", "Description"}) {
    EXPECT_FALSE(sent.contains(key)) << key;
  }
}

TEST(Create, HotReloadNamesTheFolderInsteadOfSendingIt) {
  FakeLambda lambda;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("index.js", "x");
  EXPECT_EQ(
      run({"create", "f", folder.path(), "--hot-reload", "--endpoint", server.endpoint()}).code,
      kExitOk);
  const json sent = body_of(server.requests()[0]);
  EXPECT_EQ(sent["Code"], (json{{"S3Bucket", "hot-reload"},
                                {"S3Key", std::filesystem::canonical(folder.path()).string()}}));
}

TEST(Create, AnExistingFunctionNeedsUpdate) {
  FakeLambda lambda;
  lambda.exists = true;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("bootstrap", "x", 0755);
  const Outcome refused = run({"create", "f", folder.path(), "--endpoint", server.endpoint()});
  EXPECT_EQ(refused.code, kExitFailed);
  EXPECT_THAT(refused.err, HasSubstr("--update"));

  const Outcome updated = run({"create", "f", folder.path(), "--update", "--memory", "256",
                               "--publish", "--endpoint", server.endpoint()});
  EXPECT_EQ(updated.code, kExitOk) << updated.err;
  EXPECT_THAT(updated.out, HasSubstr("version 2"));
  std::vector<std::string> calls;
  for (const TestRequest& request : server.requests()) {
    calls.push_back(request.method + " " + request.target);
  }
  EXPECT_THAT(calls,
              testing::ElementsAre("POST /2015-03-31/functions", "POST /2015-03-31/functions",
                                   "PUT /2015-03-31/functions/f/code",
                                   "GET /2015-03-31/functions/f/configuration",
                                   "PUT /2015-03-31/functions/f/configuration",
                                   "GET /2015-03-31/functions/f/configuration",
                                   "POST /2015-03-31/functions/f/versions"));
  EXPECT_EQ(body_of(server.requests()[4]), (json{{"MemorySize", 256}}));
}

TEST(Create, AFunctionThatFailsToBecomeActiveIsAnError) {
  const TestServer server([](const TestRequest& request) -> TestResponse {
    if (request.method == "POST") return {201, R"({"State":"Pending"})"};
    return {200, R"({"State":"Failed","StateReason":"no space"})"};
  });
  const TestFolder folder;
  folder.write("bootstrap", "x", 0755);
  const Outcome outcome = run({"create", "f", folder.path(), "--endpoint", server.endpoint()});
  EXPECT_EQ(outcome.code, kExitFailed);
  EXPECT_THAT(outcome.err, HasSubstr("no space"));
}

TEST(Create, WarnsOfABootstrapThatCannotRun) {
  FakeLambda lambda;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("bootstrap", "x", 0644);
  EXPECT_THAT(run({"create", "f", folder.path(), "--endpoint", server.endpoint()}).err,
              HasSubstr("not executable"));
}

TEST(Create, ABadEnvironmentVariableIsUsage) {
  const TestFolder folder;
  folder.write("bootstrap", "x", 0755);
  for (const char* pair : {"A", "=x"}) {
    const Outcome outcome = run({"create", "f", folder.path(), "--env", pair});
    EXPECT_EQ(outcome.code, kExitUsage);
    EXPECT_THAT(outcome.err, HasSubstr("NAME=VALUE"));
  }
}

// ---- delete

TEST(Delete, AsksOnATerminalOnly) {
  const TestServer server([](const TestRequest&) { return TestResponse{204, ""}; });
  const std::string at = server.endpoint();
  EXPECT_EQ(run({"delete", "f", "--endpoint", at}, {"n\n", true}).code, kExitFailed);
  EXPECT_EQ(server.requests().size(), 0U);
  EXPECT_EQ(run({"delete", "f", "--endpoint", at}, {"y\n", true}).code, kExitOk);
  EXPECT_EQ(run({"delete", "f", "--yes", "--endpoint", at}, {"", true}).code, kExitOk);
  EXPECT_EQ(run({"delete", "f", "--endpoint", at}).out, "deleted f\n");
  ASSERT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(server.requests()[0].method, "DELETE");
  EXPECT_EQ(server.requests()[0].target, "/2015-03-31/functions/f");
}

TEST(Delete, OfNothingSaysWhereToLook) {
  const TestServer server([](const TestRequest&) { return not_found(); });
  const Outcome outcome = run({"delete", "x", "--yes", "--endpoint", server.endpoint()});
  EXPECT_EQ(outcome.code, kExitFailed);
  EXPECT_EQ(outcome.err, "kiln: no function 'x'; `kiln list` shows what is there\n");
}

// ---- logs

int64_t now_ms() { return epoch_ms(SystemClock().wall_now()); }

json event(int64_t time, const std::string& message, const std::string& id) {
  json document = {{"timestamp", time}, {"message", message}, {"logStreamName", "s"}};
  if (!id.empty()) document["eventId"] = id;
  return document;
}

TEST(Logs, ReadsAllPagesAndPrintsTimeAndMessage) {
  const TestServer server([](const TestRequest& request) -> TestResponse {
    if (!body_of(request).contains("nextToken")) {
      return {200,
              json{{"events", {event(1769000000123, "START\n", "1")}}, {"nextToken", "n"}}.dump()};
    }
    return {200, json{{"events", {event(1769000000124, "hello", "2")}}}.dump()};
  });
  const Outcome outcome = run({"logs", "f", "--since", "1h", "--endpoint", server.endpoint()});
  EXPECT_EQ(outcome.code, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out,
            "2026-01-21T12:53:20.123Z START\n"
            "2026-01-21T12:53:20.124Z hello\n");
  const TestRequest first = server.requests()[0];
  EXPECT_EQ(first.headers.at("x-amz-target"), "Logs_20140328.FilterLogEvents");
  EXPECT_EQ(first.headers.at("content-type"), "application/x-amz-json-1.1");
  EXPECT_THAT(first.headers.at("authorization"), HasSubstr("/us-east-1/logs/aws4_request"));
  EXPECT_EQ(body_of(first)["logGroupName"], "/aws/lambda/f");
  EXPECT_NEAR(static_cast<double>(body_of(first)["startTime"].get<int64_t>()),
              static_cast<double>(now_ms() - 3600 * 1000), 60'000.0);
}

TEST(Logs, FollowsWithoutRepeatsUntilInterrupted) {
  // Every thread of this test holds SIGINT back, as the command does for its own: only the command
  // takes it.
  sigset_t interrupt;
  sigset_t before;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_BLOCK, &interrupt, &before);
  const int64_t base = now_ms();
  std::atomic<int> polls{0};
  {
    // The answers overlap, one event comes late, and two equal lines are two events.
    const TestServer server([&](const TestRequest&) -> TestResponse {
      const int poll = ++polls;
      json events = json::array({event(base, "one", "")});
      if (poll >= 2) events.push_back(event(base - 1000, "late", ""));
      if (poll >= 2) events.push_back(event(base + 10, "same", ""));
      if (poll >= 3) events.push_back(event(base + 10, "same", ""));
      if (poll == 3) kill(getpid(), SIGINT);
      return {200, json{{"events", events}}.dump()};
    });
    const Outcome outcome = run({"logs", "f", "-f", "--json", "--endpoint", server.endpoint()});
    EXPECT_EQ(outcome.code, kExitOk) << outcome.err;
    std::istringstream lines(outcome.out);
    std::vector<std::string> messages;
    for (std::string line; std::getline(lines, line);) {
      messages.push_back(json::parse(line)["message"].get<std::string>());
    }
    EXPECT_THAT(messages, testing::ElementsAre("one", "late", "same", "same"));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(Logs, AFunctionWithoutALogYetIsNoErrorButAnUnknownOneIs) {
  std::atomic<bool> exists{true};
  const TestServer server([&](const TestRequest& request) -> TestResponse {
    if (request.method == "GET" && exists) return {200, "{}"};
    if (request.method == "GET") return not_found();
    return {
        400,
        R"({"__type":"ResourceNotFoundException","message":"The specified log group does not exist."})"};
  });
  const Outcome silent = run({"logs", "f", "--endpoint", server.endpoint()});
  EXPECT_EQ(silent.code, kExitOk);
  EXPECT_THAT(silent.err, HasSubstr("--since"));
  exists = false;
  const Outcome unknown = run({"logs", "f", "-f", "--endpoint", server.endpoint()});
  EXPECT_EQ(unknown.code, kExitFailed);
  EXPECT_EQ(unknown.err, "kiln: no function 'f'; `kiln list` shows what is there\n");
}

}  // namespace
}  // namespace kiln::cli
