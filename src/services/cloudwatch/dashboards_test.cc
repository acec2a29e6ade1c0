#include "services/cloudwatch/dashboards.h"

#include <gtest/gtest.h>

#include "tests/support/state_doubles.h"

namespace kiln::services {
namespace {

using nlohmann::json;

class CloudWatchDashboardsTest : public testing::Test {
 protected:
  json run(const std::string& operation, const json& input) {
    const auto output = ask(operation, input);
    EXPECT_TRUE(output.ok()) << operation << ": " << output.error().message;
    return output.ok() ? *output : json::object();
  }
  std::string refusal(const std::string& operation, const json& input) {
    const auto output = ask(operation, input);
    EXPECT_FALSE(output.ok()) << operation << " " << input;
    return output.ok() ? "" : output.error().type + ": " + output.error().message;
  }

 private:
  Result<json> ask(const std::string& operation, const json& input) {
    return dashboards_.run(operation, input, "us-east-1", WallTime(std::chrono::seconds(1)));
  }

  tests::NoState port_;
  CloudWatchDashboards dashboards_{"000000000000", port_};
};

TEST_F(CloudWatchDashboardsTest, WhatIsMissingIsNamed) {
  struct {
    const char* operation;
    json input;
    const char* member;
  } const cases[] = {
      {"DeleteDashboards", json::object(), "DashboardNames"},
      {"DeleteDashboards", {{"DashboardNames", json::array()}}, "DashboardNames"},
      {"GetDashboard", json::object(), "DashboardName"},
      {"PutDashboard", {{"DashboardBody", "{}"}}, "DashboardName"},
      {"PutDashboard", {{"DashboardName", "a"}}, "DashboardBody"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(refusal(c.operation, c.input), "InvalidParameterValueException: The parameter " +
                                                 std::string(c.member) + " is required.");
  EXPECT_EQ(refusal("GetDashboard", {{"DashboardName", "no"}}),
            "ResourceNotFound: Dashboard no does not exist");
}

TEST_F(CloudWatchDashboardsTest, PagesHaveAThousandNamesEach) {
  for (int i = 0; i < 1000; ++i)
    run("PutDashboard",
        {{"DashboardName", std::to_string(1000 + i)}, {"DashboardBody", R"({"widgets": []})"}});
  EXPECT_FALSE(run("ListDashboards", json::object()).contains("NextToken"));
  run("PutDashboard", {{"DashboardName", "last"}, {"DashboardBody", R"({"widgets": []})"}});
  const json first = run("ListDashboards", json::object());
  EXPECT_EQ(first["DashboardEntries"].size(), 1000U);
  const json second = run("ListDashboards", {{"NextToken", first["NextToken"]}});
  ASSERT_EQ(second["DashboardEntries"].size(), 1U);
  EXPECT_EQ(second["DashboardEntries"][0]["DashboardName"], "last");
  EXPECT_FALSE(second.contains("NextToken"));
  EXPECT_EQ(refusal("ListDashboards", {{"NextToken", "x"}}),
            "InvalidParameterValueException: The value x for parameter NextToken is invalid.");
}

}  // namespace
}  // namespace kiln::services
