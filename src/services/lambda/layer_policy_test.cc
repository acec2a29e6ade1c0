// The policies of layer versions, with AWS's texts.
#include "tests/support/lambda_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr const char* kLayersPath = "/2018-10-31/layers/";
const std::string kLayerArnStart = "arn:aws:lambda:us-east-1:111111111111:layer:";

class LambdaLayerPolicyTest : public LambdaApiTest {
 protected:
  void publish_layer() {
    const json body = {{"Content", {{"ZipFile", zip()}}}};
    ASSERT_EQ(call("POST", std::string(kLayersPath) + "l/versions", body).status, 201u);
  }
};

TEST_F(LambdaLayerPolicyTest, PolicyOfAVersion) {
  publish_layer();
  const std::string policy = std::string(kLayersPath) + "l/versions/1/policy";
  const auto add = [&](const std::string& sid, const json& more = json::object(),
                       const std::string& query = "") {
    json body = {{"StatementId", sid}, {"Action", "lambda:GetLayerVersion"}, {"Principal", "*"}};
    body.update(more);
    return call("POST", policy + query, body);
  };
  expect_not_found(call("GET", policy), "No policy is associated with the given resource.");
  const auto added =
      add("org", {{"Principal", "222222222222"}, {"OrganizationId", "o-1234567890"}});
  EXPECT_EQ(added.status, 201u);
  const std::string statement =
      R"({"Sid":"org","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},)"
      R"("Action":"lambda:GetLayerVersion","Resource":")" +
      kLayerArnStart +
      R"(l:1","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1234567890"}}})";
  EXPECT_EQ(added.body["Statement"], statement);
  reopen();
  const auto got = call("GET", policy);
  EXPECT_EQ(got.body["Policy"],
            R"({"Version":"2012-10-17","Id":"default","Statement":[)" + statement + "]}");
  EXPECT_EQ(got.body["RevisionId"], added.body["RevisionId"]);

  expect_error(add("org"), 409, "ResourceConflictException",
               "The statement id (org) provided already exists. Please provide a new statement id, "
               "or remove the existing statement.");
  EXPECT_EQ(add("more", json::object(), "?RevisionId=old").status, 412u);
  const std::string revision = got.body["RevisionId"];
  EXPECT_EQ(add("more", json::object(), "?RevisionId=" + revision).status, 201u);
  EXPECT_EQ(call("DELETE", policy + "/more?RevisionId=" + revision).status, 412u);
  EXPECT_EQ(call("DELETE", policy + "/more").status, 204u);
  expect_not_found(call("DELETE", policy + "/more"),
                   "Statement more is not found in resource policy.");
  EXPECT_EQ(call("DELETE", policy + "/org").status, 204u);
  expect_not_found(call("GET", policy), "No policy is associated with the given resource.");

  for (const json& more :
       {json{{"Principal", "12345678901"}}, json{{"Principal", "someone"}},
        json{{"Principal", "arn:aws:iam::222222222222:user/x"}}, json{{"Principal", nullptr}},
        json{{"Action", "lambda:InvokeFunction"}}, json{{"StatementId", std::string(101, 's')}},
        json{{"StatementId", ""}}, json{{"StatementId", "a b"}}})
    EXPECT_EQ(add("s", more).type, "ValidationException") << more;
  expect_not_found(
      call("POST", std::string(kLayersPath) + "l/versions/2/policy",
           {{"StatementId", "s"}, {"Action", "lambda:GetLayerVersion"}, {"Principal", "*"}}),
      "Layer version " + kLayerArnStart + "l:2 does not exist.");
}

TEST_F(LambdaLayerPolicyTest, APolicyHasALimit) {
  publish_layer();
  const std::string policy = std::string(kLayersPath) + "l/versions/1/policy";
  std::string sid(100, 's');
  Answer last;
  int added = 0;
  do {
    sid.replace(0, 3, std::to_string(100 + added));
    last = call("POST", policy,
                {{"StatementId", sid}, {"Action", "lambda:GetLayerVersion"}, {"Principal", "*"}});
  } while (last.status == 201 && ++added < 200);
  EXPECT_EQ(last.type, "PolicyLengthExceededException");
  EXPECT_LE(call("GET", policy).body["Policy"].get<std::string>().size(), 20'480u);
  EXPECT_GT(added, 50);
}

}  // namespace
}  // namespace kiln::services
