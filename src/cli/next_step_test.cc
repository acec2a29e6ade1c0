#include "cli/next_step.h"

#include <gtest/gtest.h>

namespace kiln::cli {
namespace {

TEST(FunctionError, IsTheFunctionsOwnWords) {
  EXPECT_EQ(describe_function_error(R"({"errorType": "KeyError", "errorMessage": "'id'"})"),
            "KeyError: 'id'");
  EXPECT_EQ(describe_function_error(
                R"({"errorType": "Sandbox.Timedout",
                    "errorMessage": "RequestId: 5e-1 Error: Task timed out after 3.00 seconds"})"),
            "Sandbox.Timedout: Task timed out after 3.00 seconds");
  EXPECT_EQ(describe_function_error(
                R"({"errorMessage":
                    "2026-01-21T11:30:00.123Z 5e-1 Task timed out after 3.00 seconds"})"),
            "2026-01-21T11:30:00.123Z 5e-1 Task timed out after 3.00 seconds");
  EXPECT_EQ(describe_function_error(
                R"({"errorMessage": "2026-01-21T11:30:00.123Z RequestId: 5e-1 Process exited"})"),
            "Process exited");
  EXPECT_EQ(describe_function_error(
                R"({"errorType": "Mine", "errorMessage": "no order has RequestId: 5 here"})"),
            "Mine: no order has RequestId: 5 here");
  EXPECT_EQ(describe_function_error(R"({"errorMessage": "RequestId: 5e-1"})"), "RequestId: 5e-1");
  EXPECT_EQ(describe_function_error("no JSON"), "");
}

}  // namespace
}  // namespace kiln::cli
