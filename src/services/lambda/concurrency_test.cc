// Reserved and provisioned concurrency, and the configuration of asynchronous invocation: answers
// and errors with the texts recorded from AWS.
#include <gmock/gmock.h>

#include "tests/support/lambda_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;

class LambdaConcurrencyTest : public LambdaApiTest {
 protected:
  Answer reserve(const std::string& name, int units) {
    return call("PUT", "/2017-10-31/functions/" + name + "/concurrency",
                {{"ReservedConcurrentExecutions", units}});
  }
  Answer provision(const std::string& name, const std::string& qualifier, int units) {
    return call("PUT",
                "/2019-09-30/functions/" + name + "/provisioned-concurrency?Qualifier=" + qualifier,
                {{"ProvisionedConcurrentExecutions", units}});
  }
  Answer provisioned(const std::string& method, const std::string& name,
                     const std::string& qualifier) {
    return call(method, "/2019-09-30/functions/" + name +
                            "/provisioned-concurrency?Qualifier=" + qualifier);
  }
  int unreserved() {
    return call("GET", "/2016-08-19/account-settings")
        .body["AccountLimit"]["UnreservedConcurrentExecutions"];
  }
  void create_versions(const std::string& name, int count) {
    ASSERT_EQ(create(name).status, 201u);
    for (int i = 0; i < count; ++i) {
      update(name, {{"Description", std::to_string(i)}});
      ASSERT_EQ(publish(name).status, 201u);
    }
  }
  Answer alias(const std::string& name, const std::string& version, const json& more = {}) {
    json body = {{"Name", "live"}, {"FunctionVersion", version}};
    if (more.is_object()) body.update(more);
    return call("POST", "/2015-03-31/functions/" + name + "/aliases", body);
  }
};

TEST_F(LambdaConcurrencyTest, ReserveIsSetReadAndTakenAway) {
  create("f");
  EXPECT_EQ(call("GET", "/2019-09-30/functions/f/concurrency").body, json::object());
  EXPECT_EQ(reserve("f", 2).body, json({{"ReservedConcurrentExecutions", 2}}));
  EXPECT_EQ(reserve("f", 0).body, json({{"ReservedConcurrentExecutions", 0}}));
  reopen();
  EXPECT_EQ(call("GET", "/2019-09-30/functions/f/concurrency").body,
            json({{"ReservedConcurrentExecutions", 0}}));
  EXPECT_EQ(call("DELETE", "/2017-10-31/functions/f/concurrency").status, 204u);
  EXPECT_EQ(call("GET", "/2019-09-30/functions/f/concurrency").body, json::object());
}

TEST_F(LambdaConcurrencyTest, ReserveLeavesAHundred) {
  create("f");
  create("g");
  const std::string text =
      "Specified ReservedConcurrentExecutions for function decreases account's "
      "UnreservedConcurrentExecution below its minimum value of [100].";
  EXPECT_EQ(unreserved(), 1000);
  EXPECT_EQ(reserve("f", 901).body["message"], text);
  EXPECT_EQ(reserve("f", 400).status, 200u);
  EXPECT_EQ(reserve("g", 501).body["message"], text);
  EXPECT_EQ(reserve("g", 500).status, 200u);
  EXPECT_EQ(unreserved(), 100);
  EXPECT_EQ(reserve("f", 400).status, 200u) << "one's own reserve does not count twice";
}

TEST_F(LambdaConcurrencyTest, ReserveIsForFunctionsThatAreThere) {
  create_versions("f", 1);
  expect_not_found(reserve("nope", 100'000), "Function not found: " + kArn + "nope:$LATEST");
  expect_invalid(reserve("f:1", 1),
                 "This operation is permitted on Lambda functions only. Aliases and versions do "
                 "not support this operation. Please specify either a function name or an "
                 "unqualified function ARN.");
}

TEST_F(LambdaConcurrencyTest, ReserveHoldsWhatIsProvisioned) {
  create_versions("f", 1);
  ASSERT_EQ(provision("f", "1", 2).status, 202u);
  const Answer low = reserve("f", 1);
  EXPECT_EQ(low.status, 400u);
  // As recorded: without a Type.
  EXPECT_EQ(low.body, json({{"message",
                             " ReservedConcurrentExecutions  1 should not be lower than function's "
                             "total provisioned concurrency [2]."}}));
  EXPECT_EQ(reserve("f", 2).status, 200u);
  expect_invalid(provision("f", "1", 3),
                 "Requested Provisioned Concurrency should not be greater than the "
                 "reservedConcurrentExecution for function");
}

TEST_F(LambdaConcurrencyTest, ProvisionedIsInProgressAtFirst) {
  create_versions("f", 1);
  const Answer put = provision("f", "1", 5);
  EXPECT_EQ(put.status, 202u);
  EXPECT_EQ(put.body["RequestedProvisionedConcurrentExecutions"], 5);
  EXPECT_EQ(put.body["AvailableProvisionedConcurrentExecutions"], 0);
  EXPECT_EQ(put.body["AllocatedProvisionedConcurrentExecutions"], 0);
  EXPECT_EQ(put.body["Status"], "IN_PROGRESS");
  EXPECT_EQ(put.body["LastModified"], "2023-01-21T11:30:00+0000");
  EXPECT_EQ(unreserved(), 995);
  EXPECT_EQ(provisioned("DELETE", "f", "1").status, 204u);
  EXPECT_EQ(provisioned("DELETE", "f", "1").status, 204u) << "also when there is none";
  EXPECT_EQ(unreserved(), 1000);
  expect_error(provisioned("GET", "f", "1"), 404, "ProvisionedConcurrencyConfigNotFoundException",
               "No Provisioned Concurrency Config found for this function");
}

TEST_F(LambdaConcurrencyTest, ProvisionedRefusals) {
  create_versions("f", 2);
  expect_invalid(
      provision("f", "$LATEST", 1),
      "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  for (const char* method : {"GET", "DELETE"})
    expect_invalid(provisioned(method, "f", "$LATEST"),
                   "The function resource provided must be an alias or a published version.");
  expect_error(provision("f", "1", 0), 400, "ValidationException",
               "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' failed "
               "to satisfy constraint: Member must have value greater than or equal to 1");
  expect_not_found(provision("f", "noalias", 1), "Cannot find alias arn: " + kArn + "f:noalias");
  expect_not_found(provision("f", "10", 1), "Function not found: " + kArn + "f:10");
  EXPECT_EQ(provision("f", "1", 1001).body["message"],
            "Specified ConcurrentExecutions for function is greater than account's unreserved "
            "concurrency [1000].");
  EXPECT_EQ(provision("f", "1", 901).body["message"],
            "Specified ConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of [100].");
  EXPECT_EQ(provision("f", "1", 900).status, 202u);
}

TEST_F(LambdaConcurrencyTest, AVersionHasOneConfiguration) {
  create_versions("f", 1);
  ASSERT_EQ(alias("f", "1").status, 201u);
  ASSERT_EQ(provision("f", "live", 1).status, 202u);
  expect_error(provision("f", "1", 1), 409, "ResourceConflictException",
               "Version is pointed by a Provisioned Concurrency alias");
  ASSERT_EQ(provisioned("DELETE", "f", "live").status, 204u);
  ASSERT_EQ(provision("f", "1", 1).status, 202u);
  expect_error(provision("f", "live", 1), 409, "ResourceConflictException",
               "Alias can't be used for Provisioned Concurrency configuration on an already "
               "Provisioned version");
}

TEST_F(LambdaConcurrencyTest, ConfigurationsAreListed) {
  create_versions("f", 2);
  provision("f", "1", 1);
  provision("f", "2", 2);
  const Answer list = call("GET", "/2019-09-30/functions/f/provisioned-concurrency?List=ALL");
  ASSERT_EQ(list.body["ProvisionedConcurrencyConfigs"].size(), 2u);
  EXPECT_EQ(list.body["ProvisionedConcurrencyConfigs"][0]["FunctionArn"], kArn + "f:1");
}

TEST_F(LambdaConcurrencyTest, EventInvokeConfig) {
  create_versions("f", 1);
  const std::string path = "/2019-09-25/functions/f/event-invoke-config";
  EXPECT_EQ(call("GET", path).status, 404u);
  const std::string topic = "arn:aws:sns:us-east-1:111111111111:t";
  const Answer put = call("PUT", path,
                          {{"MaximumRetryAttempts", 1},
                           {"MaximumEventAgeInSeconds", 60},
                           {"DestinationConfig", {{"OnFailure", {{"Destination", topic}}}}}});
  EXPECT_EQ(put.status, 200u);
  EXPECT_EQ(put.body["FunctionArn"], kArn + "f:$LATEST");
  EXPECT_EQ(put.body["DestinationConfig"]["OnFailure"]["Destination"], topic);
  // POST changes what it names, PUT replaces everything.
  const Answer updated = call("POST", path, {{"MaximumRetryAttempts", 0}});
  EXPECT_EQ(updated.body["MaximumRetryAttempts"], 0);
  EXPECT_EQ(updated.body["MaximumEventAgeInSeconds"], 60);
  const Answer replaced = call("PUT", path, {{"MaximumRetryAttempts", 2}});
  EXPECT_FALSE(replaced.body.contains("MaximumEventAgeInSeconds") &&
               replaced.body["MaximumEventAgeInSeconds"] == 60);
  reopen();
  EXPECT_EQ(call("GET", path).body["MaximumRetryAttempts"], 2);
  EXPECT_EQ(call("DELETE", path).status, 204u);
  EXPECT_EQ(call("GET", path).status, 404u);
}

TEST_F(LambdaConcurrencyTest, ADestinationHasAwsPattern) {
  const std::string arn = "arn:aws:_-/!lambda:us-east-1:111111111111:function:f";
  // Before the function is looked for.
  const Answer refused = call("PUT", "/2019-09-25/functions/f/event-invoke-config",
                              {{"DestinationConfig", {{"OnFailure", {{"Destination", arn}}}}}});
  EXPECT_EQ(refused.type, "ValidationException");
  EXPECT_EQ(
      refused.message,
      "1 validation error detected: Value '" + arn +
          "' at 'destinationConfig.onFailure.destination' failed to satisfy constraint: Member "
          "must satisfy regular expression pattern: "
          "$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:("
          "(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)");
}

TEST_F(LambdaConcurrencyTest, EventInvokeConfigLimitsOnBothSides) {
  create("f");
  const std::string path = "/2019-09-25/functions/f/event-invoke-config";
  const struct {
    const char* member;
    int value;
    unsigned status;
  } cases[] = {{"MaximumRetryAttempts", -1, 400},        {"MaximumRetryAttempts", 0, 200},
               {"MaximumRetryAttempts", 2, 200},         {"MaximumRetryAttempts", 3, 400},
               {"MaximumEventAgeInSeconds", 59, 400},    {"MaximumEventAgeInSeconds", 60, 200},
               {"MaximumEventAgeInSeconds", 21600, 200}, {"MaximumEventAgeInSeconds", 21601, 400}};
  for (const auto& c : cases)
    EXPECT_EQ(call("PUT", path, {{c.member, c.value}}).status, c.status)
        << c.member << " " << c.value;
}

}  // namespace
}  // namespace kiln::services
