// Application Auto Scaling without sockets and threads: its operations over a book that is kept
// nowhere. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "services/autoscaling/operations.h"
#include "tests/support/scaling_ports.h"
#include "tests/support/state_doubles.h"

namespace kiln::services {

class ApplicationAutoScalingTest : public testing::Test {
 protected:
  using json = nlohmann::json;
  static constexpr WallTime kNow{std::chrono::milliseconds(1'758'240'000'500)};
  static constexpr const char* kRegion = "us-east-1";
  static constexpr const char* kAccount = "000000000000";

  ApplicationAutoScalingTest() {
    for (const char* name : {"a", "b", "c", "d", "e"})
      capacity_.units[std::string("function:") + name + ":live"] = 5;
  }

  Result<json> run(const std::string& operation, const json& input) {
    return service_.run(operation, input, kRegion, kAccount, now_, times_);
  }
  // With the three members that name a target.
  Result<json> on(const std::string& operation, json input, const std::string& function = "a") {
    input["ServiceNamespace"] = "lambda";
    input["ScalableDimension"] = "lambda:function:ProvisionedConcurrency";
    if (!input.contains("ResourceId")) input["ResourceId"] = "function:" + function + ":live";
    return run(operation, input);
  }
  json must(const Result<json>& result) {
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
    return result.ok() ? *result : json();
  }
  json describe(const std::string& operation, json input = json::object()) {
    input["ServiceNamespace"] = "lambda";
    return must(run(operation, input));
  }
  void add_target(const std::string& function = "a") {
    must(on("RegisterScalableTarget", {{"MinCapacity", 1}, {"MaxCapacity", 10}}, function));
  }
  static json tracking(double target = 0.7) {
    return {{"TargetValue", target},
            {"PredefinedMetricSpecification",
             {{"PredefinedMetricType", "LambdaProvisionedConcurrencyUtilization"}}}};
  }
  Result<json> put_tracking(const std::string& name, json configuration = tracking(),
                            const std::string& function = "a") {
    return on("PutScalingPolicy",
              {{"PolicyName", name},
               {"PolicyType", "TargetTrackingScaling"},
               {"TargetTrackingScalingPolicyConfiguration", std::move(configuration)}},
              function);
  }
  Result<json> put_steps(const std::string& name, json more = json::object()) {
    json input{
        {"PolicyName", name},
        {"PolicyType", "StepScaling"},
        {"StepScalingPolicyConfiguration",
         {{"AdjustmentType", "ChangeInCapacity"},
          {"StepAdjustments", {{{"MetricIntervalLowerBound", 0}, {"ScalingAdjustment", 1}}}}}}};
    input["StepScalingPolicyConfiguration"].update(more);
    return on("PutScalingPolicy", std::move(input));
  }

  WallTime now_ = kNow;
  ApplicationAutoScaling::Times times_ = ApplicationAutoScaling::Times::kToCome;
  tests::MemoryState port_;
  scaling::FakeCapacity capacity_;
  telemetry::AlarmBook alarms_{kAccount, port_};
  scaling::ScalingBook book_{kAccount, port_, alarms_, capacity_, {}};
  ApplicationAutoScaling service_{book_};
};

}  // namespace kiln::services
