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
  };
  for (const Case& one : cases) {
    const auto result = coerced(one.given);
    ASSERT_FALSE(result.ok()) << one.given;
    EXPECT_NE(result.error().message.find(one.said), std::string::npos) << result.error().message;
  }
}

}  // namespace
}  // namespace kiln::stack
