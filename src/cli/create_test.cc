// `kiln create` against a scripted Lambda.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "tests/support/cli_folder.h"
#include "tests/support/cli_program.h"

namespace kiln::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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

TEST(Create, SendsTheZippedFolderAndWaitsUntilActive) {
  FakeLambda lambda;
  lambda.polls_until_active = 2;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("bootstrap", "x", 0755);
  const Outcome outcome = run({"create", "f", folder.path(), "--memory", "512", "--timeout", "9",
                               "--env", "AA=1", "--env", "BB=x=y,z", "--description", "d",
                               "--publish", "--endpoint", server.endpoint()});
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
  EXPECT_EQ(sent["Environment"]["Variables"], (json{{"AA", "1"}, {"BB", "x=y,z"}}));
  EXPECT_THAT(sent["Code"]["ZipFile"].get<std::string>(), StartsWith("UEsD"));  // "PK\3"
  EXPECT_EQ(requests[3].target, "/2015-03-31/functions/f/configuration");
}

TEST(Create, LeavesDefaultsToTheService) {
  FakeLambda lambda;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("index.js", "x");
  EXPECT_EQ(run({"create", "f", folder.path(), "--endpoint", server.endpoint()}).code, kExitOk);
  const json sent = body_of(server.requests()[1]);  // after /_kiln/runtimes
  for (const char* key : {"MemorySize", "Timeout", "Environment", "Description"}) {
    EXPECT_FALSE(sent.contains(key)) << key;
  }
}

TEST(Create, AsksForTheNewestRuntimeOfTheMachine) {
  FakeLambda lambda;
  const TestServer server([&](const TestRequest& request) {
    if (request.target == "/_kiln/runtimes")
      return TestResponse{200, R"({"python":"python3.11","nodejs":"nodejs20.x"})"};
    return lambda(request);
  });
  const TestFolder folder;
  folder.write("lambda_function.py", "x");
  const std::vector<std::string> create = {"create", "f", folder.path(), "--endpoint",
                                           server.endpoint()};
  EXPECT_EQ(run(create).code, kExitOk);
  EXPECT_EQ(body_of(server.requests()[1])["Runtime"], "python3.11");
}

TEST(Create, WarnsOfPackagesThatTheFolderDoesNotHave) {
  FakeLambda lambda;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("lambda_function.py", "x");
  folder.write("requirements.txt", "requests\n");
  std::vector<std::string> create = {"create", "f", folder.path(), "--endpoint", server.endpoint()};
  EXPECT_THAT(run(create).err, HasSubstr("kiln: warning: requirements.txt asks for requests"));
  lambda.exists = false;
  // A layer may have them.
  create.insert(create.end(), {"--layer", "arn:aws:lambda:us-east-1:000000000000:layer:deps:1"});
  EXPECT_THAT(run(create).err, Not(HasSubstr("warning")));
}

TEST(Create, HotReloadNamesTheFolderInsteadOfSendingIt) {
  FakeLambda lambda;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("index.js", "x");
  EXPECT_EQ(
      run({"create", "f", folder.path(), "--hot-reload", "--endpoint", server.endpoint()}).code,
      kExitOk);
  const json sent = body_of(server.requests()[1]);
  EXPECT_EQ(sent["Code"], (json{{"S3Bucket", "hot-reload"},
                                {"S3Key", std::filesystem::canonical(folder.path()).string()}}));
}

TEST(Create, SaysWhatItPackedAndLeftOut) {
  FakeLambda lambda;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("index.js", "x");
  folder.write("lib/a.js", "xyz");
  folder.write(".git/HEAD", "x");
  const Outcome outcome = run({"create", "f", folder.path(), "--endpoint", server.endpoint()});
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_THAT(outcome.err, StartsWith("packed 2 files, 4 bytes ("));
  EXPECT_THAT(outcome.err, HasSubstr("zipped); left out .git (version control)\n"));
  // Programs get JSON alone.
  lambda.exists = false;
  EXPECT_EQ(run({"create", "f", folder.path(), "--json", "--endpoint", server.endpoint()}).err, "");
}

TEST(Create, APackageThatIsTooLargeForARequestIsNamedWithItsSize) {
  const TestServer server([](const TestRequest&) {
    return TestResponse{413,
                        R"({"message":"Request must be smaller than 70167211 bytes"})",
                        {{"x-amzn-ErrorType", "RequestEntityTooLargeException"}}};
  });
  const TestFolder folder;
  folder.write("index.js", "x");
  const Outcome outcome = run({"create", "f", folder.path(), "--endpoint", server.endpoint()});
  EXPECT_EQ(outcome.code, kExitFailed);
  EXPECT_THAT(outcome.err, StartsWith("kiln: '" + folder.path() + "' has "));
  EXPECT_THAT(outcome.err, HasSubstr(" bytes zipped; a request may bring 50 MB, as on AWS. "));
  EXPECT_THAT(outcome.err, HasSubstr(".kilnignore"));
}

TEST(Create, AnUpdateToAnotherRuntimeWarnsOfThatOneAlone) {
  FakeLambda lambda;
  lambda.exists = true;
  const TestServer server([&](const TestRequest& request) {
    TestResponse response = lambda(request);
    if (request.method == "PUT")
      response.headers["X-Kiln-Note"] =
          request.target.ends_with("/code") ? "about the old" : "about the new";
    return response;
  });
  const TestFolder folder;
  folder.write("index.js", "x");
  const std::string at = server.endpoint();
  const std::vector<std::string> update = {"create",   "f",          folder.path(),
                                           "--update", "--endpoint", at};
  EXPECT_THAT(run(update).err, HasSubstr("kiln: warning: about the old\n"));
  std::vector<std::string> changed = update;
  changed.insert(changed.end(), {"--runtime", "nodejs24.x"});
  EXPECT_THAT(run(changed).err, HasSubstr("kiln: warning: about the new\n"));
  EXPECT_THAT(run(changed).err, Not(HasSubstr("about the old")));
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
  EXPECT_THAT(calls, testing::ElementsAre("POST /2015-03-31/functions",
                                          "GET /2015-03-31/functions/f/configuration",
                                          "PUT /2015-03-31/functions/f/code",
                                          "GET /2015-03-31/functions/f/configuration",
                                          "PUT /2015-03-31/functions/f/configuration",
                                          "GET /2015-03-31/functions/f/configuration",
                                          "POST /2015-03-31/functions/f/versions"));
  EXPECT_EQ(body_of(server.requests()[4]), (json{{"MemorySize", 256}}));

  // The function has a runtime and a handler; new code need not tell them.
  folder.write("app.py", "x");
  std::filesystem::remove(folder.path() + "/bootstrap");
  EXPECT_EQ(run({"create", "f", folder.path(), "--update", "--endpoint", server.endpoint()}).code,
            kExitOk);
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

TEST(Create, WarnsOfARuntimeThatStartsWhatIsNotThere) {
  FakeLambda lambda;
  const TestServer server([&](const TestRequest& request) { return lambda(request); });
  const TestFolder folder;
  folder.write("main.go", "x");
  std::vector<std::string> create = {"create",       "f",          folder.path(),    "--runtime",
                                     "provided.al2", "--endpoint", server.endpoint()};
  EXPECT_THAT(run(create).err,
              HasSubstr("provided.al2 starts the program bootstrap, and '" + folder.path() + "'"));
  lambda.exists = false;
  create.insert(create.end(), {"--layer", "arn:aws:lambda:us-east-1:000000000000:layer:l:1"});
  EXPECT_THAT(run(create).err, Not(HasSubstr("warning")));
}

TEST(Create, TheNameComesFirst) {
  const TestFolder folder;
  folder.write("index.js", "x");
  const std::string path = folder.path();
  EXPECT_THAT(run({"create", path, "hello"}).err,
              HasSubstr("there is no file or folder 'hello'; the name comes first: `kiln create "
                        "hello " +
                        path + "`"));
  EXPECT_THAT(run({"create", "hello", "fileb://x.zip"}).err,
              HasSubstr("no file or folder 'fileb://x.zip'; write the path alone: x.zip"));
}

TEST(Create, AnUnknownRuntimeIsAnsweredWithTheNewestOfTheMachine) {
  const TestServer server([&](const TestRequest& request) -> TestResponse {
    if (request.target == "/_kiln/runtimes")
      return {200, R"({"python":"python3.11","nodejs":"nodejs20.x"})"};
    return {
        400,
        R"({"Type":"User","message":"Value )" +
            json::parse(request.body)["Runtime"].get<std::string>() +
            R"( at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [python3.12] or be a valid ARN"})",
        {{"x-amzn-ErrorType", "InvalidParameterValueException"}}};
  });
  const TestFolder folder;
  folder.write("index.js", "x");
  const auto said = [&](const char* runtime) {
    return run({"create", "f", folder.path(), "--runtime", runtime, "--endpoint",
                server.endpoint()})
        .err;
  };
  EXPECT_THAT(said("python4.0"), HasSubstr("can't be 'python4.0'; did you mean python3.11?"));
  EXPECT_THAT(said("node"), HasSubstr("did you mean nodejs20.x?"));
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

}  // namespace
}  // namespace kiln::cli
