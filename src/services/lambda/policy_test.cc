// Resource policies, tags, account settings, and the operations that are not there.
#include <gmock/gmock.h>

#include "tests/support/lambda_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;

class LambdaPolicyTest : public LambdaApiTest {
 protected:
  void SetUp() override {
    LambdaApiTest::SetUp();
    create("f", {{"Publish", true}});
  }
  Answer add(const std::string& sid, const json& more = json::object(),
             const std::string& function = "f", const std::string& query = "") {
    json body = {{"StatementId", sid},
                 {"Action", "lambda:InvokeFunction"},
                 {"Principal", "s3.amazonaws.com"}};
    body.update(more);
    return call("POST", "/2015-03-31/functions/" + function + "/policy" + query, body);
  }
  Answer remove(const std::string& sid, const std::string& function = "f",
                const std::string& query = "") {
    return call("DELETE", "/2015-03-31/functions/" + function + "/policy/" + sid + query);
  }
  std::string statement(const json& more) {
    const auto added = add("sid", more);
    remove("sid");
    return added.status == 201 ? added.body["Statement"].get<std::string>() : added.type;
  }
};

TEST_F(LambdaPolicyTest, StatementsHaveAwsForm) {
  const std::string head = R"({"Sid":"sid","Effect":"Allow","Principal":)";
  const std::string invoke = R"(,"Action":"lambda:InvokeFunction","Resource":")" + kArn + R"(f")";
  EXPECT_EQ(statement({{"SourceArn", "arn:aws:s3:::bucket"}}),
            head + R"({"Service":"s3.amazonaws.com"})" + invoke +
                R"(,"Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}})");
  EXPECT_EQ(statement({{"Principal", "*"}, {"SourceAccount", kAccount}}),
            head + R"("*")" + invoke +
                R"(,"Condition":{"StringEquals":{"AWS:SourceAccount":"111111111111"}}})");
  EXPECT_EQ(statement({{"Principal", kAccount}}),
            head + R"({"AWS":"arn:aws:iam::111111111111:root"})" + invoke + "}");
  EXPECT_EQ(statement({{"Principal", "arn:aws:iam::111111111111:user/u"}}),
            head + R"({"AWS":"arn:aws:iam::111111111111:user/u"})" + invoke + "}");
  EXPECT_EQ(statement({{"Principal", "*"},
                       {"Action", "lambda:InvokeFunctionUrl"},
                       {"SourceAccount", kAccount},
                       {"SourceArn", "arn:aws:s3:::b"},
                       {"PrincipalOrgID", "o-1234567890"},
                       {"FunctionUrlAuthType", "NONE"}}),
            head + R"("*","Action":"lambda:InvokeFunctionUrl","Resource":")" + kArn +
                R"(f","Condition":{"StringEquals":{"AWS:SourceAccount":"111111111111",)"
                R"("lambda:FunctionUrlAuthType":"NONE","aws:PrincipalOrgID":"o-1234567890"},)"
                R"("ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}})");
}

TEST_F(LambdaPolicyTest, PolicyOfTwoStatementsUntilBothAreGone) {
  add("one");
  const std::string first = get("f/policy").body["RevisionId"];
  add("two");
  const auto policy = get("f/policy");
  EXPECT_EQ(policy.body["Policy"],
            R"({"Version":"2012-10-17","Id":"default","Statement":[)"
            R"({"Sid":"one","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},)"
            R"("Action":"lambda:InvokeFunction","Resource":")" +
                kArn +
                R"(f"},)"
                R"({"Sid":"two","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},)"
                R"("Action":"lambda:InvokeFunction","Resource":")" +
                kArn + R"(f"}]})");
  EXPECT_NE(policy.body["RevisionId"], first);
  expect_error(add("one"), 409, "ResourceConflictException",
               "The statement id (one) provided already exists. Please provide a new statement id, "
               "or remove the "
               "existing statement.");
  expect_not_found(remove("non-existent"),
                   "Statement non-existent is not found in resource policy.");
  EXPECT_EQ(remove("one").status, 204u);
  EXPECT_EQ(remove("two").status, 204u);
  expect_not_found(get("f/policy"), "The resource you requested does not exist.");
  expect_not_found(remove("two"), "No policy is associated with the given resource.");
}

TEST_F(LambdaPolicyTest, EachQualifierHasItsOwnPolicy) {
  call("POST", "/2015-03-31/functions/f/aliases", {{"Name", "prod"}, {"FunctionVersion", "1"}});
  EXPECT_THAT(add("v", json::object(), "f", "?Qualifier=1").body["Statement"].get<std::string>(),
              testing::HasSubstr("\"Resource\":\"" + kArn + "f:1\""));
  EXPECT_EQ(add("a", json::object(), "f:prod").status, 201u);
  EXPECT_EQ(get("f/policy").status, 404u);
  EXPECT_EQ(get("f/policy?Qualifier=1").status, 200u);
  EXPECT_EQ(get("f/policy?Qualifier=prod").status, 200u);
  EXPECT_EQ(remove("v", "f", "?Qualifier=1").status, 204u);
  // The policy goes with its alias.
  call("DELETE", "/2015-03-31/functions/f/aliases/prod");
  call("POST", "/2015-03-31/functions/f/aliases", {{"Name", "prod"}, {"FunctionVersion", "1"}});
  EXPECT_EQ(get("f/policy?Qualifier=prod").status, 404u);
}

TEST_F(LambdaPolicyTest, Revisions) {
  expect_stale_revision(add("s", {{"RevisionId", "wrong"}}), "GetPolicy");
  // The first policy is made upon the function, which then has the policy's revision.
  const auto made = get("f/configuration").body["RevisionId"];
  EXPECT_EQ(add("s", {{"RevisionId", made}}).status, 201u);
  const std::string revision = get("f/policy").body["RevisionId"];
  EXPECT_NE(revision, made);
  EXPECT_EQ(get("f/configuration").body["RevisionId"], revision);
  // A change of the function is none of the policy.
  call("PUT", "/2015-03-31/functions/f/configuration", {{"Timeout", 7}});
  EXPECT_NE(get("f/configuration").body["RevisionId"], revision);
  EXPECT_EQ(get("f/policy").body["RevisionId"], revision);
  EXPECT_EQ(add("t", {{"RevisionId", revision}}).status, 201u);
  expect_stale_revision(remove("s", "f", "?RevisionId=" + revision), "GetPolicy");
  EXPECT_EQ(remove("s", "f", "?RevisionId=" + get("f/policy").body["RevisionId"].get<std::string>())
                .status,
            204u);
  const auto with_both = get("f/configuration").body["RevisionId"];
  EXPECT_EQ(remove("t").status, 204u);
  EXPECT_NE(get("f/configuration").body["RevisionId"], with_both);
}

TEST_F(LambdaPolicyTest, TheFirstPolicyIsMadeUponTheAliasOrTheVersion) {
  publish("f");
  const auto alias =
      call("POST", "/2015-03-31/functions/f/aliases", {{"Name", "live"}, {"FunctionVersion", "1"}});
  expect_stale_revision(add("s", {{"RevisionId", "wrong"}}, "f:live"), "GetPolicy");
  EXPECT_EQ(add("s", {{"RevisionId", alias.body["RevisionId"]}}, "f:live").status, 201u);
  expect_stale_revision(add("t", {{"RevisionId", alias.body["RevisionId"]}}, "f:live"),
                        "GetPolicy");
  EXPECT_EQ(get("f/aliases/live").body["RevisionId"],
            get("f/policy?Qualifier=live").body["RevisionId"]);
  const auto version = get("f:1").body["Configuration"]["RevisionId"];
  EXPECT_EQ(add("s", {{"RevisionId", version}}, "f:1").status, 201u);
}

TEST_F(LambdaPolicyTest, MembersOfConditionsAreChecked) {
  const auto violation = [](const std::string& value, const std::string& member,
                            const std::string& constraint) {
    return "1 validation error detected: Value '" + value + "' at '" + member +
           "' failed to satisfy constraint: Member must satisfy " + constraint;
  };
  const auto pattern = [](const std::string& text) {
    return "regular expression pattern: " + text;
  };
  struct {
    std::string member, value, name, constraint;
  } const cases[] = {
      {"SourceArn", "bucket", "sourceArn",
       pattern("arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-"
               "[a-z]+-\\d{1})?:(\\d{12})?:(.*)")},
      {"SourceAccount", "1111", "sourceAccount", pattern("\\d{12}")},
      {"SourceAccount", "1111111111111", "sourceAccount", pattern("\\d{12}")},
      {"EventSourceToken", "a b", "eventSourceToken", pattern("[a-zA-Z0-9._\\-]+")},
      {"FunctionUrlAuthType", "IAM", "functionUrlAuthType", "enum value set: [NONE, AWS_IAM]"},
      {"PrincipalOrgID", "o-123456789", "principalOrgID", pattern("o-[a-z0-9]{10,32}")},
  };
  for (const auto& one : cases)
    expect_error(add("s", {{one.member, one.value}}, "none"), 400, "ValidationException",
                 violation(one.value, one.name, one.constraint));
  EXPECT_EQ(add("s", {{"PrincipalOrgID", "o-1234567890"},
                      {"EventSourceToken", "a._-B"},
                      {"SourceArn", "arn:aws:s3:::b"},
                      {"SourceAccount", kAccount},
                      {"FunctionUrlAuthType", "AWS_IAM"}})
                .status,
            201u);
  expect_error(remove("a%20b"), 400, "ValidationException",
               violation("a b", "statementId", pattern("([a-zA-Z0-9-_.]+)")));
  EXPECT_EQ(remove("a.b").status, 404u);
}

TEST_F(LambdaPolicyTest, Refusals) {
  expect_error(add("example.com"), 400, "ValidationException",
               "1 validation error detected: Value 'example.com' at 'statementId' failed to "
               "satisfy constraint: "
               "Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)");
  EXPECT_EQ(add(std::string(100, 's')).status, 201u);
  EXPECT_EQ(add(std::string(101, 's')).type, "ValidationException");
  EXPECT_EQ(add("s", {{"Action", "s3:GetObject"}}).type, "ValidationException");
  EXPECT_EQ(add("s", {{"Principal", nullptr}}).type, "ValidationException");
  expect_invalid(add("s", {{"Principal", "invalid.nonaws.com"}}),
                 "The provided principal was invalid. Please check the principal and try again.");
  expect_invalid(
      add("s", json::object(), "f:1", "?Qualifier=2"),
      "The derived qualifier from the function name does not match the specified qualifier.");
  expect_invalid(add("s", json::object(), "f", "?Qualifier=$LATEST"),
                 "We currently do not support adding policies for $LATEST.");
  expect_not_found(add("s", json::object(), "doesnotexist"),
                   "Function not found: " + kArn + "doesnotexist");
  expect_not_found(add("s", json::object(), "f", "?Qualifier=alias-doesnotexist"),
                   "Cannot find alias arn: " + kArn + "f:alias-doesnotexist");
  expect_not_found(add("s", json::object(), "f", "?Qualifier=42"),
                   "Function not found: " + kArn + "f:42");
  expect_not_found(add("s", json::object(), "f", "?Qualifier=valid-with-$-but-doesnotexist"),
                   "Function not found: " + kArn + "f:valid-with-$-but-doesnotexist");
  expect_not_found(get("doesnotexist/policy"), "The resource you requested does not exist.");
  expect_not_found(get("f/policy?Qualifier=42"), "The resource you requested does not exist.");
  expect_not_found(remove("s", "doesnotexist"), "No policy found for: " + kArn + "doesnotexist");
  expect_not_found(remove("s", "f", "?Qualifier=alias-doesnotexist"),
                   "Cannot find alias arn: " + kArn + "f:alias-doesnotexist");
}

TEST_F(LambdaPolicyTest, APolicyHolds20Kb) {
  Answer last;
  int accepted = 0;
  for (int i = 0; i < 1000; ++i, ++accepted) {
    last = add("statement" + std::to_string(i));
    if (last.status != 201) break;
  }
  EXPECT_EQ(last.type, "PolicyLengthExceededException");
  EXPECT_THAT(last.message,
              testing::MatchesRegex("The final policy size \\([0-9]+\\) is bigger than the limit "
                                    "\\(20480\\)."));
  const size_t size = get("f/policy").body["Policy"].get<std::string>().size();
  EXPECT_LE(size, 20'480u);
  EXPECT_GT(size, 20'000u);
}

class LambdaTagsTest : public LambdaApiTest {
 protected:
  std::string target(const std::string& arn) {
    return "/2017-03-31/tags/" + wire::percent_encode(arn);
  }
  Answer tag(const json& tags, const std::string& name = "f") {
    return call("POST", target(kArn + name), {{"Tags", tags}});
  }
  Answer untag(const std::string& query, const std::string& name = "f") {
    return call("DELETE", target(kArn + name) + query);
  }
  json tags(const std::string& name = "f") { return call("GET", target(kArn + name)).body["Tags"]; }
};

TEST_F(LambdaTagsTest, Lifecycle) {
  create("f");
  EXPECT_EQ(tags(), json::object());
  const std::string revision = get("f/configuration").body["RevisionId"];
  EXPECT_EQ(tag({{"A", "a"}, {"B", "b"}}).status, 204u);
  EXPECT_EQ(tag({{"B", "other"}, {"C", "c"}}).status, 204u);
  EXPECT_EQ(tags(), json({{"A", "a"}, {"B", "other"}, {"C", "c"}}));
  EXPECT_NE(get("f/configuration").body["RevisionId"], revision);
  EXPECT_EQ(untag("?tagKeys=A&tagKeys=nope").status, 204u);
  EXPECT_EQ(tags(), json({{"B", "other"}, {"C", "c"}}));
  EXPECT_EQ(untag("?tagKeys=B&tagKeys=C").status, 204u);
  EXPECT_EQ(tags(), json::object());
}

TEST_F(LambdaTagsTest, TagsAreNoChangeToPublish) {
  create("f", {{"Publish", true}});
  tag({{"A", "a"}});
  EXPECT_EQ(publish("f").body["Version"], "1");
}

TEST_F(LambdaTagsTest, Refusals) {
  create("f");
  expect_not_found(tag({{"A", "a"}}, "nope"), "Function not found: " + kArn + "nope");
  expect_not_found(untag("?tagKeys=A", "nope"), "Function not found: " + kArn + "nope");
  expect_not_found(call("GET", target(kArn + "nope")), "Function not found: " + kArn + "nope");
  for (const char* name : {"f:$LATEST", "f:1", "f:alias"}) {
    expect_invalid(
        tag({{"A", "a"}}, name),
        "Tags on function aliases and versions are not supported. Please specify a function ARN.");
  }
  expect_invalid(tag(json::object()), "An error occurred and the request cannot be processed.");
  expect_error(untag(""), 400, "ValidationException",
               "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: "
               "Member must not be "
               "null");
  EXPECT_EQ(call("GET", target("arn:aws:something")).type, "ValidationException");
  EXPECT_EQ(tag({{"A", 1}}).type, "SerializationException");
}

TEST_F(LambdaTagsTest, ThoseOfAStackStay) {
  const std::string name = "aws:cloudformation:stack-name";
  tags_by_ = model::TagAuthor::kStack;
  EXPECT_EQ(create("f", {{"Tags", {{name, "s"}, {"team", "a"}}}}).status, 201u);
  EXPECT_EQ(tag({{"aws:other", "x"}}).type, "InvalidParameterValueException");
  tags_by_ = model::TagAuthor::kUser;
  EXPECT_EQ(tags(), json({{name, "s"}, {"team", "a"}}));
  EXPECT_EQ(get("f").body["Tags"], tags());
  // Beside them a function may have fifty.
  json many = json::object();
  for (int i = 0; i < 49; ++i) many[std::to_string(i)] = "v";
  EXPECT_EQ(tag(many).status, 204u);
  const std::string refused =
      "Tag key '" + name + "' begins with 'aws:', which is reserved; use another prefix.";
  expect_invalid(create("g", {{"Tags", {{name, "s"}}}}), refused);
  expect_invalid(tag({{name, "mine"}}), refused);
  expect_invalid(untag("?tagKeys=team&tagKeys=aws%3Acloudformation%3Astack-name"), refused);
  EXPECT_EQ(tags()[name], "s");
  EXPECT_TRUE(tags().contains("team")) << "all or none";
}

TEST_F(LambdaTagsTest, AtMost50InAll) {
  create("f");
  json many = json::object();
  for (int i = 0; i < 50; ++i) many[std::to_string(i) + "_key"] = "v";
  EXPECT_EQ(tag(many).status, 204u);
  expect_invalid(tag({{"one-more", "v"}}), "Number of tags exceeds resource tag limit.");
  EXPECT_EQ(tag({{"0_key", "changed"}}).status, 204u);
}

using LambdaAccountTest = LambdaApiTest;

TEST_F(LambdaAccountTest, CountsFunctionsAndTheCodeOfEachVersion) {
  const auto settings = [&] { return call("GET", "/2016-08-19/account-settings").body; };
  EXPECT_EQ(settings(), json({{"AccountLimit",
                               {{"TotalCodeSize", 80'530'636'800},
                                {"CodeSizeUnzipped", 262'144'000},
                                {"CodeSizeZipped", 52'428'800},
                                {"ConcurrentExecutions", 1000},
                                {"UnreservedConcurrentExecutions", 1000}}},
                              {"AccountUsage", {{"TotalCodeSize", 0}, {"FunctionCount", 0}}}}));
  const size_t size = base64_decode(zip())->size();
  create("f");
  EXPECT_EQ(settings()["AccountUsage"], json({{"TotalCodeSize", size}, {"FunctionCount", 1}}));
  update("f", {{"Description", "x"}});
  EXPECT_EQ(settings()["AccountUsage"]["TotalCodeSize"], size);
  publish("f");
  EXPECT_EQ(settings()["AccountUsage"]["TotalCodeSize"], 2 * size);
}

TEST(LambdaRoutesTest, OperationsThatAreNotThereHaveTheirNames) {
  const struct {
    const char *method, *target, *name;
  } cases[] = {
      {"POST", "/2015-03-31/event-source-mappings/", "CreateEventSourceMapping"},
      {"GET", "/2020-04-22/code-signing-configs/arn%3Ax", "GetCodeSigningConfig"},
      {"PUT", "/2020-04-22/code-signing-configs/arn%3Ax", "UpdateCodeSigningConfig"},
  };
  for (const auto& c : cases) {
    const auto route = find_lambda_route(c.method, wire::Uri::parse(c.target));
    EXPECT_EQ(route.name, c.name);
    EXPECT_EQ(route.operation, nullptr);
  }
}

TEST(LambdaRoutesTest, ListLayersAndGetLayerVersionByArnShareAPath) {
  EXPECT_EQ(find_lambda_route("GET", wire::Uri::parse("/2018-10-31/layers?MaxItems=1")).name,
            "ListLayers");
  EXPECT_EQ(
      find_lambda_route("GET", wire::Uri::parse("/2018-10-31/layers?find=LayerVersion&Arn=x")).name,
      "GetLayerVersionByArn");
}

TEST(LambdaRoutesTest, VariablesAndUnknownPaths) {
  const auto statement =
      find_lambda_route("DELETE", wire::Uri::parse("/2018-10-31/layers/l/versions/3/policy/s"));
  EXPECT_EQ(statement.name, "RemoveLayerVersionPermission");
  EXPECT_EQ(statement.function, "l");
  EXPECT_EQ(statement.argument, "3");
  EXPECT_EQ(statement.detail, "s");
  const auto arn =
      find_lambda_route("GET", wire::Uri::parse("/2017-03-31/tags/arn%3Aaws%3Alambda%3Ax"));
  EXPECT_EQ(arn.name, "ListTags");
  EXPECT_EQ(arn.function, "arn:aws:lambda:x");
  const auto alias =
      find_lambda_route("PUT", wire::Uri::parse("/2015-03-31/functions/f%3A1/aliases/a?x=y"));
  EXPECT_EQ(alias.name, "UpdateAlias");
  EXPECT_EQ(alias.function, "f:1");
  EXPECT_EQ(alias.argument, "a");
  EXPECT_EQ(find_lambda_route("GET", wire::Uri::parse("/2015-03-31/functions/")).name,
            "ListFunctions");
  for (const auto& [method, target] : {std::pair{"GET", "/2015-03-31/nope"},
                                       {"PATCH", "/2015-03-31/functions/f"},
                                       {"GET", "/2015-03-31/functions/f/code/x"},
                                       {"GET", "/"}}) {
    EXPECT_EQ(find_lambda_route(method, wire::Uri::parse(target)).name, "") << target;
  }
}

}  // namespace
}  // namespace kiln::services
