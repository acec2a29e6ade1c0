// The command line as a whole, reaching the endpoint, and list, invoke and delete: what is sent,
// printed and returned.
#include "cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/digest.h"
#include "tests/support/cli_folder.h"
#include "tests/support/cli_program.h"

namespace kiln::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// ---- the command line

TEST(Program, HelpHasExamplesForEveryCommand) {
  EXPECT_EQ(run({"--help"}).code, kExitOk);
  EXPECT_EQ(run({"help"}).out, run({"--help"}).out);
  for (const char* command : {"serve", "create", "invoke", "list", "logs", "delete", "version"}) {
    const Outcome outcome = run({command, "--help"});
    EXPECT_EQ(outcome.code, kExitOk) << command;
    EXPECT_THAT(outcome.out, HasSubstr("Examples:\n  kiln " + std::string(command)));
    EXPECT_EQ(run({"help", command}).out, outcome.out);
  }
}

// Only the command that is asked for has its options ready, which no answer may show.
TEST(Program, ACommandAloneAnswersAsAmongAll) {
  const std::string all = run({"--help"}).out;
  for (const char* command :
       {"serve",   "new",       "dev",        "create", "invoke",  "list",   "logs",     "top",
        "ps",      "files",     "exec",       "debug",  "profile", "delete", "publish",  "alias",
        "reserve", "provision", "scale",      "alarm",  "url",     "layer",  "event",    "deploy",
        "stacks",  "destroy",   "lint",       "tune",   "cost",    "load",   "simulate", "advise",
        "env",     "doctor",    "completion", "version"}) {
    EXPECT_THAT(all, HasSubstr("\n  " + std::string(command) + " "));
    // Behind --config the whole command line is there.
    const std::vector<std::string> alone = {command, "--no-such-option"};
    const std::vector<std::string> among_all = {"--config", "/dev/null", command,
                                                "--no-such-option"};
    EXPECT_EQ(run({command, "--help"}).out, run({"--config", "/dev/null", command, "--help"}).out);
    EXPECT_EQ(run(alone).code, kExitUsage) << command;
    EXPECT_EQ(run(alone).err, run(among_all).err) << command;
  }
  EXPECT_EQ(run({"--version"}).out, run({"--config", "/dev/null", "--version"}).out);
  // A second command's name is one, too.
  EXPECT_EQ(run({"version", "list"}).err, run({"--config", "/dev/null", "version", "list"}).err);
}

TEST(Program, ErrorsAreAsWideAsTheTerminalAndWholeInAPipe) {
  const std::vector<std::string> arguments = {"create", "hello", "--no-such-option", "./hello"};
  EXPECT_EQ(run(arguments).err,
            "kiln: kiln create has no option --no-such-option; `kiln create --help` shows what it "
            "takes\n");
  EXPECT_EQ(run(arguments, {.is_terminal = true, .colors = false}).err,
            "kiln: kiln create has no option --no-such-option; `kiln create --help` shows\n"
            "      what it takes\n");
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
  const Environment home("HOME", "/home/ada");
  const Environment xdg("XDG_DATA_HOME", "");
  ServeOptions got;
  const auto serve = [&](const ServeOptions& options) {
    got = options;
    return 7;
  };
  EXPECT_EQ(run_program({"serve"}, console, serve), 7);
  EXPECT_EQ(got.host, "127.0.0.1");
  EXPECT_EQ(got.port, 4566);
  EXPECT_EQ(got.data_dir, "/home/ada/.local/share/kiln");
  EXPECT_EQ(got.account, "000000000000");
  EXPECT_EQ(got.idle_lifetime, std::chrono::minutes(10));
  EXPECT_EQ(got.log_level, LogLevel::kAsTerminal);
  EXPECT_EQ(got.log_format, LogFormat::kText);
  EXPECT_THAT(got.runtimes_dir, testing::EndsWith("runtimes"));

  EXPECT_EQ(run_program({"serve",
                         "--host",
                         "0.0.0.0",
                         "--port",
                         "0",
                         "--data-dir",
                         "/d",
                         "--account",
                         "123456789012",
                         "--threads",
                         "3",
                         "--idle-lifetime",
                         "90s",
                         "--starts",
                         "5",
                         "--runtimes",
                         "/usr",
                         "--log-level",
                         "debug",
                         "--log-format",
                         "json"},
                        console, serve),
            7);
  EXPECT_EQ(got.host, "0.0.0.0");
  EXPECT_EQ(got.port, 0);
  EXPECT_EQ(got.data_dir, "/d");
  EXPECT_EQ(got.account, "123456789012");
  EXPECT_EQ(got.threads, 3);
  EXPECT_EQ(got.idle_lifetime, std::chrono::seconds(90));
  EXPECT_EQ(got.starts, 5);
  EXPECT_EQ(got.runtimes_dir, "/usr");
  EXPECT_EQ(got.log_level, LogLevel::kDebug);
  EXPECT_EQ(got.log_format, LogFormat::kJson);
  EXPECT_EQ(run_program({"serve", "--quiet"}, console, serve), 7);
  EXPECT_EQ(got.log_level, LogLevel::kError);
}

TEST(Serve, StateIsInTheUsersFolderOrInTheProjects) {
  std::istringstream in;
  std::ostringstream out;
  Console console{in, out, out};
  std::string got;
  const auto serve = [&](const ServeOptions& options) {
    got = options.data_dir;
    return 0;
  };
  const Environment home("HOME", "/home/ada");
  for (const auto& [xdg, expected] : std::map<std::string, std::string>{
           {"/data/", "/data/kiln"}, {"relative", "/home/ada/.local/share/kiln"}}) {
    const Environment set("XDG_DATA_HOME", xdg);
    EXPECT_EQ(run_program({"serve"}, console, serve), 0);
    EXPECT_EQ(got, expected);
  }
  EXPECT_EQ(run_program({"serve", "--here"}, console, serve), 0);
  EXPECT_EQ(got, ".kiln");
  EXPECT_EQ(run_program({"serve", "--here", "--data-dir", "x"}, console, serve), kExitUsage);
  const Environment variable("KILN_DATA_DIR", "/from/the/environment");
  EXPECT_EQ(run_program({"serve"}, console, serve), 0);
  EXPECT_EQ(got, "/from/the/environment");
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
    EXPECT_EQ(outcome.err, "kiln: nothing answers at " + endpoint +
                               "; start it with `kiln serve --port " +
                               endpoint.substr(endpoint.rfind(':') + 1) +
                               "`, or say with --endpoint or KILN_ENDPOINT where Kiln is\n");
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
    if (std::string_view(body) == "<html>")
      EXPECT_EQ(outcome.code, kExitNoAnswer);
    else
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
            "a     python3.12        128 MB      3 s  2026-01-21T11:30:00Z\n"
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
  EXPECT_EQ(requests[7].target,
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/"
            "invocations?Qualifier=3");
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

TEST(Invoke, AMissingPackageIsAnsweredWithTheCommandThatInstallsIt) {
  const std::string python = "Unable to import module 'app': No module named ";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {python + "'requests'",
       "`python3 -m pip install --target DIR requests` puts it into the function's folder; then "
       "create or deploy it again\n"},
      {python + "'google.cloud'", "install --target DIR google`"},
      {python + "'app'", "`kiln files f` lists the files, and a handler is FILE.FUNCTION\n"},
      {"Error: Cannot find module 'app'\nRequire stack:\n- /var/runtime/index.mjs",
       "'app'; is it the file of the handler? "},
      {"Error: Cannot find module 'express'\nRequire stack:\n- /var/task/index.js",
       "Error: Cannot find module 'express'; `npm install --prefix DIR express`"},
      {"Cannot find package '@aws-sdk/client-s3' imported from /var/task/index.mjs",
       "; `npm install --prefix DIR @aws-sdk/client-s3`"},
      {python + "'x; rm -rf ~'", "; `kiln logs f` shows its log"},
      {"Cannot find module './own'", "; `kiln logs f` shows its log"},
      {"Cannot find module '/var/task/own.mjs'", "; `kiln logs f` shows its log"},
  };
  for (const auto& [message, step] : cases) {
    const TestServer server([&message = message](const TestRequest&) {
      return TestResponse{200,
                          json{{"errorType", "E"}, {"errorMessage", message}}.dump(),
                          {{"X-Amz-Function-Error", "Unhandled"}}};
    });
    EXPECT_THAT(run({"invoke", "f", "--endpoint", server.endpoint()}).err, HasSubstr(step));
  }
}

TEST(Invoke, WhatBeginnersMeetIsAnsweredWithTheNextStep) {
  const struct {
    const char* type;
    const char* message;
    const char* said;
  } cases[] = {
      {"Runtime.HandlerNotFound", "Handler 'go' missing on module 'app'",
       "Handler 'go' missing on module 'app'; write that function, or name another with `kiln "
       "create f DIR --update --handler FILE.FUNCTION`\n"},
      {"Runtime.MalformedHandlerName", "Bad handler 'app': not enough values",
       "; `kiln create f DIR --update --handler FILE.FUNCTION` sets another\n"},
      {"Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token 'export'",
       "; an ES module needs the name index.mjs, or {\"type\": \"module\"} in package.json\n"},
      {"Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected end of input",
       "; `node --check FILE` shows the line\n"},
      {"Runtime.UserCodeSyntaxError", "Syntax error in module 'app': expected ':' (app.py, line 1)",
       "; `kiln logs f` shows its log\n"},
      {"ReferenceError", "require is not defined in ES module scope, you can use import instead",
       "; a CommonJS module needs the name index.cjs, or no \"type\" in package.json\n"},
      {"Sandbox.Timedout", "RequestId: 1-2 Error: Task timed out after 3.00 seconds",
       "(Unhandled): Sandbox.Timedout: Task timed out after 3.00 seconds; `kiln create f DIR "
       "--update --timeout SECONDS` gives it more time\n"},
      {"Runtime.OutOfMemory", "RequestId: 1-2 Error: Runtime exited with error: signal: killed",
       "Runtime exited with error: signal: killed; its memory ran out: `kiln create f DIR --update "
       "--memory MB` gives it more\n"},
      {"Runtime.InvalidEntrypoint",
       "RequestId: 1-2 Error: fork/exec /var/task/bootstrap: permission denied",
       "; `chmod +x DIR/bootstrap` lets it be started; then `kiln create f DIR --update` replaces"},
      {"Sandbox.Failure",
       "RequestId: 1-2 Error: sandbox set-up: mounting /home/a/f at /var/task: No such file or "
       "directory",
       "; the folder of its code is gone: put it back, or name another with `kiln create f DIR "
       "--update --hot-reload`"},
      {"Function.ResponseSizeTooLarge", "Response payload size exceeded maximum (6291556 bytes).",
       "maximum (6291556 bytes); put a large answer into S3, and answer with its key\n"},
      {"MemoryError", "",
       "MemoryError; its memory ran out: `kiln create f DIR --update --memory MB` gives it more\n"},
      {"RangeError", "Array buffer allocation failed", "; its memory ran out: `kiln create f DIR"},
      {"std::bad_alloc", "std::bad_alloc", "; its memory ran out: `kiln create f DIR"},
  };
  for (const auto& c : cases) {
    const TestServer server([&c](const TestRequest&) {
      return TestResponse{200,
                          json{{"errorType", c.type}, {"errorMessage", c.message}}.dump(),
                          {{"X-Amz-Function-Error", "Unhandled"}}};
    });
    EXPECT_THAT(run({"invoke", "f", "--endpoint", server.endpoint()}).err, HasSubstr(c.said));
  }
}

// Without root no cgroup kills it: its allocations fail, and it aborts.
TEST(Invoke, AProgramThatCouldGetNoMoreMemoryIsNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"terminate called after throwing an instance of 'std::bad_alloc'\n"
       "REPORT RequestId: 1\tMemory Size: 256 MB\tMax Memory Used: 9 MB\t\n",
       "signal: aborted; its memory of 256 MB ran out: `kiln create f DIR --update --memory MB` "
       "gives "
       "it more\n"},
      {"FATAL ERROR: Allocation failed - JavaScript heap out of memory\n",
       "; its memory ran out: "},
      {"assert failed\n", "; `kiln logs f` shows its log\n"}};
  for (const auto& [log, said] : cases) {
    const TestServer server([&log = log](const TestRequest&) {
      return TestResponse{
          200,
          R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: Runtime exited with error: signal: aborted"})",
          {{"X-Amz-Function-Error", "Unhandled"}, {"X-Amz-Log-Result", base64_encode(log)}}};
    });
    EXPECT_THAT(run({"invoke", "f", "--endpoint", server.endpoint()}).err, HasSubstr(said));
  }
}

TEST(Invoke, AnUnknownFunctionMayBeAnotherOne) {
  const TestServer server([](const TestRequest& request) {
    return request.target.starts_with("/2015-03-31/functions/?")
               ? TestResponse{200, R"({"Functions":[{"FunctionName":"hello"},
                                      {"FunctionName":"shop-Orders-1A2B"}]})"}
               : not_found();
  });
  const auto said = [&server](const char* name) {
    return run({"invoke", name, "--endpoint", server.endpoint()}).err;
  };
  EXPECT_EQ(said("helo"),
            "kiln: no function 'helo'; did you mean hello? `kiln list` shows what is there\n");
  EXPECT_THAT(said("Orders"), HasSubstr("did you mean shop-Orders-1A2B?"));
  EXPECT_EQ(said("other"), "kiln: no function 'other'; `kiln list` shows what is there\n");
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
  EXPECT_EQ(run({"invoke", "x:prod", "--endpoint", gone.endpoint()}).err, outcome.err);
  const TestServer without_alias([](const TestRequest& request) {
    return request.method == "GET" ? TestResponse{200, "{}"} : not_found();
  });
  EXPECT_EQ(run({"invoke", "x:prod", "--endpoint", without_alias.endpoint()}).err,
            "kiln: 'x' has no alias 'prod'; `kiln alias list x` shows those that are there\n");
  EXPECT_THAT(run({"invoke", "x", "--region", "eu-west-1", "--endpoint", gone.endpoint()}).err,
              HasSubstr("`kiln list --region eu-west-1`"));

  const auto throttled = [](const std::string& reason) {
    const TestServer busy([&reason](const TestRequest&) {
      return TestResponse{429,
                          json{{"Reason", reason}, {"message", "Rate Exceeded."}}.dump(),
                          {{"x-amzn-ErrorType", "TooManyRequestsException:http://a"}}};
    });
    const Outcome answer = run({"invoke", "x:prod", "--endpoint", busy.endpoint()});
    EXPECT_EQ(answer.code, kExitFailed);
    return answer.err;
  };
  EXPECT_EQ(throttled("ReservedFunctionConcurrentInvocationLimitExceeded"),
            "kiln: TooManyRequestsException: Rate Exceeded. "
            "(ReservedFunctionConcurrentInvocationLimitExceeded); `kiln reserve x` shows the "
            "function's reserve\n");
  EXPECT_EQ(throttled("ConcurrentInvocationLimitExceeded"),
            "kiln: TooManyRequestsException: Rate Exceeded. (ConcurrentInvocationLimitExceeded); "
            "`kiln top` shows what is in use\n");
  EXPECT_EQ(throttled(""), "kiln: TooManyRequestsException: Rate Exceeded.\n");
}

// ---- delete

TEST(Delete, AsksOnATerminal) {
  const TestServer server([](const TestRequest&) { return TestResponse{204, ""}; });
  const std::string at = server.endpoint();
  EXPECT_EQ(run({"delete", "f", "--endpoint", at}, {"n\n", true}).code, kExitFailed);
  const auto deletions = [&server] {
    std::vector<std::string> targets;
    for (const TestRequest& request : server.requests())
      if (request.method == "DELETE") targets.push_back(request.target);
    return targets;
  };
  EXPECT_TRUE(deletions().empty());
  EXPECT_EQ(run({"delete", "f", "--endpoint", at}, {"y\n", true}).code, kExitOk);
  EXPECT_EQ(run({"delete", "f", "--yes", "--endpoint", at}, {"", true}).code, kExitOk);
  EXPECT_EQ(run({"delete", "f", "--yes", "--endpoint", at}).out, "deleted f\n");
  EXPECT_EQ(deletions(), std::vector<std::string>(3, "/2015-03-31/functions/f"));
  EXPECT_EQ(run({"delete", "f", "--endpoint", at}, {"", false}).code, kExitOk);
  EXPECT_EQ(deletions().size(), 4U);
  EXPECT_EQ(run({"layer", "delete", "l", "1", "--endpoint", at}, {"n\n", true}).code, kExitFailed);
  EXPECT_EQ(deletions().size(), 4U);
  EXPECT_EQ(run({"layer", "delete", "l", "1", "--endpoint", at}, {"", false}).code, kExitOk);
  EXPECT_EQ(deletions().size(), 5U);
}

TEST(Delete, OfNothingSaysWhereToLook) {
  const TestServer server([](const TestRequest&) { return not_found(); });
  const Outcome outcome = run({"delete", "x", "--yes", "--endpoint", server.endpoint()});
  EXPECT_EQ(outcome.code, kExitFailed);
  EXPECT_EQ(outcome.err, "kiln: no function 'x'; `kiln list` shows what is there\n");
  // Nobody is asked about what isn't there.
  const Outcome typed = run({"delete", "x", "--endpoint", server.endpoint()}, {"y\n", true, false});
  EXPECT_EQ(typed.code, kExitFailed);
  EXPECT_EQ(typed.err, outcome.err);
}

}  // namespace
}  // namespace kiln::cli
