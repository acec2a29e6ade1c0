// Layers: their operations and the Layers of functions, with AWS's texts.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/lambda_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kLayers = "/2018-10-31/layers/";
const std::string kLayerArn = "arn:aws:lambda:us-east-1:111111111111:layer:";

std::string layer_zip(const std::string& content, const std::string& name = "python/l.py") {
  return base64_encode(store::ZipBuilder().file(name, content).finish());
}

class LambdaLayersTest : public LambdaApiTest {
 protected:
  using LambdaApiTest::LambdaApiTest;

  Answer publish_layer(const std::string& name, const json& more = json::object(),
                       const std::string& content = "x = 1") {
    json body = {{"Content", {{"ZipFile", layer_zip(content)}}}};
    body.update(more);
    return call("POST", kLayers + name + "/versions", body);
  }
  Answer layers_of(const std::string& query = "") {
    return call("GET", "/2018-10-31/layers" + query);
  }
  Answer versions_of(const std::string& name, const std::string& query = "") {
    return call("GET", kLayers + name + "/versions" + query);
  }
  Answer layer_version(const std::string& name, const std::string& number) {
    return call("GET", kLayers + name + "/versions/" + number);
  }
  Answer delete_layer(const std::string& name, const std::string& number) {
    return call("DELETE", kLayers + name + "/versions/" + number);
  }
  std::vector<int> numbers(const Answer& listed) {
    std::vector<int> out;
    for (const auto& one : listed.body["LayerVersions"]) out.push_back(one["Version"]);
    return out;
  }
};

TEST_F(LambdaLayersTest, APublishedVersionIsAnsweredInEveryWay) {
  const auto published = publish_layer("l", {{"Description", "d"},
                                             {"LicenseInfo", "MIT"},
                                             {"CompatibleRuntimes", {"python3.12", "nodejs20.x"}},
                                             {"CompatibleArchitectures", {"x86_64"}}});
  EXPECT_EQ(published.status, 201u);
  const std::string zip = *base64_decode(layer_zip("x = 1"));
  const json expected = {
      {"LayerArn", kLayerArn + "l"},
      {"LayerVersionArn", kLayerArn + "l:1"},
      {"Version", 1},
      {"Description", "d"},
      {"LicenseInfo", "MIT"},
      {"CreatedDate", "2023-01-21T11:30:00.000+0000"},
      {"CompatibleRuntimes", {"python3.12", "nodejs20.x"}},
      {"CompatibleArchitectures", {"x86_64"}},
      {"Content",
       {{"Location", "http://localhost:4566/_kiln/code/" + sha256_hex(zip) + ".zip"},
        {"CodeSha256", sha256_base64(zip)},
        {"CodeSize", zip.size()}}}};
  EXPECT_EQ(published.body, expected);
  reopen();
  EXPECT_EQ(layer_version("l", "1").body, expected);
  EXPECT_EQ(layer_version("arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Alayer%3Al", "1").body,
            expected);
  EXPECT_EQ(call("GET", "/2018-10-31/layers?find=LayerVersion&Arn=" + kLayerArn + "l%3A1").body,
            expected);
  json listed = expected;
  listed.erase("LayerArn");
  listed.erase("Content");
  EXPECT_EQ(versions_of("l").body, json({{"LayerVersions", {listed}}}));
  EXPECT_EQ(layers_of().body, json({{"Layers",
                                     {{{"LayerName", "l"},
                                       {"LayerArn", kLayerArn + "l"},
                                       {"LatestMatchingVersion", listed}}}}}));
}

TEST_F(LambdaLayersTest, PublishRefusals) {
  const auto refused = [&](const json& more, const std::string& text) {
    const auto got = publish_layer("l", more);
    EXPECT_EQ(got.status, 400u) << more;
    EXPECT_THAT(got.message, HasSubstr(text)) << more;
  };
  refused({{"Content", nullptr}}, "Value null at 'content'");
  refused({{"Content", json::object()}}, "Please provide a source for function code.");
  refused({{"Content", {{"ZipFile", "AAAA"}}}}, "Could not unzip uploaded file.");
  refused({{"Content", {{"ZipFile", "?"}}}}, "'ZipFile' is not base64.");
  refused({{"Content", {{"S3Bucket", "none"}, {"S3Key", "k"}}}},
          "Error occurred while GetObject. S3 Error Code: NoSuchBucket.");
  refused({{"Content", {{"S3Bucket", "hot-reload"}, {"S3Key", "/tmp"}}}},
          "A layer can't be a folder that is run in place");
  refused(
      {{"CompatibleRuntimes", {"cobol"}}},
      "Value '[cobol]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy "
      "enum value set: [nodejs20.x, python3.14, ");
  refused({{"CompatibleRuntimes", std::vector<std::string>(16, "python3.12")}},
          "Member must have length less than or equal to 15");
  refused({{"CompatibleArchitectures", {"mips"}}}, "at 'compatibleArchitectures'");
  refused({{"CompatibleArchitectures", {"arm64", "arm64", "arm64"}}},
          "Member must have length less than or equal to 2");
  refused({{"LicenseInfo", std::string(513, 'x')}}, "less than or equal to 512");
  refused({{"Description", std::string(257, 'x')}}, "less than or equal to 256");
  refused({{"CompatibleRuntimes", "python3.12"}}, "CompatibleRuntimes");
  EXPECT_EQ(publish_layer("l", {{"CompatibleRuntimes", std::vector<std::string>(15, "python3.12")},
                                {"CompatibleArchitectures", {"arm64", "x86_64"}},
                                {"LicenseInfo", std::string(512, 'x')},
                                {"Description", std::string(256, 'x')}})
                .body["Version"],
            1)
      << "the limits themselves pass, and what was refused used no number";
}

TEST_F(LambdaLayersTest, NamesOnBothSidesOfTheirLimit) {
  EXPECT_EQ(publish_layer(std::string(140, 'x')).status, 201u);
  for (const std::string& name :
       {std::string(141, 'x'), std::string("a.b"), std::string("a%20b"),
        std::string("arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Alayer%3Al%3A1"),
        std::string("arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Afunction%3Al")}) {
    const auto got = publish_layer(name);
    EXPECT_EQ(got.status, 400u) << name;
    EXPECT_THAT(got.message, HasSubstr("at 'layerName' failed to satisfy constraint")) << name;
  }
  EXPECT_EQ(publish_layer("arn%3Aaws%3Alambda%3Aeu-west-1%3A111111111111%3Alayer%3Al").status,
            404u);
  EXPECT_EQ(publish_layer("arn%3Aaws%3Alambda%3Aus-east-1%3A222222222222%3Alayer%3Al").status,
            404u);
}

TEST_F(LambdaLayersTest, WhatIsNotThere) {
  publish_layer("l");
  constexpr const char* kMissing = "The resource you requested does not exist.";
  expect_not_found(layer_version("l", "2"), kMissing);
  expect_not_found(layer_version("m", "1"), kMissing);
  expect_invalid(layer_version("l", "0"), "Layer Version Cannot be less than 1");
  expect_invalid(layer_version("l", "-1"), "Layer Version Cannot be less than 1");
  expect_invalid(delete_layer("l", "0"), "Layer Version Cannot be less than 1");
  const auto by_arn = [&](const std::string& arn) {
    return call("GET", "/2018-10-31/layers?find=LayerVersion&Arn=" + arn);
  };
  expect_not_found(by_arn(kLayerArn + "l:2"), kMissing);
  expect_not_found(by_arn("arn:aws:lambda:eu-west-1:111111111111:layer:l:1"), kMissing);
  expect_not_found(by_arn("arn:aws:lambda:us-east-1:222222222222:layer:l:1"), kMissing);
  for (const std::string& arn : {std::string(), std::string("l"), kLayerArn + "l",
                                 kLayerArn + "l:0", kLayerArn + "l:x", kLayerArn + "l:1:2"})
    EXPECT_THAT(by_arn(arn).message, HasSubstr("at 'arn' failed to satisfy constraint")) << arn;
  EXPECT_EQ(versions_of("m").body, json({{"LayerVersions", json::array()}}));
  EXPECT_EQ(call("GET", "/2018-10-31/layers", {}, "eu-west-1").body,
            json({{"Layers", json::array()}}));
}

TEST_F(LambdaLayersTest, ListsHaveFiftyAtMost) {
  const std::string much =
      "1 validation error detected: Value '51' at 'maxItems' failed to satisfy constraint: Member "
      "must have value less than or equal to 50";
  expect_error(layers_of("?MaxItems=51"), 400, "ValidationException", much);
  expect_error(versions_of("l", "?MaxItems=51"), 400, "ValidationException", much);
  EXPECT_EQ(layers_of("?MaxItems=50").status, 200u);
  create("f");
  expect_error(call("GET", "/2021-10-31/functions/f/urls?MaxItems=51"), 400, "ValidationException",
               much);
  expect_error(call("GET", "/2019-09-25/functions/f/event-invoke-config/list?MaxItems=51"), 400,
               "ValidationException", much);
  expect_error(call("GET", "/2019-09-30/functions/f/provisioned-concurrency?List=ALL&MaxItems=51"),
               400, "ValidationException", much);
}

TEST_F(LambdaLayersTest, ListsArePagedAndFiltered) {
  publish_layer("b", {{"CompatibleRuntimes", {"python3.12"}}});
  publish_layer("b", {{"CompatibleRuntimes", {"nodejs20.x"}}});
  publish_layer("b", {{"CompatibleArchitectures", {"arm64"}}});
  publish_layer("a");
  publish_layer("c", {{"CompatibleRuntimes", {"python3.12"}}});

  auto page = layers_of("?MaxItems=2");
  ASSERT_EQ(page.body["Layers"].size(), 2u);
  EXPECT_EQ(page.body["Layers"][0]["LayerName"], "a");
  EXPECT_EQ(page.body["Layers"][1]["LatestMatchingVersion"]["Version"], 3);
  page = layers_of("?MaxItems=2&Marker=" + page.body["NextMarker"].get<std::string>());
  ASSERT_EQ(page.body["Layers"].size(), 1u);
  EXPECT_EQ(page.body["Layers"][0]["LayerName"], "c");
  EXPECT_FALSE(page.body.contains("NextMarker"));

  const auto python = layers_of("?CompatibleRuntime=python3.12").body["Layers"];
  ASSERT_EQ(python.size(), 2u);
  EXPECT_EQ(python[0]["LayerName"], "b");
  EXPECT_EQ(python[0]["LatestMatchingVersion"]["Version"], 1);

  page = versions_of("b", "?MaxItems=2");
  EXPECT_EQ(numbers(page), (std::vector<int>{3, 2}));
  page = versions_of("b", "?MaxItems=2&Marker=" + page.body["NextMarker"].get<std::string>());
  EXPECT_EQ(numbers(page), std::vector<int>{1});
  EXPECT_FALSE(page.body.contains("NextMarker"));
  EXPECT_EQ(numbers(versions_of("b", "?CompatibleArchitecture=arm64")), std::vector<int>{3});
  EXPECT_EQ(versions_of("b", "?Marker=x").status, 400u);
}

TEST_F(LambdaLayersTest, DeletedNumbersAreNotUsedAgain) {
  publish_layer("l");
  EXPECT_EQ(delete_layer("l", "1").status, 204u);
  EXPECT_EQ(delete_layer("l", "1").status, 204u) << "as on AWS, gone is gone";
  reopen();
  EXPECT_EQ(layers_of().body["Layers"].size(), 0u);
  EXPECT_EQ(publish_layer("l").body["Version"], 2);
}

TEST_F(LambdaLayersTest, CountAsStorageOfTheAccount) {
  const auto size = publish_layer("l").body["Content"]["CodeSize"];
  EXPECT_EQ(call("GET", "/2016-08-19/account-settings").body["AccountUsage"]["TotalCodeSize"],
            size);
}

// The Layers of functions.

TEST_F(LambdaLayersTest, FunctionsNameTheirLayers) {
  const auto size = publish_layer("a").body["Content"]["CodeSize"];
  publish_layer("b", json::object(), "other");
  const json arns = {kLayerArn + "b:1", kLayerArn + "a:1"};
  EXPECT_EQ(create("f", {{"Layers", arns}}).body["Layers"].size(), 2u);
  publish("f");
  reopen();
  const auto layers = get("f").body["Configuration"]["Layers"];
  EXPECT_EQ(layers[0]["Arn"], kLayerArn + "b:1");
  EXPECT_EQ(layers[1], json({{"Arn", kLayerArn + "a:1"}, {"CodeSize", size}}));
  update("f", {{"Description", "kept"}});
  EXPECT_EQ(get("f").body["Configuration"]["Layers"].size(), 2u);
  update("f", {{"Layers", {kLayerArn + "a:1"}}});
  EXPECT_EQ(get("f").body["Configuration"]["Layers"].size(), 1u);
  EXPECT_FALSE(update("f", {{"Layers", json::array()}}).body.contains("Layers"));
  EXPECT_EQ(get("f:1").body["Configuration"]["Layers"].size(), 2u);
}

TEST_F(LambdaLayersTest, ADeletedVersionStaysWithItsFunctions) {
  publish_layer("a");
  create("f", {{"Layers", {kLayerArn + "a:1"}}});
  delete_layer("a", "1");
  EXPECT_EQ(get("f").body["Configuration"]["Layers"][0]["Arn"], kLayerArn + "a:1");
  expect_invalid(create("g", {{"Layers", {kLayerArn + "a:1"}}}),
                 "Layer version " + kLayerArn + "a:1 does not exist.");
  EXPECT_EQ(update("f", {{"Description", "x"}}).status, 200u);
}

TEST_F(LambdaLayersTest, LaterLayersLieOverEarlierOnes) {
  publish_layer("a", json::object(), "from a");
  publish_layer("b", json::object(), "from b");
  const auto content = [&](const json& arns) {
    EXPECT_LT(update("f", {{"Layers", arns}}).status, 300u);
    const auto function = registry_->find("us-east-1", "f");
    std::ifstream in(code_store_.folder((*function)->latest->layers->folder_key) + "/python/l.py");
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  create("f");
  EXPECT_EQ(content({kLayerArn + "a:1", kLayerArn + "b:1"}), "from b");
  EXPECT_EQ(content({kLayerArn + "b:1", kLayerArn + "a:1"}), "from a");
  EXPECT_EQ(content({kLayerArn + "a:1"}), "from a");
}

TEST_F(LambdaLayersTest, FunctionsAreRefusedOtherLayers) {
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) publish_layer(name);
  publish_layer("a");
  json arns = json::array();
  for (const char* name : {"a", "b", "c", "d", "e"}) arns.push_back(kLayerArn + name + ":1");
  EXPECT_EQ(create("five", {{"Layers", arns}}).status, 201u);
  arns.push_back(kLayerArn + "f:1");
  expect_invalid(create("six", {{"Layers", arns}}), "Cannot reference more than 5 layers.");
  for (const char* second : {"a:2", "a:1"})
    expect_invalid(update("five", {{"Layers", {kLayerArn + "a:1", kLayerArn + second}}}),
                   "Two different versions of the same layer are not allowed to be referenced in "
                   "the same function. " +
                       kLayerArn + "a:1 and " + kLayerArn + second +
                       " are versions of the same layer.");
  expect_invalid(update("five", {{"Layers", {kLayerArn + "a:3"}}}),
                 "Layer version " + kLayerArn + "a:3 does not exist.");
  expect_invalid(
      update("five", {{"Layers", {"arn:aws:lambda:eu-west-1:111111111111:layer:a:1"}}}),
      "Layers are not in the same region as the function. Layers are expected to be in region "
      "us-east-1.");
  EXPECT_THAT(
      update("five", {{"Layers", {"arn:aws:lambda:us-east-1:222222222222:layer:a:1"}}}).message,
      StartsWith("The layer version arn:aws:lambda:us-east-1:222222222222:layer:a:1 belongs to "
                 "another account"));
  for (const char* arn : {"", "a", "arn:aws:lambda:us-east-1:111111111111:layer:a",
                          "arn:aws:lambda:us-east-1:111111111111:layer:a:0",
                          "arn:aws:lambda:us-east-1:111111111111:layer:a:99999999999999999999"})
    EXPECT_THAT(update("five", {{"Layers", {arn}}}).message,
                HasSubstr("]' at 'layers' failed to satisfy constraint"))
        << arn;
  EXPECT_EQ(update("five", {{"Layers", "x"}}).type, "SerializationException");
  EXPECT_EQ(update("five", {{"Layers", {1}}}).type, "SerializationException");
  EXPECT_EQ(get("five").body["Configuration"]["Layers"].size(), 5u) << "nothing has changed";
  expect_not_found(get("six"), "Function not found: " + kArn + "six");
}

// As recorded.
TEST_F(LambdaLayersTest, EmptyListsAreGivenBack) {
  const json none = {{"CompatibleRuntimes", json::array()},
                     {"CompatibleArchitectures", json::array()}};
  for (const Answer& answer : {publish_layer("l", none), layer_version("l", "1")})
    for (const auto& [name, list] : none.items()) EXPECT_EQ(answer.body[name], list);
  reopen();
  EXPECT_EQ(layer_version("l", "1").body["CompatibleRuntimes"], json::array());
  EXPECT_FALSE(publish_layer("m").body.contains("CompatibleRuntimes"));
  reopen();
  EXPECT_FALSE(layer_version("m", "1").body.contains("CompatibleArchitectures"));
}

class SmallStoreTest : public LambdaLayersTest {
 protected:
  static store::CodeLimits limits() {
    store::CodeLimits limits;
    limits.max_unzipped_bytes = 1000;
    return limits;
  }
  SmallStoreTest() : LambdaLayersTest(limits()) {}
  Answer create_of(const std::string& name, size_t bytes, const json& arns) {
    return create(name, {{"Layers", arns}, {"Code", {{"ZipFile", zip(std::string(bytes, 'x'))}}}});
  }
};

TEST_F(SmallStoreTest, CodeAndLayersTogetherOnBothSidesOfTheLimit) {
  publish_layer("a", json::object(), std::string(500, 'a'));
  publish_layer("b", json::object(), std::string(400, 'b'));
  publish_layer("c", json::object(), std::string(101, 'c'));
  const std::string a = kLayerArn + "a:1", b = kLayerArn + "b:1", c = kLayerArn + "c:1";
  EXPECT_EQ(create_of("f", 100, {a, b}).status, 201u);
  const std::string too_much =
      "Function code combined with layers exceeds the maximum allowed size of 1000 bytes. The "
      "actual size is 1001 bytes.";
  expect_invalid(create_of("g", 101, {a, b}), too_much);
  const json larger = {{"ZipFile", zip(std::string(101, 'x'))}};
  expect_invalid(call("PUT", "/2015-03-31/functions/f/code", larger), too_much);
  expect_invalid(update("f", {{"Layers", {a, b, c}}}),
                 "Layers consume more than the available size of 1000 bytes");
  EXPECT_EQ(update("f", {{"Layers", {a}}}).status, 200u);
  EXPECT_EQ(call("PUT", "/2015-03-31/functions/f/code", larger).status, 200u);
  expect_invalid(update("f", {{"Layers", {a, b}}}), too_much);
  EXPECT_EQ(create_of("h", 1000, json::array()).status, 201u) << "no layers, no sum";
}

}  // namespace
}  // namespace kiln::services
