// Resource policies, as recorded on AWS.
#include <gmock/gmock.h>

#include "tests/support/logs_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class LogsResourcePoliciesTest : public LogsApiTest {
 protected:
  json put_policy(const std::string& name, const std::string& document = kDocument) {
    return run("PutResourcePolicy", {{"policyName", name}, {"policyDocument", document}});
  }
  std::vector<std::string> names(const json& page) {
    std::vector<std::string> found;
    for (const json& policy : page["resourcePolicies"]) found.push_back(policy["policyName"]);
    return found;
  }
  static inline const std::string kDocument =
      R"({"Statement":[{"Action":"logs:*","Effect":"Allow","Principal":)"
      R"({"Service": ["route53.amazonaws.com"]},"Resource":"*"}]})";
};

TEST_F(LogsResourcePoliciesTest, APutGivesTheDocumentBackAsItCame) {
  const json policy = put_policy("p")["resourcePolicy"];
  EXPECT_EQ(policy, json({{"policyName", "p"},
                          {"policyDocument", kDocument},
                          {"lastUpdatedTime", now_ms_},
                          {"policyScope", "ACCOUNT"}}));
}

TEST_F(LogsResourcePoliciesTest, DescribeGivesItInAwsForm) {
  put_policy("p");
  const std::string form =
      R"({"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":)"
      R"({"Service":"route53.amazonaws.com"},"Action":"logs:*","Resource":"*"}]})";
  const auto described = [&] {
    return run("DescribeResourcePolicies", json::object())["resourcePolicies"];
  };
  ASSERT_EQ(described().size(), 1u);
  EXPECT_EQ(described()[0]["policyDocument"], form);
  restart();
  EXPECT_EQ(described()[0]["policyDocument"], form);
  const std::string two =
      R"({"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Allow","Principal":)"
      R"({"Service":["a.amazonaws.com","b.amazonaws.com"]},"Action":["logs:PutLogEvents"],)"
      R"("Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"1"}}}]})";
  ++now_ms_;
  put_policy("p", two);
  EXPECT_EQ(described()[0]["policyDocument"], two);
  EXPECT_EQ(described()[0]["lastUpdatedTime"], now_ms_);
}

TEST_F(LogsResourcePoliciesTest, PagesAndDeletion) {
  for (const char* name : {"c", "a", "b"}) put_policy(name);
  json page = run("DescribeResourcePolicies", {{"limit", 2}});
  EXPECT_THAT(names(page), ElementsAre("a", "b"));
  page = run("DescribeResourcePolicies", {{"limit", 2}, {"nextToken", page["nextToken"]}});
  EXPECT_THAT(names(page), ElementsAre("c"));
  EXPECT_FALSE(page.contains("nextToken"));
  run("DeleteResourcePolicy", {{"policyName", "b"}});
  EXPECT_THAT(names(run("DescribeResourcePolicies", json::object())), ElementsAre("a", "c"));
  const Error gone = refused("DeleteResourcePolicy", {{"policyName", "b"}});
  EXPECT_EQ(gone.type, "ResourceNotFoundException");
  EXPECT_EQ(gone.message, "Policy with name [b] does not exist.");
}

TEST_F(LogsResourcePoliciesTest, TenToARegion) {
  for (int i = 0; i < 10; ++i) put_policy("p" + std::to_string(i));
  const Error full =
      refused("PutResourcePolicy", {{"policyName", "p10"}, {"policyDocument", kDocument}});
  EXPECT_EQ(full.type, "LimitExceededException");
  EXPECT_EQ(full.message, "Resource limit exceeded.");
  put_policy("p9");
}

TEST_F(LogsResourcePoliciesTest, Refusals) {
  for (const char* document : {"no JSON", "[]", R"({"Version":"2012-10-17"})"})
    EXPECT_EQ(
        refused("PutResourcePolicy", {{"policyName", "p"}, {"policyDocument", document}}).type,
        "InvalidParameterException");
  EXPECT_EQ(refused("PutResourcePolicy", {{"policyName", "p"}}).type, "InvalidParameterException");
  EXPECT_EQ(refused("PutResourcePolicy", {{"policyDocument", kDocument}}).type,
            "InvalidParameterException");
  EXPECT_EQ(refused("DescribeResourcePolicies", {{"policyScope", "RESOURCE"}}).type,
            "InvalidParameterException");
  // Statements that are none stay as they are.
  put_policy("p", R"({"Statement":[1,{"Principal":"*"}]})");
  EXPECT_EQ(
      run("DescribeResourcePolicies", json::object())["resourcePolicies"][0]["policyDocument"],
      R"({"Version":"2008-10-17","Statement":[1,{"Principal":"*"}]})");
}

}  // namespace
}  // namespace kiln::services
