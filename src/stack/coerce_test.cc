#include "stack/coerce.h"

#include <gtest/gtest.h>

#include "template/evaluate.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

TEST(Coerce, ScalarsBecomeWhatTheirPropertyIs) {
  struct Case {
    json given, expected;
  };
  const Case cases[] = {
      {{{"MemorySize", "512"}}, {{"MemorySize", 512}}},
      {{{"MemorySize", 512}}, {{"MemorySize", 512}}},
      {{{"Timeout", 60.0}}, {{"Timeout", 60}}},
      {{{"Threshold", "2.5"}}, {{"Threshold", 2.5}}},
      {{{"Description", 7}}, {{"Description", "7"}}},
      {{{"Description", true}}, {{"Description", "true"}}},
      {{{"ActionsEnabled", "true"}}, {{"ActionsEnabled", true}}},
      {{{"ActionsEnabled", "False"}}, {{"ActionsEnabled", false}}},
      {{{"Environment", {{"Variables", {{"Timeout", 3}, {"B", true}}}}}},
       {{"Environment", {{"Variables", {{"Timeout", "3"}, {"B", "true"}}}}}}},
      {{{"Tags", {{{"Key", "Size"}, {"Value", 1}}}}},
       {{"Tags", {{{"Key", "Size"}, {"Value", "1"}}}}}},
      {{{"StepAdjustments", {{{"ScalingAdjustment", "2"}}}}},
       {{"StepAdjustments", {{{"ScalingAdjustment", 2}}}}}},
      {{{"Layers", {"a", "b"}}}, {{"Layers", {"a", "b"}}}},
      {{{"Tags", {{"a", 1}}}}, {{"Tags", {{"a", "1"}}}}},
      // A function's is an object, a topic's a text.
      {{{"TracingConfig", "Active"}}, {{"TracingConfig", "Active"}}},
      {{{"TracingConfig", {{"Mode", "Active"}}}}, {{"TracingConfig", {{"Mode", "Active"}}}}},
      // Somebody else's documents stay as they are.
      {{{"PolicyDocument", {{"Size", "1"}, {"X", nullptr}}}},
       {{"PolicyDocument", {{"Size", "1"}, {"X", nullptr}}}}},
      {{{"MemorySize", cfn::kUnknown}}, {{"MemorySize", cfn::kUnknown}}},
  };
  for (const Case& one : cases) {
    const auto result = coerced(one.given);
    ASSERT_TRUE(result.ok()) << one.given << result.error().message;
    EXPECT_EQ(*result, one.expected);
  }
}

TEST(Coerce, WhatDoesNotFitIsNamedWithItsPath) {
  struct Case {
    json given;
    const char* said;
  };
  const Case cases[] = {
      {{{"MemorySize", "big"}}, "#/MemorySize: expected type: Integer, found: String (big)"},
      {{{"MemorySize", "1.5"}}, "#/MemorySize: expected type: Integer"},
      {{{"MemorySize", ""}}, "#/MemorySize: expected type: Integer"},
      {{{"MemorySize", json::array({1})}},
       "#/MemorySize: expected type: Integer, found: JSONArray"},
      {{{"ActionsEnabled", "yes"}}, "#/ActionsEnabled: expected type: Boolean"},
      {{{"StepAdjustments", {{{"ScalingAdjustment", 1}}, {{"ScalingAdjustment", "x"}}}}},
       "#/StepAdjustments/1/ScalingAdjustment"},
      {{{"Description", nullptr}}, "#/Description: null"},
      {{{"Timeout", 1e300}}, "#/Timeout: expected type: Integer"},
      {{{"RoutingConfig", "weights"}},
       "#/RoutingConfig: expected type: JSONObject, found: String (weights)"},
      {{{"RoutingConfig", {{"AdditionalVersionWeights", {{"1", 0.5}}}}}},
       "#/RoutingConfig/AdditionalVersionWeights: expected type: JSONArray, found: JSONObject"},
      {{{"RoutingConfig", {{"AdditionalVersionWeights", json::array({7})}}}},
       "#/RoutingConfig/AdditionalVersionWeights/0: expected type: JSONObject, found: Number (7)"},
      {{{"Subscription", json::array({"mail"})}},
       "#/Subscription/0: expected type: JSONObject, found: String (mail)"},
      {{{"SuspendedState", true}}, "#/SuspendedState: expected type: JSONObject, found: Boolean"},
      {{{"ScheduledActions", {{"a", 1}}}}, "#/ScheduledActions: expected type: JSONArray"},
      {{{"Tags", "a=b"}}, "#/Tags: expected type: JSONArray, found: String (a=b)"},
      {{{"Tags", json::array({"a"})}}, "#/Tags/0: expected type: JSONObject, found: String (a)"},
      {{{"Tags", json::array({{{"Key", "a"}, {"Value", json::object()}}})}},
       "#/Tags/0/Value: expected type: String, found: JSONObject"},
      {{{"Environment", {{"Variables", {{"A", json::array({1})}}}}}},
       "#/Environment/Variables/A: expected type: String, found: JSONArray"},
      {{{"FunctionName", json::object()}},
       "#/FunctionName: expected type: String, found: JSONObject"},
      {{{"Layers", json::array({json::array()})}}, "#/Layers/0: expected type: String"},
      {{{"TopicName", "\xff"}, {"Timeout", "\xff"}},
       "#/Timeout: expected type: Integer, found: String (\xff)"},
  };
  for (const Case& one : cases) {
    const auto result = coerced(one.given);
    ASSERT_FALSE(result.ok()) << one.given;
    EXPECT_NE(result.error().message.find(one.said), std::string::npos) << result.error().message;
  }
}

}  // namespace
}  // namespace kiln::stack
