#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support/lambda_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class LambdaFunctionsTest : public LambdaApiTest {};

std::vector<std::string> arns(const Answer& answer) {
  std::vector<std::string> out;
  for (const auto& f : answer.body.at("Functions"))
    out.push_back(
        f.at("FunctionArn")
            .get<std::string>()
            .substr(std::string("arn:aws:lambda:us-east-1:111111111111:function:").size()));
  return out;
}

TEST_F(LambdaFunctionsTest, CreateAnswersThePendingFunction) {
  auto created = create(
      "f", {{"Environment", {{"Variables", {{"KEY", "v"}}}}}, {"Timeout", 5}, {"MemorySize", 256}});
  ASSERT_EQ(created.status, 201u) << created.body;
  const std::string revision = created.body["RevisionId"];
  EXPECT_EQ(revision.size(), 36u);
  created.body.erase("RevisionId");
  const auto bytes = base64_decode(zip());
  EXPECT_EQ(created.body,
            json({{"Architectures", {"x86_64"}},
                  {"CodeSha256", sha256_base64(*bytes)},
                  {"CodeSize", bytes->size()},
                  {"Description", ""},
                  {"Environment", {{"Variables", {{"KEY", "v"}}}}},
                  {"EphemeralStorage", {{"Size", 512}}},
                  {"FunctionArn", kArn + "f"},
                  {"FunctionName", "f"},
                  {"Handler", "index.handler"},
                  {"LastModified", "2023-01-21T11:30:00.000+0000"},
                  {"LoggingConfig", {{"LogFormat", "Text"}, {"LogGroup", "/aws/lambda/f"}}},
                  {"MemorySize", 256},
                  {"PackageType", "Zip"},
                  {"Role", kRole},
                  {"Runtime", "python3.12"},
                  {"RuntimeVersionConfig",
                   {{"RuntimeVersionArn",
                     "arn:aws:lambda:us-east-1::runtime:" + sha256_hex("python3.12")}}},
                  {"SnapStart", {{"ApplyOn", "None"}, {"OptimizationStatus", "Off"}}},
                  {"State", "Pending"},
                  {"StateReason", "The function is being created."},
                  {"StateReasonCode", "Creating"},
                  {"Timeout", 5},
                  {"TracingConfig", {{"Mode", "PassThrough"}}},
                  {"Version", "$LATEST"}}));

  auto got = get("f/configuration");
  EXPECT_EQ(got.status, 200u);
  EXPECT_EQ(got.body["State"], "Active");
  EXPECT_EQ(got.body["LastUpdateStatus"], "Successful");
  EXPECT_FALSE(got.body.contains("StateReason"));
  EXPECT_NE(got.body["RevisionId"], revision) << "becoming Active makes a new revision";
}

TEST_F(LambdaFunctionsTest, WithoutEnvironmentTheMemberIsAbsent) {
  create("f");
  EXPECT_FALSE(get("f/configuration").body.contains("Environment"));
}

TEST_F(LambdaFunctionsTest, CreateTakesArnsAndRefusesASecondOne) {
  EXPECT_EQ(create(kArn + "a").body["FunctionName"], "a");
  EXPECT_EQ(create("111111111111:function:b").body["FunctionArn"], kArn + "b");
  expect_error(create("a"), 409, "ResourceConflictException", "Function already exist: a");
  expect_not_found(
      create("arn:aws:lambda:ap-southeast-1:111111111111:function:f"),
      "Functions from 'ap-southeast-1' are not reachable in this region ('us-east-1')");
  EXPECT_EQ(create("222222222222:function:f").status, 403u);
}

TEST_F(LambdaFunctionsTest, CreateRefusals) {
  expect_error(create("f", {{"Role", "r1"}}), 400, "ValidationException",
               "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: "
               "Member must satisfy "
               "regular expression pattern: "
               "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
  expect_invalid(
      create("f", {{"Code", {{"ZipFile", base64_encode("this is not a zip")}}}}),
      "Could not unzip uploaded file. Please check your file, then try to upload again.");
  expect_invalid(create("f", {{"Code", json::object()}}),
                 "Please provide a source for function code.");
  for (const json& other :
       {json{{"S3Bucket", "none"}}, json{{"S3Key", "k"}},
        json{{"S3Bucket", "none"}, {"S3Key", "k"}}, json{{"S3ObjectVersion", "v"}}}) {
    json code = other;
    code["ZipFile"] = zip();
    expect_invalid(create("f", {{"Code", code}}),
                   "Please do not provide other FunctionCode parameters when providing a ZipFile.");
  }
  expect_invalid(create("f", {{"PackageType", "Image"}}),
                 "Kiln runs functions of PackageType Zip only; PackageType Image needs a container "
                 "runtime. Package "
                 "the function as a zip archive.");
  expect_error(
      create("f", {{"SnapStart", {{"ApplyOn", "invalidOption"}}}}), 400, "ValidationException",
      "1 validation error detected: Value 'invalidOption' at 'snapStart.applyOn' failed to satisfy "
      "constraint: Member must satisfy enum value set: [PublishedVersions, None]");
  EXPECT_THAT(create("f", {{"Code", {{"S3Bucket", "none"}, {"S3Key", "k"}}}}).message,
              testing::StartsWith("Error occurred while GetObject. S3 Error Code: NoSuchBucket. "));
  for (const auto& [member, value] : {std::pair<const char*, json>{"MemorySize", "128"},
                                      {"Timeout", 1.5},
                                      {"Timeout", 9'999'999'999},
                                      {"Description", 7},
                                      {"Environment", "x"},
                                      {"Architectures", "x86_64"},
                                      {"Tags", {{"k", 1}}},
                                      {"Publish", "yes"},
                                      {"Code", {{"ZipFile", 1}}}}) {
    EXPECT_EQ(create("f", {{member, value}}).type, "SerializationException") << member << value;
  }
  std::map<std::string, std::string> tags;
  for (int i = 0; i < 51; ++i) tags[std::to_string(i) + "_key"] = "v";
  expect_invalid(create("f", {{"Tags", tags}}), "Number of tags exceeds resource tag limit.");
  expect_error(call("POST", "/2015-03-31/functions", {{"Role", kRole}}), 400, "ValidationException",
               "1 validation error detected: Value null at 'functionName' failed to satisfy "
               "constraint: Member must "
               "not be null");
  expect_not_found(get("f"), "Function not found: " + kArn + "f");
}

TEST_F(LambdaFunctionsTest, EmptyMembersForWhatIsAbsentAreAccepted) {
  EXPECT_EQ(create("f", {{"Layers", json::array()},
                         {"VpcConfig",
                          {{"SubnetIds", json::array()}, {"SecurityGroupIds", json::array()}}},
                         {"DeadLetterConfig", {{"TargetArn", ""}}},
                         {"SnapStart", {{"ApplyOn", "None"}}},
                         {"FileSystemConfigs", nullptr},
                         {"PackageType", "Zip"}})
                .status,
            201u);
}

TEST_F(LambdaFunctionsTest, PublishOnCreate) {
  const auto created = create("f", {{"Publish", true}});
  EXPECT_EQ(created.body["Version"], "1");
  EXPECT_EQ(created.body["FunctionArn"], kArn + "f");
  EXPECT_EQ(created.body["State"], "Pending");
  const auto latest = get("f?Qualifier=$LATEST").body["Configuration"],
             version = get("f:1").body["Configuration"];
  EXPECT_EQ(latest["FunctionArn"], kArn + "f:$LATEST");
  EXPECT_EQ(version["FunctionArn"], kArn + "f:1");
  EXPECT_EQ(version["Version"], "1");
  EXPECT_NE(latest["RevisionId"], version["RevisionId"]);
  EXPECT_EQ(publish("f").body["RevisionId"], version["RevisionId"]) << "nothing has changed since";
}

TEST_F(LambdaFunctionsTest, GetFunctionAnswersCodeTagsAndAlias) {
  create("f", {{"Tags", {{"k", "v"}}}, {"Publish", true}});
  call("POST", "/2015-03-31/functions/f/aliases", {{"Name", "prod"}, {"FunctionVersion", "1"}});
  const auto got = get("f:prod");
  EXPECT_EQ(got.body["Configuration"]["FunctionArn"], kArn + "f:prod");
  EXPECT_EQ(got.body["Configuration"]["Version"], "1");
  EXPECT_FALSE(got.body.contains("Tags"));
  EXPECT_EQ(get("f").body["Tags"], json({{"k", "v"}}));
  EXPECT_EQ(get("f:$LATEST").body["Tags"], json({{"k", "v"}}));
  EXPECT_EQ(got.body["Code"]["RepositoryType"], "S3");
  EXPECT_EQ(got.body["Code"]["Location"],
            "http://localhost:4566/_kiln/code/" + sha256_hex(*base64_decode(zip())) + ".zip");
  create("untagged");
  EXPECT_FALSE(get("untagged").body.contains("Tags"));
}

TEST_F(LambdaFunctionsTest, HotReloadRunsAFolderInPlace) {
  const std::string folder = dir_ / "src";
  std::filesystem::create_directories(folder);
  EXPECT_EQ(create("f", {{"Code", {{"S3Bucket", "hot-reload"}, {"S3Key", folder}}}}).status, 201u);
  EXPECT_EQ(get("f").body["Code"]["Location"], "file://" + folder);
  EXPECT_EQ(
      create("g", {{"Code", {{"S3Bucket", "hot-reload"}, {"S3Key", folder + "/nope"}}}}).status,
      400u);
}

TEST_F(LambdaFunctionsTest, NotFoundNamesTheQualifier) {
  create("f");
  for (const char* operation : {"", "/configuration"}) {
    expect_not_found(get("nope" + std::string(operation)), "Function not found: " + kArn + "nope");
    expect_not_found(get("f" + std::string(operation) + "?Qualifier=1221"),
                     "Function not found: " + kArn + "f:1221");
    expect_not_found(get("f" + std::string(operation) + "?Qualifier=aliasdoesnotexist"),
                     "Function not found: " + kArn + "f:aliasdoesnotexist");
    expect_not_found(get("some-function:$LATEST" + std::string(operation)),
                     "Function not found: " + kArn + "some-function:$LATEST");
    expect_invalid(
        get("f:1" + std::string(operation) + "?Qualifier=2"),
        "The derived qualifier from the function name does not match the specified qualifier.");
  }
}

TEST_F(LambdaFunctionsTest, UpdateConfigurationChangesWhatItNames) {
  create("f", {{"Environment", {{"Variables", {{"OLD", "x"}}}}}, {"Description", "before"}});
  const auto before = get("f/configuration").body;
  const auto updated =
      update("f", {{"MemorySize", 512}, {"Environment", {{"Variables", {{"NEW", "y"}}}}}});
  EXPECT_EQ(updated.status, 200u);
  EXPECT_EQ(updated.body["State"], "Active");
  EXPECT_EQ(updated.body["LastUpdateStatus"], "InProgress");
  EXPECT_EQ(updated.body["LastUpdateStatusReason"], "The function is being created.");
  EXPECT_EQ(updated.body["LastUpdateStatusReasonCode"], "Creating");
  const auto after = get("f/configuration").body;
  EXPECT_EQ(after["MemorySize"], 512);
  EXPECT_EQ(after["Description"], "before");
  EXPECT_EQ(after["Environment"]["Variables"], json({{"NEW", "y"}}));
  EXPECT_EQ(after["LastUpdateStatus"], "Successful");
  EXPECT_GT(after["LastModified"], before["LastModified"]);
  EXPECT_NE(after["RevisionId"], before["RevisionId"]);
  EXPECT_NE(after["RevisionId"], updated.body["RevisionId"]);

  EXPECT_EQ(update("f", {{"Environment", nullptr}}).body["Environment"]["Variables"],
            json({{"NEW", "y"}}));
  EXPECT_EQ(update("f", {{"Timeout", 901}}).type, "ValidationException");
  EXPECT_EQ(get("f/configuration").body["Timeout"], 3);
}

TEST_F(LambdaFunctionsTest, UpdatesWantTheCurrentRevision) {
  create("f");
  const std::string revision = get("f/configuration").body["RevisionId"];
  expect_stale_revision(update("f", {{"RevisionId", "wrong"}}));
  expect_stale_revision(call("PUT", "/2015-03-31/functions/f/code",
                             {{"ZipFile", zip("x")}, {"RevisionId", "wrong"}}));
  EXPECT_EQ(update("f", {{"RevisionId", revision}}).status, 200u);
  expect_stale_revision(update("f", {{"RevisionId", revision}}));
}

TEST_F(LambdaFunctionsTest, UpdatesAreForFunctionsOnly) {
  create("f", {{"Publish", true}});
  const std::string text =
      "This operation is permitted on Lambda functions only. Aliases and versions do not support "
      "this operation. "
      "Please specify either a function name or an unqualified function ARN.";
  expect_invalid(update("f:1", json::object()), text);
  expect_invalid(call("PUT", "/2015-03-31/functions/f:1/code", {{"ZipFile", zip()}}), text);
  expect_invalid(publish("f:1"), text);
  expect_not_found(update("nope", json::object()), "Function not found: " + kArn + "nope");
}

TEST_F(LambdaFunctionsTest, TheFunctionIsLookedForBeforeWhatItsChangeNames) {
  create("f");
  const json layers = {{"Layers", {"arn:aws:lambda:us-east-1:111111111111:layer:none:1"}}};
  expect_not_found(update("nope", layers), "Function not found: " + kArn + "nope");
  expect_invalid(update("f", layers),
                 "Layer version " + layers["Layers"][0].get<std::string>() + " does not exist.");
  for (const json& code : {json({{"ZipFile", base64_encode("no zip")}}), json({{"ImageUri", "i"}}),
                           json({{"S3Bucket", "none"}, {"S3Key", "k"}}), json::object()}) {
    expect_not_found(call("PUT", "/2015-03-31/functions/nope/code", code),
                     "Function not found: " + kArn + "nope");
    EXPECT_EQ(call("PUT", "/2015-03-31/functions/f/code", code).status, 400u);
  }
  // What is wrong by itself comes first.
  EXPECT_EQ(call("PUT", "/2015-03-31/functions/nope/code", {{"S3Bucket", "b"}}).type,
            "ValidationException");
}

TEST_F(LambdaFunctionsTest, LoggingLevelsExistWithJsonOnly) {
  create("f");
  const auto logging = [&](const json& change) {
    const auto answer = update("f", {{"LoggingConfig", change}});
    return answer.status == 200 ? get("f/configuration").body["LoggingConfig"] : json(answer.type);
  };
  EXPECT_EQ(logging({{"LogGroup", "cool_lambda"}}),
            json({{"LogFormat", "Text"}, {"LogGroup", "cool_lambda"}}));
  EXPECT_EQ(logging({{"LogFormat", "JSON"}, {"SystemLogLevel", "DEBUG"}}),
            json({{"LogFormat", "JSON"},
                  {"LogGroup", "cool_lambda"},
                  {"ApplicationLogLevel", "INFO"},
                  {"SystemLogLevel", "DEBUG"}}));
  EXPECT_EQ(logging({{"ApplicationLogLevel", "TRACE"}})["SystemLogLevel"], "DEBUG");
  EXPECT_EQ(logging({{"LogFormat", "Text"}}),
            json({{"LogFormat", "Text"}, {"LogGroup", "cool_lambda"}}));
  EXPECT_EQ(logging({{"ApplicationLogLevel", "TRACE"}}), "InvalidParameterValueException");
  EXPECT_EQ(logging({{"LogFormat", "XML"}}), "ValidationException");
  EXPECT_EQ(logging({{"LogFormat", "JSON"}, {"ApplicationLogLevel", "LOUD"}}),
            "ValidationException");
}

TEST_F(LambdaFunctionsTest, UpdateCode) {
  create("f");
  const std::string before = get("f/configuration").body["CodeSha256"];
  const std::string other = zip("another");
  const std::string after = sha256_base64(*base64_decode(other));

  const auto dry =
      call("PUT", "/2015-03-31/functions/f/code", {{"ZipFile", other}, {"DryRun", true}});
  EXPECT_EQ(dry.status, 200u);
  EXPECT_EQ(dry.body["CodeSha256"], after);
  EXPECT_EQ(get("f/configuration").body["CodeSha256"], before) << "a dry run changes nothing";

  const auto updated = call("PUT", "/2015-03-31/functions/f/code", {{"ZipFile", other}});
  EXPECT_EQ(updated.body["LastUpdateStatus"], "InProgress");
  EXPECT_EQ(get("f/configuration").body["CodeSha256"], after);

  const auto published =
      call("PUT", "/2015-03-31/functions/f/code", {{"ZipFile", zip("third")}, {"Publish", true}});
  EXPECT_EQ(published.body["Version"], "1");
  EXPECT_EQ(published.body["FunctionArn"], kArn + "f:1");
  EXPECT_EQ(published.body["State"], "Pending");
  EXPECT_FALSE(published.body.contains("LastUpdateStatus"));
  EXPECT_EQ(get("f:1").body["Configuration"]["CodeSha256"],
            get("f").body["Configuration"]["CodeSha256"]);

  expect_invalid(call("PUT", "/2015-03-31/functions/f/code", {{"ImageUri", "i"}}),
                 "Please don't provide ImageUri when updating a function with packageType Zip.");
  EXPECT_EQ(
      call("PUT", "/2015-03-31/functions/f/code", {{"ZipFile", other}, {"Architectures", {"mips"}}})
          .type,
      "ValidationException");
}

TEST_F(LambdaFunctionsTest, ListPages) {
  for (const char* name : {"a", "b", "c"}) create(name);
  EXPECT_THAT(arns(get("")), ElementsAre("a", "b", "c"));
  const auto first = get("?MaxItems=2");
  EXPECT_THAT(arns(first), ElementsAre("a", "b"));
  EXPECT_FALSE(first.body["Functions"][0].contains("State"));
  EXPECT_FALSE(first.body["Functions"][0].contains("RuntimeVersionConfig"));
  const auto second = get("?MaxItems=2&Marker=" +
                          wire::percent_encode(first.body["NextMarker"].get<std::string>()));
  EXPECT_THAT(arns(second), ElementsAre("c"));
  EXPECT_FALSE(second.body.contains("NextMarker"));
  EXPECT_FALSE(get("?MaxItems=3").body.contains("NextMarker")) << "a full last page";
  EXPECT_EQ(get("?MaxItems=0").type, "ValidationException");
  EXPECT_EQ(get("?MaxItems=10001").type, "ValidationException");
  EXPECT_EQ(get("?MaxItems=10000").status, 200u);
  EXPECT_EQ(get("?Marker=%21").status, 400u);
  EXPECT_EQ(call("GET", "/2015-03-31/functions", json::object(), "eu-west-1").body["Functions"],
            json::array())
      << "Regions are separate";
}

TEST_F(LambdaFunctionsTest, ListWithVersionsPagesThroughTheVersions) {
  create("a", {{"Publish", true}});
  update("a", json::object());
  publish("a");
  create("b");
  EXPECT_THAT(arns(get("?FunctionVersion=ALL")),
              ElementsAre("a:$LATEST", "a:1", "a:2", "b:$LATEST"));
  std::vector<std::string> seen;
  std::string marker;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = get("?FunctionVersion=ALL&MaxItems=1" + marker);
    for (const auto& arn : arns(page)) seen.push_back(arn);
    if (!page.body.contains("NextMarker")) break;
    marker = "&Marker=" + wire::percent_encode(page.body["NextMarker"].get<std::string>());
  }
  EXPECT_THAT(seen, ElementsAre("a:$LATEST", "a:1", "a:2", "b:$LATEST"));
  expect_error(get("?FunctionVersion=invalid"), 400, "ValidationException",
               "1 validation error detected: Value 'invalid' at 'functionVersion' failed to "
               "satisfy constraint: "
               "Member must satisfy enum value set: [ALL]");
}

TEST_F(LambdaFunctionsTest, Delete) {
  create("f", {{"Publish", true}});
  const auto del = [&](const std::string& name) {
    return call("DELETE", "/2015-03-31/functions/" + name);
  };
  expect_not_found(del("nope"), "Function not found: " + kArn + "nope");
  expect_not_found(del("nope?Qualifier=1"), "Function not found: " + kArn + "nope");
  expect_invalid(del("some-function:$LATEST"),
                 "$LATEST version cannot be deleted without deleting the function.");
  expect_invalid(del("nope?Qualifier=an-alias"), "Deletion of aliases is not currently supported.");
  call("POST", "/2015-03-31/functions/f/aliases", {{"Name", "prod"}, {"FunctionVersion", "1"}});
  call("PUT", "/2015-03-31/functions/f/code", {{"ZipFile", zip("x")}, {"Publish", true}});
  call("POST", "/2015-03-31/functions/f/aliases",
       {{"Name", "next"},
        {"FunctionVersion", "2"},
        {"RoutingConfig", {{"AdditionalVersionWeights", {{"1", 0.5}}}}}});
  expect_error(del("f:1"), 409, "ResourceConflictException",
               "Unable to delete version because the following aliases reference it: [next, prod]");
  for (const char* alias : {"next", "prod"})
    call("DELETE", "/2015-03-31/functions/f/aliases/" + std::string(alias));
  EXPECT_EQ(del("f:7").status, 204u) << "a version that is not there";
  EXPECT_EQ(del("f:1").status, 204u);
  EXPECT_EQ(get("f:1").status, 404u);
  EXPECT_EQ(get("f").status, 200u);
  EXPECT_EQ(del("f").status, 204u);
  expect_not_found(del("f"), "Function not found: " + kArn + "f");
  EXPECT_EQ(create("f").status, 201u);
}

TEST_F(LambdaFunctionsTest, EverythingSurvivesARestart) {
  create("f", {{"Tags", {{"k", "v"}}},
               {"Publish", true},
               {"Environment", {{"Variables", {{"KEY", "v"}}}}}});
  call("POST", "/2015-03-31/functions/f/aliases", {{"Name", "prod"}, {"FunctionVersion", "1"}});
  call("POST", "/2015-03-31/functions/f/policy",
       {{"StatementId", "s"},
        {"Action", "lambda:InvokeFunction"},
        {"Principal", "s3.amazonaws.com"}});
  const auto function = get("f").body, alias = get("f:prod").body, policy = get("f/policy").body;
  reopen();
  EXPECT_EQ(get("f").body, function);
  EXPECT_EQ(get("f:prod").body, alias);
  EXPECT_EQ(get("f/policy").body, policy);
}

}  // namespace
}  // namespace kiln::services
