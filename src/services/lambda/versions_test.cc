// Versions and aliases.
#include <gmock/gmock.h>

#include "tests/support/lambda_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class LambdaVersionsTest : public LambdaApiTest {
 protected:
  std::vector<std::string> versions(const std::string& query = "") {
    std::vector<std::string> out;
    const auto list = get("f/versions" + query);
    for (const auto& v : list.body.at("Versions")) out.push_back(v["Version"]);
    return out;
  }
};

TEST_F(LambdaVersionsTest, Lifecycle) {
  create("f", {{"Description", "No version :("}});
  EXPECT_THAT(versions(), ElementsAre("$LATEST"));
  update("f", {{"Description", "First version :)"}});
  const std::string revision = get("f/configuration").body["RevisionId"];

  const auto first = publish("f", {{"Description", "First version description :)"}});
  EXPECT_EQ(first.status, 201u);
  EXPECT_EQ(first.body["Version"], "1");
  EXPECT_EQ(first.body["FunctionArn"], kArn + "f:1");
  EXPECT_EQ(first.body["Description"], "First version description :)");
  EXPECT_EQ(first.body["State"], "Active");
  EXPECT_EQ(first.body["LastUpdateStatus"], "Successful");
  EXPECT_EQ(get("f:1/configuration").body, first.body);
  EXPECT_NE(get("f/configuration").body["RevisionId"], revision)
      << "publishing makes a new revision of $LATEST";

  // A description alone does not make a version, a change of $LATEST's does.
  EXPECT_EQ(publish("f", {{"Description", "other"}}).body, first.body);
  update("f", {{"Description", "Second version :))"}});
  EXPECT_EQ(get("f:1/configuration").body, first.body) << "a version never changes";
  const auto second = publish("f");
  EXPECT_EQ(second.body["Version"], "2");
  EXPECT_EQ(second.body["Description"], "Second version :))");
  EXPECT_EQ(publish("f").body, second.body);
  EXPECT_THAT(versions(), ElementsAre("$LATEST", "1", "2"));

  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/f?Qualifier=1").status, 204u);
  EXPECT_THAT(versions(), ElementsAre("$LATEST", "2"));
}

TEST_F(LambdaVersionsTest, NumbersAreNeverReused) {
  create("f", {{"Publish", true}});
  call("DELETE", "/2015-03-31/functions/f?Qualifier=1");
  EXPECT_EQ(publish("f").body["Version"], "2");
}

TEST_F(LambdaVersionsTest, ARedundantUpdateIsAChange) {
  create("f", {{"Publish", true}});
  update("f", json::object());
  EXPECT_EQ(publish("f").body["Version"], "2");
}

TEST_F(LambdaVersionsTest, PublishChecksRevisionAndCode) {
  create("f");
  expect_stale_revision(publish("f", {{"RevisionId", "wrong"}}));
  const std::string sha = get("f/configuration").body["CodeSha256"];
  expect_invalid(
      publish("f", {{"CodeSha256", "somenonexistentsha256"}}),
      "CodeSHA256 (somenonexistentsha256) is different from current CodeSHA256 in $LATEST (" + sha +
          "). Please try again with the CodeSHA256 in $LATEST.");
  EXPECT_EQ(publish("f", {{"Description", std::string(257, 'd')}}).type, "ValidationException");
  EXPECT_THAT(versions(), ElementsAre("$LATEST"));
  const std::string revision = get("f/configuration").body["RevisionId"];
  EXPECT_EQ(publish("f", {{"CodeSha256", sha}, {"RevisionId", revision}}).body["Version"], "1");
  expect_not_found(publish("nope"), "Function not found: " + kArn + "nope");
}

TEST_F(LambdaVersionsTest, ListPages) {
  create("f", {{"Publish", true}});
  for (int i = 0; i < 2; ++i) {
    update("f", json::object());
    publish("f");
  }
  std::vector<std::string> seen;
  std::string query = "?MaxItems=1";
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = get("f/versions" + query);
    for (const auto& v : page.body["Versions"]) seen.push_back(v["FunctionArn"]);
    if (!page.body.contains("NextMarker")) break;
    query =
        "?MaxItems=1&Marker=" + wire::percent_encode(page.body["NextMarker"].get<std::string>());
  }
  EXPECT_THAT(seen, ElementsAre(kArn + "f:$LATEST", kArn + "f:1", kArn + "f:2", kArn + "f:3"));
}

class LambdaAliasesTest : public LambdaApiTest {
 protected:
  void SetUp() override {
    LambdaApiTest::SetUp();
    create("f", {{"Publish", true}});
    update("f", {{"Environment", {{"Variables", {{"testenv", "prod"}}}}}});
    publish("f");
  }
  Answer create_alias(const json& body, const std::string& function = "f") {
    return call("POST", "/2015-03-31/functions/" + function + "/aliases", body);
  }
  Answer get_alias(const std::string& name) { return get("f/aliases/" + name); }
  Answer update_alias(const std::string& name, const json& body) {
    return call("PUT", "/2015-03-31/functions/f/aliases/" + name, body);
  }
  std::vector<std::string> names(const std::string& query = "") {
    std::vector<std::string> out;
    const auto list = get("f/aliases" + query);
    for (const auto& a : list.body.at("Aliases")) out.push_back(a["Name"]);
    return out;
  }
  static json weights(const json& w) { return {{"AdditionalVersionWeights", w}}; }
};

TEST_F(LambdaAliasesTest, Lifecycle) {
  auto created = create_alias({{"Name", "a"},
                               {"FunctionVersion", "1"},
                               {"Description", "custom"},
                               {"RoutingConfig", weights({{"2", 0.2}})}});
  EXPECT_EQ(created.status, 201u);
  EXPECT_EQ(get_alias("a").body, created.body);
  const std::string revision = created.body["RevisionId"];
  created.body.erase("RevisionId");
  EXPECT_EQ(created.body, json({{"AliasArn", kArn + "f:a"},
                                {"Name", "a"},
                                {"FunctionVersion", "1"},
                                {"Description", "custom"},
                                {"RoutingConfig", weights({{"2", 0.2}})}}));
  EXPECT_FALSE(
      create_alias({{"Name", "b"}, {"FunctionVersion", "2"}}).body.contains("RoutingConfig"));
  EXPECT_EQ(get_alias("b").body["Description"], "");
  EXPECT_EQ(create_alias({{"Name", "newest"}, {"FunctionVersion", "$LATEST"}}).status, 201u);
  EXPECT_EQ(create_alias({{"Name", "2024-01-02"}, {"FunctionVersion", "1"}}).status, 201u);
  EXPECT_THAT(names(), ElementsAre("2024-01-02", "a", "b", "newest"));
  EXPECT_THAT(names("?FunctionVersion=2"), ElementsAre("a", "b"));

  const auto described = update_alias("a", {{"Description", "changed"}});
  EXPECT_EQ(described.status, 200u);
  EXPECT_EQ(described.body["RoutingConfig"], weights({{"2", 0.2}})) << "what is not named stays";
  EXPECT_NE(described.body["RevisionId"], revision);
  EXPECT_FALSE(update_alias("a", {{"RoutingConfig", weights(json::object())}})
                   .body.contains("RoutingConfig"));
  EXPECT_EQ(update_alias("a", {{"FunctionVersion", "2"}}).body["FunctionVersion"], "2");

  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/f/aliases/a").status, 204u);
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/f/aliases/a").status, 204u)
      << "not there: 204, too";
  EXPECT_THAT(names(), ElementsAre("2024-01-02", "b", "newest"));
}

TEST_F(LambdaAliasesTest, ListPages) {
  for (const char* name : {"a", "b", "c"}) create_alias({{"Name", name}, {"FunctionVersion", "1"}});
  const auto first = get("f/aliases?MaxItems=2");
  ASSERT_TRUE(first.body.contains("NextMarker"));
  EXPECT_THAT(names("?MaxItems=2&Marker=" +
                    wire::percent_encode(first.body["NextMarker"].get<std::string>())),
              ElementsAre("c"));
}

TEST_F(LambdaAliasesTest, NamesAndFiltersAreChecked) {
  const std::string name =
      "1 validation error detected: Value '7' at 'name' failed to satisfy constraint: Member must "
      "satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)";
  expect_error(get_alias("7"), 400, "ValidationException", name);
  expect_error(update_alias("7", {{"Description", "x"}}), 400, "ValidationException", name);
  expect_error(call("DELETE", "/2015-03-31/functions/f/aliases/7"), 400, "ValidationException",
               name);
  expect_error(get("f/aliases?FunctionVersion=prod"), 400, "ValidationException",
               "1 validation error detected: Value 'prod' at 'functionVersion' failed to satisfy "
               "constraint: Member must satisfy regular expression pattern: "
               "(\\$LATEST(\\.PUBLISHED)?|[0-9]+)");
  EXPECT_THAT(names("?FunctionVersion=%24LATEST"), testing::IsEmpty());
}

TEST_F(LambdaAliasesTest, Revisions) {
  create_alias({{"Name", "a"}, {"FunctionVersion", "1"}});
  expect_stale_revision(update_alias("a", {{"Description", "x"}, {"RevisionId", "wrong"}}));
  EXPECT_EQ(get_alias("a").body["Description"], "");
  EXPECT_EQ(update_alias("a", {{"RevisionId", get_alias("a").body["RevisionId"]}}).status, 200u);
}

TEST_F(LambdaAliasesTest, Refusals) {
  const auto with = [&](const std::string& version, const json& w) {
    return create_alias(
        {{"Name", "x"}, {"FunctionVersion", version}, {"RoutingConfig", weights(w)}});
  };
  expect_invalid(with("1", {{"1", 0.5}, {"2", 0.5}}),
                 "Number of items in AdditionalVersionWeights cannot be greater than 1");
  expect_invalid(with("1", {{"1", 0.5}}),
                 "Invalid function version 1. Function version 1 is already included in routing "
                 "configuration.");
  expect_invalid(with("$LATEST", {{"1", 0.5}}),
                 "$LATEST is not supported for an alias pointing to more than 1 version");
  EXPECT_EQ(with("1", {{"2", 2.0}}).type, "ValidationException");
  EXPECT_EQ(with("1", {{"$LATEST", 0.5}}).type, "ValidationException");
  EXPECT_EQ(with("1", {{"2", "half"}}).type, "SerializationException");
  expect_not_found(with("10", json::object()), "Function not found: " + kArn + "f:10");
  expect_not_found(with("1", {{"10", 0.5}}), "Function not found: " + kArn + "f:10");
  expect_not_found(create_alias({{"Name", "x"}, {"FunctionVersion", "1"}}, "unknown"),
                   "Function not found: " + kArn + "unknown:1");
  expect_error(create_alias({{"Name", "2024"}, {"FunctionVersion", "1"}}), 400,
               "ValidationException",
               "1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: "
               "Member must satisfy "
               "regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)");
  EXPECT_THAT(names(), ElementsAre());
  create_alias({{"Name", "custom"}, {"FunctionVersion", "1"}});
  expect_error(create_alias({{"Name", "custom"}, {"FunctionVersion", "1"}}), 409,
               "ResourceConflictException", "Alias already exists: " + kArn + "f:custom");
  expect_not_found(get_alias("non-existent"), "Cannot find alias arn: " + kArn + "f:non-existent");
  expect_not_found(update_alias("non-existent", json::object()),
                   "Alias not found: " + kArn + "f:non-existent");
}

}  // namespace
}  // namespace kiln::services
