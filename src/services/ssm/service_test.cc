// The Parameter Store's operations, without sockets and threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "services/ssm/operations.h"
#include "tests/support/state_doubles.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class SsmTest : public testing::Test {
 protected:
  SsmTest() { restart(); }
  void restart() {
    parameters_ = std::make_unique<SsmParameters>(state_);
    for (const auto& [key, document] : state_.documents) {
      const auto& [kind, region, name] = key;
      if (kind == SsmParameters::kKind) parameters_->load(region, name, document);
      if (kind == SsmParameters::kPastKind) parameters_->load_past(region, name, document);
    }
  }

  Result<json> ask(const std::string& operation, const json& input,
                   const std::string& region = "eu-west-1") {
    return SsmOperations(*parameters_, region, "111111111111",
                         WallTime(std::chrono::milliseconds(1'700'000'000'500)))
        .run(operation, input);
  }
  json put(const std::string& name, const std::string& value, json more = json::object()) {
    more.update({{"Name", name}, {"Value", value}});
    if (!more.contains("Type")) more["Type"] = "String";
    auto answer = ask("PutParameter", more);
    return answer ? *answer : json(answer.error().type + ": " + answer.error().message);
  }
  json get(const std::string& name, bool decrypts = true) {
    auto answer = ask("GetParameter", {{"Name", name}, {"WithDecryption", decrypts}});
    return answer ? (*answer)["Parameter"] : json(answer.error().type);
  }
  std::string refusal(const std::string& operation, const json& input) {
    auto answer = ask(operation, input);
    return answer ? "no error: " + answer->dump()
                  : answer.error().type + ": " + answer.error().message;
  }
  std::vector<std::string> names(const std::string& operation, const json& input) {
    auto answer = ask(operation, input);
    if (!answer) return {answer.error().type};
    std::vector<std::string> out;
    for (const json& p : (*answer)["Parameters"]) out.push_back(p["Name"]);
    return out;
  }

  tests::MemoryState state_;
  std::unique_ptr<SsmParameters> parameters_;
};

TEST_F(SsmTest, AParameterIsPutReadOverwrittenAndDeleted) {
  EXPECT_EQ(put("/app/host", "a"), json({{"Version", 1}, {"Tier", "Standard"}}));
  const json wanted = {{"Name", "/app/host"},
                       {"Type", "String"},
                       {"Value", "a"},
                       {"Version", 1},
                       {"LastModifiedDate", 1'700'000'000.5},
                       {"ARN", "arn:aws:ssm:eu-west-1:111111111111:parameter/app/host"},
                       {"DataType", "text"}};
  EXPECT_EQ(get("/app/host"), wanted);
  EXPECT_THAT(put("/app/host", "b").dump(), HasSubstr("ParameterAlreadyExists"));
  EXPECT_EQ(put("/app/host", "b", {{"Overwrite", true}})["Version"], 2);
  restart();
  EXPECT_EQ(get("/app/host")["Value"], "b");
  EXPECT_EQ(get("/app/host:2")["Value"], "b");
  EXPECT_EQ(get("/app/host:1")["Value"], "a");
  EXPECT_EQ(get("/app/host:1")["Selector"], ":1");
  EXPECT_FALSE(get("/app/host").contains("Selector"));
  EXPECT_EQ(
      refusal("GetParameter", {{"Name", "/app/host:3"}}),
      "ParameterVersionNotFound: Systems Manager could not find version 3 of /app/host. Verify "
      "the version and try again.");
  EXPECT_EQ(get("arn:aws:ssm:eu-west-1:111111111111:parameter/app/host")["Value"], "b");
  EXPECT_EQ(refusal("GetParameter", {{"Name", "nope"}}), "ParameterNotFound: ");
  EXPECT_EQ(refusal("GetParameter", {{"Name", "/aws/reference/secretsmanager/s"}}),
            "ParameterNotFound: An error occurred (ParameterNotFound) when referencing Secrets "
            "Manager: Secret /aws/reference/secretsmanager/s not found.");
  EXPECT_FALSE(ask("GetParameter", {{"Name", "/app/host"}}, "us-east-1"));
  state_.full = true;
  EXPECT_EQ(refusal("DeleteParameter", {{"Name", "/app/host"}}), "DatabaseError: the disk is full");
  EXPECT_EQ(get("/app/host")["Value"], "b");
  state_.full = false;
  EXPECT_TRUE(ask("DeleteParameter", {{"Name", "/app/host"}}));
  EXPECT_EQ(get("/app/host"), "ParameterNotFound");
  EXPECT_FALSE(ask("DeleteParameter", {{"Name", "/app/host"}}));
  EXPECT_TRUE(state_.documents.empty());
}

TEST_F(SsmTest, ArnOfANameWithoutASlash) {
  put("plain", "v");
  EXPECT_EQ(get("plain")["ARN"], "arn:aws:ssm:eu-west-1:111111111111:parameter/plain");
  EXPECT_EQ(get("arn:aws:ssm:eu-west-1:111111111111:parameter/plain")["Value"], "v");
  EXPECT_EQ(get("arn:aws:ssm:eu-west-2:111111111111:parameter/plain"), "ParameterNotFound");
}

TEST_F(SsmTest, NamesAreGivenBackAsTheyWereAskedFor) {
  put("plain", "v");
  EXPECT_EQ(get("plain")["Name"], "plain");
  EXPECT_EQ(get("/plain")["Name"], "/plain");
  EXPECT_EQ(get("/plain")["Value"], "v");
  put("/a/b/c", "v");
  EXPECT_EQ(get("/a/b/c")["Name"], "/a/b/c");
  for (const char* malformed : {"/a//b//c", "a/b/c"}) {
    EXPECT_EQ(get(malformed), "ValidationException") << malformed;
    EXPECT_THAT(refusal("GetParameters", {{"Names", {malformed}}}),
                HasSubstr("sub-paths divided by slash symbol"));
  }
}

TEST_F(SsmTest, SpacesAroundANameAreTakenAwayAndThoseWithinAreRefused) {
  put(" plain ", "v");
  EXPECT_EQ(get("plain")["Name"], "plain");
  EXPECT_EQ(get(" plain ")["Value"], "v");
  EXPECT_EQ((*ask("GetParameters", {{"Names", {" plain "}}}))["Parameters"].size(), 1U);
  EXPECT_TRUE(ask("LabelParameterVersion", {{"Name", " plain "}, {"Labels", {"l"}}}));
  EXPECT_TRUE(ask("GetParameterHistory", {{"Name", " plain "}}));
  for (const char* malformed : {"a b", "a@b", "test-param[?region=x]", "a b:1"}) {
    EXPECT_THAT(refusal("GetParameter", {{"Name", malformed}}),
                HasSubstr("ValidationException: Parameter name: can't be prefixed with"))
        << malformed;
    EXPECT_THAT(refusal("GetParameters", {{"Names", {"plain", malformed}}}),
                HasSubstr("ValidationException: "));
    EXPECT_THAT(refusal("GetParameterHistory", {{"Name", malformed}}),
                HasSubstr("ValidationException: "));
  }
  EXPECT_TRUE(ask("DeleteParameter", {{"Name", " plain "}}));
}

TEST_F(SsmTest, SecureStringsAreShownOnlyToThoseWhoAsk) {
  put("s", "secret", {{"Type", "SecureString"}});
  EXPECT_EQ(get("s")["Value"], "secret");
  EXPECT_EQ(get("s", false)["Value"], "kms:alias/aws/ssm:secret");
  put("k", "secret", {{"Type", "SecureString"}, {"KeyId", "mine"}});
  EXPECT_EQ(get("k", false)["Value"], "kms:mine:secret");
}

TEST_F(SsmTest, TheBootstrapVersionIsThereUntilItIsOverwritten) {
  const std::string name = "/cdk-bootstrap/hnb659fds/version";
  EXPECT_GE(std::stoi(get(name)["Value"].get<std::string>()), 30);
  EXPECT_EQ(names("GetParametersByPath", {{"Path", "/cdk-bootstrap"}, {"Recursive", true}}),
            std::vector{name});
  EXPECT_THAT(put(name, "5").dump(), HasSubstr("ParameterAlreadyExists"));
  EXPECT_EQ(put(name, "99", {{"Overwrite", true}})["Version"], 2);
  restart();
  EXPECT_EQ(get(name)["Value"], "99");
  EXPECT_EQ(names("DescribeParameters", json::object()), std::vector{name});
}

TEST_F(SsmTest, ManyByNameAndByPath) {
  for (const char* name : {"/a/1", "/a/2", "/a/b/3", "/ab", "other"}) put(name, name);
  const auto got = ask("GetParameters", {{"Names", {"/a/1", "nope", "other"}}});
  EXPECT_EQ((*got)["Parameters"].size(), 2U);
  EXPECT_EQ((*got)["InvalidParameters"], json({"nope"}));
  EXPECT_THAT(names("GetParametersByPath", {{"Path", "/a"}}), ElementsAre("/a/1", "/a/2"));
  EXPECT_THAT(names("GetParametersByPath", {{"Path", "/a/"}, {"Recursive", true}}),
              ElementsAre("/a/1", "/a/2", "/a/b/3"));
  const auto page =
      ask("GetParametersByPath", {{"Path", "/a"}, {"Recursive", true}, {"MaxResults", 2}});
  EXPECT_THAT(names("GetParametersByPath",
                    {{"Path", "/a"}, {"Recursive", true}, {"NextToken", (*page)["NextToken"]}}),
              ElementsAre("/a/b/3"));
  const auto gone = ask("DeleteParameters", {{"Names", {"/a/1", "nope"}}});
  EXPECT_EQ((*gone)["DeletedParameters"], json({"/a/1"}));
  EXPECT_EQ((*gone)["InvalidParameters"], json({"nope"}));
}

TEST_F(SsmTest, Filters) {
  put("/x/1", "a", {{"Type", "StringList"}});
  put("/x/y/2", "a", {{"Tags", {{{"Key", "team"}, {"Value", "t"}}}}});
  put("/z", "a");
  const auto filtered = [&](const char* key, const char* option, const char* value) {
    return names("DescribeParameters",
                 {{"ParameterFilters",
                   {{{"Key", key}, {"Option", option}, {"Values", json::array({value})}}}}});
  };
  EXPECT_THAT(filtered("Type", "Equals", "StringList"), ElementsAre("/x/1"));
  EXPECT_THAT(filtered("Name", "BeginsWith", "/x"), ElementsAre("/x/1", "/x/y/2"));
  EXPECT_THAT(filtered("Name", "Contains", "y"), ElementsAre("/x/y/2"));
  // With or without a slash before it, it is the same name.
  put("plain", "a");
  for (const char* name : {"plain", "/plain"})
    EXPECT_THAT(filtered("Name", "Equals", name), ElementsAre("plain")) << name;
  EXPECT_THAT(filtered("Name", "BeginsWith", "/pla"), ElementsAre("plain"));
  EXPECT_THAT(filtered("Name", "BeginsWith", "x/"), ElementsAre("/x/1", "/x/y/2"));
  EXPECT_THAT(filtered("Name", "Contains", "/pla"), ElementsAre("plain"));
  EXPECT_THAT(filtered("Path", "OneLevel", "/x"), ElementsAre("/x/1"));
  EXPECT_THAT(filtered("Path", "Recursive", "/x"), ElementsAre("/x/1", "/x/y/2"));
  EXPECT_THAT(filtered("tag:team", "Equals", "t"), ElementsAre("/x/y/2"));
}

TEST_F(SsmTest, FiltersThatAwsRefuses) {
  const auto refused = [&](const json& filter, const char* operation = "DescribeParameters") {
    return refusal(operation, {{"Path", "/x"}, {"ParameterFilters", {filter}}});
  };
  struct {
    json filter;
    const char* says;
  } const cases[] = {
      {{{"Key", "Colour"}, {"Values", {"red"}}},
       "ValidationException: 1 validation error detected: Value 'Colour' at "
       "'parameterFilters.1.member.key' failed to satisfy constraint: Member must satisfy regular "
       "expression pattern: tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType"},
      {{{"Key", "Name"}, {"Values", json::array()}},
       "'parameterFilters.1.member.values' failed to satisfy constraint: Member must have length "
       "greater than or equal to 1"},
      {{{"Key", "Name"}, {"Values", std::vector<std::string>(51, "a")}},
       "Member must have length less than or equal to 50"},
      {{{"Key", "Name"}, {"Option", "Equals or so"}, {"Values", {"a"}}},
       "Member must have length less than or equal to 10"},
      {{{"Key", "Name"}},
       "InvalidFilterValue: The following filter values are missing : null for "
       "filter key Name."},
      {{{"Key", "Label"}, {"Values", {"a"}}},
       "InvalidFilterKey: The following filter key is not valid: Label."},
      {{{"Key", "Name"}, {"Option", "X"}, {"Values", {"a"}}},
       "InvalidFilterOption: The following filter option is not valid: X. Valid options include: "
       "[BeginsWith, Equals]."},
      {{{"Key", "Path"}, {"Option", "Equals"}, {"Values", {"/a"}}},
       "Valid options include: [Recursive, OneLevel]."},
      {{{"Key", "Path"}, {"Values", {"a"}}},
       "ValidationException: The parameter doesn't meet the parameter name requirements."},
      {{{"Key", "Type"}, {"Values", {"X"}}},
       "InvalidFilterOption: The following filter value is not valid: X. Valid values include: "
       "[String, StringList, SecureString]."},
      {{{"Key", "Tier"}, {"Values", {"X"}}}, "[Standard, Advanced, Intelligent-Tiering]."},
  };
  for (const auto& c : cases) EXPECT_THAT(refused(c.filter), HasSubstr(c.says));
  for (const char* key : {"Name", "Path", "Tier", "tag:a"})
    EXPECT_THAT(refused({{"Key", key}, {"Values", {"/a"}}}, "GetParametersByPath"),
                HasSubstr("Valid filter keys include: [Type, KeyId]."))
        << key;
  for (const char* option : {"BeginsWith", "Contains"})
    EXPECT_EQ(
        refused({{"Key", "Label"}, {"Option", option}, {"Values", {"a"}}}, "GetParametersByPath"),
        std::string("InvalidFilterOption: The following filter option is not valid: ") + option +
            ". Valid options include: [Equals].");
  const json name = {{"Key", "Name"}, {"Values", {"a"}}};
  EXPECT_THAT(refusal("DescribeParameters", {{"ParameterFilters", {name, name}}}),
              HasSubstr("The following filter is duplicated in the request: Name."));
  EXPECT_THAT(refusal("DescribeParameters", {{"ParameterFilters", {name}}, {"Filters", {name}}}),
              HasSubstr("You can use either Filters or ParameterFilters in a single request."));
  EXPECT_TRUE(ask("DescribeParameters", {{"ParameterFilters", {{{"Key", "tag:a"}}}}}));
}

TEST_F(SsmTest, WhatTheModelExcludesIsSaidTogether) {
  const std::string all =
      refusal("PutParameter",
              {{"Name", "a b"}, {"Value", ""}, {"Type", "X"}, {"Tier", "Y"}, {"KeyId", "!"}});
  EXPECT_THAT(all, HasSubstr("ValidationException: 4 validation errors detected: "));
  for (const char* member : {"value", "type", "tier", "keyId"})
    EXPECT_THAT(all, HasSubstr("at '" + std::string(member) + "'"));
  EXPECT_THAT(refusal("PutParameter", {{"Name", "a"}, {"Type", "String"}}),
              HasSubstr("Value null at 'value'"));
}

TEST_F(SsmTest, TagsAreKept) {
  put("p", "v", {{"Tags", {{{"Key", "a"}, {"Value", "1"}}}}});
  const json which = {{"ResourceType", "Parameter"}, {"ResourceId", "p"}};
  json input = which;
  input["Tags"] = {{{"Key", "b"}, {"Value", "2"}}};
  EXPECT_TRUE(ask("AddTagsToResource", input));
  input = which;
  input["TagKeys"] = {"a"};
  EXPECT_TRUE(ask("RemoveTagsFromResource", input));
  restart();
  EXPECT_EQ((*ask("ListTagsForResource", which))["TagList"],
            json({{{"Key", "b"}, {"Value", "2"}}}));
  EXPECT_THAT(refusal("ListTagsForResource", {{"ResourceType", "Parameter"}, {"ResourceId", "q"}}),
              HasSubstr("InvalidResourceId"));
  // Before the parameter is looked for.
  const json nothing = {{"ResourceType", "Parameter"}, {"ResourceId", "q"}};
  EXPECT_THAT(refusal("AddTagsToResource", nothing), HasSubstr("Value null at 'tags'"));
  EXPECT_THAT(refusal("RemoveTagsFromResource", nothing), HasSubstr("Value null at 'tagKeys'"));
  for (const std::string& key : {std::string(), std::string(129, 'k'), std::string("aws:k")}) {
    json wrong = nothing;
    wrong["TagKeys"] = {key};
    EXPECT_THAT(refusal("RemoveTagsFromResource", wrong), HasSubstr("ValidationException: "))
        << key;
    wrong = nothing;
    wrong["Tags"] = {{{"Key", key}, {"Value", "v"}}};
    EXPECT_THAT(refusal("AddTagsToResource", wrong), HasSubstr("ValidationException: ")) << key;
  }
}

TEST_F(SsmTest, LimitsOnBothSides) {
  EXPECT_EQ(put("a", std::string(4096, 'x'))["Version"], 1);
  EXPECT_THAT(put("b", std::string(4097, 'x')).dump(),
              HasSubstr("maximum parameter value of 4096"));
  EXPECT_EQ(put("b", std::string(8192, 'x'), {{"Tier", "Advanced"}})["Tier"], "Advanced");
  EXPECT_THAT(put("c", std::string(8193, 'x'), {{"Tier", "Advanced"}}).dump(), HasSubstr("8192"));
  EXPECT_EQ(put("d", std::string(4097, 'x'), {{"Tier", "Intelligent-Tiering"}})["Tier"],
            "Advanced");
  json ten = json::array();
  for (int i = 0; i < 10; ++i) ten.push_back("n" + std::to_string(i));
  EXPECT_TRUE(ask("GetParameters", {{"Names", ten}}));
  for (const std::string& name : {std::string(), std::string(2049, 'n')})
    for (const char* operation : {"GetParameters", "DeleteParameters"})
      EXPECT_THAT(refusal(operation, {{"Names", {name}}}), HasSubstr("at 'names'"));
  ten.push_back("n10");
  EXPECT_THAT(refusal("GetParameters", {{"Names", ten}}),
              HasSubstr("Member must have length less than or equal to 10"));
  EXPECT_TRUE(ask("DescribeParameters", {{"MaxResults", 50}}));
  EXPECT_THAT(refusal("DescribeParameters", {{"MaxResults", 51}}), HasSubstr("equal to 50"));
  std::string deep;
  for (int i = 0; i < 15; ++i) deep += "/l";
  EXPECT_EQ(put(deep, "v")["Version"], 1);
  EXPECT_THAT(put(deep + "/l", "v").dump(), HasSubstr("HierarchyLevelLimitExceededException"));
}

TEST_F(SsmTest, WhatPutRefuses) {
  put("there", "v");
  const std::pair<json, const char*> cases[] = {
      {{{"Value", "v"}, {"Type", "String"}}, "Value null at 'name'"},
      {{{"Name", "n"}, {"Value", "v"}}, "A parameter type is required"},
      {{{"Name", "n"}, {"Value", "v"}, {"Type", "Text"}}, "Value 'Text' at 'type'"},
      {{{"Name", "n"}, {"Value", ""}, {"Type", "String"}}, "Value '' at 'value'"},
      {{{"Name", "n"}, {"Value", 5}, {"Type", "String"}}, "SerializationException"},
      {{{"Name", "awsx"}, {"Value", "v"}, {"Type", "String"}}, "AccessDeniedException"},
      {{{"Name", "/SSM/x"}, {"Value", "v"}, {"Type", "String"}}, "can't be prefixed with"},
      {{{"Name", "a b"}, {"Value", "v"}, {"Type", "String"}}, "can't be prefixed with"},
      {{{"Name", "a/b"}, {"Value", "v"}, {"Type", "String"}}, "fully qualified name"},
      {{{"Name", "n"}, {"Value", "v"}, {"Type", "String"}, {"AllowedPattern", "[0-9]+"}},
       "ParameterPatternMismatchException"},
      {{{"Name", "n"}, {"Value", "v"}, {"Type", "String"}, {"AllowedPattern", "("}},
       "InvalidAllowedPatternException"},
      {{{"Name", "n"}, {"Value", "v"}, {"Type", "String"}, {"Tier", "Gold"}}, "at 'tier'"},
      {{{"Name", "n"}, {"Value", "v"}, {"Type", "String"}, {"Policies", "[{}]"}},
       "InvalidPolicyTypeException"},
      {{{"Name", "n"}, {"Value", "v"}, {"Type", "String"}, {"DataType", "Text"}},
       "The following data type is not supported: Text (Data type names are all lowercase.)"},
      {{{"Name", "n"}, {"Value", "v"}, {"Type", "String"}, {"KeyId", "mine"}},
       "KeyId is required for SecureString type parameter only."},
      {{{"Name", "n"}, {"Value", "a {{ssm:b}}"}, {"Type", "String"}},
       "Parameter value can't nest another parameter. Do not use \"{{}}\" in the value: a "
       "{{ssm:b}}"},
      {{{"Name", "there"},
        {"Value", "v"},
        {"Overwrite", true},
        {"Tags", {{{"Key", "a"}, {"Value", "b"}}}}},
       "tags and overwrite can't be used together"},
  };
  for (const auto& [input, text] : cases)
    EXPECT_THAT(refusal("PutParameter", input), HasSubstr(text)) << input;
  EXPECT_THAT(refusal("GetParametersByPath", {{"Path", "a"}}), HasSubstr("forward slash"));
  EXPECT_THAT(refusal("SendCommand", json::object()), HasSubstr("no operation SendCommand"));
}

TEST_F(SsmTest, ANameWithOneSlashBeforeItIsTheSame) {
  put("x", "1");
  EXPECT_EQ(get("/x")["ARN"], get("x")["ARN"]);
  EXPECT_THAT(put("/x", "2").dump(), HasSubstr("ParameterAlreadyExists"));
  EXPECT_EQ(put("/x", "2", {{"Overwrite", true}})["Version"], 2);
  EXPECT_EQ(get("x")["Value"], "2");
  EXPECT_TRUE(ask("DeleteParameter", {{"Name", "/x"}}));
  EXPECT_EQ(get("x"), "ParameterNotFound");
  put("/a/b", "1");
  EXPECT_EQ(get("a/b"), "ValidationException") << "a path begins with a slash";
}

TEST_F(SsmTest, DocumentsOfOtherFormsAreLeftOut) {
  parameters_->load("eu-west-1", "a", "nonsense");
  parameters_->load("eu-west-1", "b", "[]");
  parameters_->load("eu-west-1", "c", R"({"version": "text"})");
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(get(name), "ParameterNotFound") << name;
}

TEST_F(SsmTest, PagesByPathHaveEachVersionThatALabelFinds) {
  put("/a/p", "one");
  for (const char* value : {"two", "three"}) put("/a/p", value, {{"Overwrite", true}});
  put("/a/q", "four");
  for (int version = 1; version <= 3; ++version)
    ask("LabelParameterVersion", {{"Name", "/a/p"},
                                  {"ParameterVersion", version},
                                  {"Labels", {"l" + std::to_string(version)}}});
  ask("LabelParameterVersion", {{"Name", "/a/q"}, {"Labels", {"l1"}}});
  std::string seen;
  json input = {{"Path", "/a"},
                {"MaxResults", 1},
                {"ParameterFilters", {{{"Key", "Label"}, {"Values", {"l1", "l2", "l3"}}}}}};
  for (json page = {{"NextToken", ""}}; page.contains("NextToken");) {
    page = *ask("GetParametersByPath", input);
    for (const json& one : page["Parameters"]) seen += one["Value"].get<std::string>() + " ";
    if (page.contains("NextToken")) input["NextToken"] = page["NextToken"];
  }
  EXPECT_EQ(seen, "one two three four ");
  for (const char* token : {"/a/p", "/a/p:", "/a/p:1x", ":"}) {
    input["NextToken"] = base64_encode(token);
    EXPECT_EQ(ask("GetParametersByPath", input).error().type, "InvalidNextToken") << token;
  }
}

TEST_F(SsmTest, VersionsAreKeptWithTheirLabels) {
  put("/a/p", "one", {{"Description", "first"}, {"Type", "SecureString"}});
  put("/a/p", "two", {{"Overwrite", true}, {"Type", "String"}, {"Description", "second"}});
  put("/a/p", "three", {{"Overwrite", true}});
  const auto label = [&](int version, const json& labels) {
    return ask("LabelParameterVersion",
               {{"Name", "/a/p"}, {"ParameterVersion", version}, {"Labels", labels}});
  };
  EXPECT_EQ(*label(1, {"old", "9x", "aws-x", "SSMx", "a b"}),
            json({{"InvalidLabels", {"9x", "aws-x", "SSMx", "a b"}}, {"ParameterVersion", 1}}));
  EXPECT_EQ(
      (*ask("LabelParameterVersion", {{"Name", "/a/p"}, {"Labels", {"new"}}}))["ParameterVersion"],
      3);
  restart();
  EXPECT_EQ(get("/a/p:old")["Value"], "one");
  EXPECT_EQ(get("/a/p:old", false)["Value"], "kms:alias/aws/ssm:one");
  EXPECT_EQ(get("/a/p:new")["Selector"], ":new");
  const json history = *ask("GetParameterHistory", {{"Name", "/a/p"}, {"MaxResults", 2}});
  ASSERT_EQ(history["Parameters"].size(), 2U);
  const json& first = history["Parameters"][0];
  EXPECT_EQ(first["Value"], "kms:alias/aws/ssm:one");
  EXPECT_EQ(first["Labels"], json({"old"}));
  EXPECT_EQ(first["Description"], "first");
  EXPECT_EQ(first["KeyId"], "alias/aws/ssm");
  EXPECT_EQ(first["Policies"], json::array());
  EXPECT_FALSE(first.contains("ARN"));
  EXPECT_EQ(history["Parameters"][1]["Labels"], json::array());
  const json rest =
      *ask("GetParameterHistory", {{"Name", "/a/p"}, {"NextToken", history["NextToken"]}});
  EXPECT_EQ(rest["Parameters"].size(), 1U);
  EXPECT_FALSE(rest.contains("NextToken"));
  // A label moves.
  ASSERT_TRUE(label(2, {"new", "old"}));
  EXPECT_EQ(get("/a/p:old")["Version"], 2);
  const json by_label = {{"Path", "/a"},
                         {"ParameterFilters", {{{"Key", "Label"}, {"Values", {"new"}}}}}};
  EXPECT_EQ((*ask("GetParametersByPath", by_label))["Parameters"][0]["Value"], "two");
  EXPECT_EQ(*ask("UnlabelParameterVersion",
                 {{"Name", "/a/p"}, {"ParameterVersion", 2}, {"Labels", {"old", "none"}}}),
            json({{"RemovedLabels", {"old"}}, {"InvalidLabels", {"none"}}}));
  EXPECT_EQ(get("/a/p:old"), "ParameterVersionNotFound");
  EXPECT_THAT(names("GetParametersByPath", {{"Path", "/a"}}), ElementsAre("/a/p"));
  ASSERT_TRUE(ask("DeleteParameter", {{"Name", "/a/p"}}));
  EXPECT_EQ(state_.count(SsmParameters::kPastKind), 0U);
  EXPECT_EQ(refusal("GetParameterHistory", {{"Name", "/a/p"}}), "ParameterNotFound: ");
}

TEST_F(SsmTest, AVersionHasTenLabels) {
  put("p", "v");
  const json ten = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
  ASSERT_TRUE(ask("LabelParameterVersion", {{"Name", "p"}, {"Labels", ten}}));
  EXPECT_EQ(refusal("LabelParameterVersion", {{"Name", "p"}, {"Labels", {"k"}}}),
            "ParameterVersionLabelLimitExceeded: A parameter version can have maximum 10 labels. "
            "Move one or more labels to another version and try again.");
  EXPECT_EQ(get("p:k"), "ParameterVersionNotFound");
  EXPECT_THAT(refusal("LabelParameterVersion", {{"Name", "p"}, {"Labels", json::array()}}),
              HasSubstr("Value '[]' at 'labels' failed to satisfy constraint: Member must have "
                        "length greater than or equal to 1"));
  EXPECT_THAT(refusal("UnlabelParameterVersion", {{"Name", "p"}, {"Labels", {"a"}}}),
              HasSubstr("Value null at 'parameterVersion'"));
}

TEST_F(SsmTest, LabelsAreOfANameAndNotOfAnArnOrOneVersion) {
  put("p", "v");
  for (const char* operation : {"LabelParameterVersion", "UnlabelParameterVersion"})
    for (const char* name : {"arn:aws:ssm:eu-west-1:111111111111:parameter/p", "p:1", "p:label"})
      EXPECT_THAT(refusal(operation, {{"Name", name}, {"ParameterVersion", 1}, {"Labels", {"a"}}}),
                  HasSubstr("ValidationException: Parameter name: can't be prefixed with"))
          << operation << " " << name;
}

TEST_F(SsmTest, AHistoryIsOfAllVersions) {
  put("/a/p", "one");
  put("/a/p", "two", {{"Overwrite", true}});
  const char* arn = "arn:aws:ssm:eu-west-1:111111111111:parameter/a/p";
  EXPECT_EQ((*ask("GetParameterHistory", {{"Name", arn}}))["Parameters"].size(), 2U);
  EXPECT_EQ(refusal("GetParameterHistory", {{"Name", "/a/p:1"}}), "ParameterNotFound: ");
  for (const char* token : {"3junk", "junk", "1 ", " 1", "99999999999999999999"})
    EXPECT_EQ(
        refusal("GetParameterHistory", {{"Name", "/a/p"}, {"NextToken", base64_encode(token)}}),
        "InvalidNextToken: The specified token is not valid.")
        << token;
}

TEST_F(SsmTest, TheAdvancedTierIsKept) {
  put("p", "v");
  const json advanced = {{"Overwrite", true}, {"Tier", "Advanced"}};
  EXPECT_EQ(put("p", "v", advanced)["Tier"], "Advanced");
  EXPECT_EQ(put("p", "v", {{"Overwrite", true}, {"Tier", "Standard"}}),
            "ValidationException: This parameter uses the advanced-parameter tier. You can't "
            "downgrade a parameter from the advanced-parameter tier to the standard-parameter "
            "tier. If necessary, you can delete the advanced parameter and recreate it as a "
            "standard parameter.");
  EXPECT_EQ(put("p", "v", {{"Overwrite", true}, {"Tier", "Intelligent-Tiering"}})["Tier"],
            "Advanced");
  EXPECT_EQ(put("p", "v", {{"Overwrite", true}}), json({{"Version", 4}, {"Tier", "Advanced"}}));
}

TEST_F(SsmTest, AHundredVersionsStayWhenADiskRefusedOne) {
  put("p", "1");
  for (int i = 2; i <= 100; ++i) put("p", std::to_string(i), {{"Overwrite", true}});
  state_.refuses = [](const std::string& key) { return key == "p:1" || key == "p:2"; };
  put("p", "101", {{"Overwrite", true}});
  put("p", "102", {{"Overwrite", true}});
  EXPECT_EQ(parameters_->versions("eu-west-1", "p").size(), 102U);
  state_.refuses = nullptr;
  put("p", "103", {{"Overwrite", true}});
  EXPECT_EQ(parameters_->versions("eu-west-1", "p").front().version, 4);
  EXPECT_EQ(state_.count(SsmParameters::kPastKind), 99U);
}

TEST_F(SsmTest, ACopyThatAKillLeftIsNoVersion) {
  put("p", "1");
  for (int i = 2; i <= 99; ++i) put("p", std::to_string(i), {{"Overwrite", true}});
  // Killed between the two writes of version 100.
  state_.refuses = [](const std::string& key) { return key == "p"; };
  put("p", "100", {{"Overwrite", true}});
  state_.refuses = nullptr;
  restart();
  ASSERT_EQ(put("p", "100", {{"Overwrite", true}})["Version"], 100);
  EXPECT_EQ(get("p:1")["Value"], "1");
  EXPECT_EQ(parameters_->versions("eu-west-1", "p").size(), 100U);
}

TEST_F(SsmTest, AHundredVersionsAreKept) {
  put("p", "1");
  for (int i = 2; i <= 100; ++i) put("p", std::to_string(i), {{"Overwrite", true}});
  EXPECT_EQ(get("p:1")["Value"], "1");
  ASSERT_TRUE(ask("LabelParameterVersion",
                  {{"Name", "p"}, {"ParameterVersion", 1}, {"Labels", {"first"}}}));
  EXPECT_THAT(
      put("p", "101", {{"Overwrite", true}}).dump(),
      HasSubstr("ParameterMaxVersionLimitExceeded: You attempted to create a new version of "
                "p by calling the PutParameter API with the overwrite flag. Version 1, the "
                "oldest version, can't be deleted"));
  ASSERT_TRUE(ask("UnlabelParameterVersion",
                  {{"Name", "p"}, {"ParameterVersion", 1}, {"Labels", {"first"}}}));
  EXPECT_EQ(put("p", "101", {{"Overwrite", true}})["Version"], 101);
  EXPECT_EQ(get("p:1"), "ParameterVersionNotFound");
  EXPECT_EQ(get("p:2")["Value"], "2");
  restart();
  EXPECT_EQ((*ask("GetParameterHistory", {{"Name", "p"}}))["Parameters"].size(), 50U);
  EXPECT_EQ(parameters_->versions("eu-west-1", "p").size(), 100U);
}

}  // namespace
}  // namespace kiln::services
