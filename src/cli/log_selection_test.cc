#include "cli/log_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> messages(const std::vector<LogLine>& lines) {
  std::vector<std::string> out;
  for (const LogLine& line : lines) out.push_back(line.message);
  return out;
}

const std::vector<LogLine> kTwoInvocations = {
    {1, "a", "START RequestId: one Version: $LATEST\n"},
    {2, "b", "START RequestId: two Version: $LATEST\n"},
    {3, "a", "printed by one\n"},
    {4, "b", "[ERROR] ValueError: by two\n"},
    {5, "a", "REPORT RequestId: one\tDuration: 1.00 ms\t\n"},
    {6, "b", "REPORT RequestId: two\tDuration: 1.00 ms\t\n"},
    {7, "a", "START RequestId: three Version: $LATEST\n"},
    {8, "a", "printed by three\n"},
};

TEST(LogSelection, AnInvocationHasTheLinesOfItsStreamBetweenStartAndReport) {
  LogSelection selection("one", Invocations::kAll);
  EXPECT_THAT(messages(selection.pick(std::vector<LogLine>(kTwoInvocations))),
              ElementsAre("START RequestId: one Version: $LATEST\n", "printed by one\n",
                          "REPORT RequestId: one\tDuration: 1.00 ms\t\n"));
  EXPECT_TRUE(selection.complete());
}

TEST(LogSelection, IsTheSameInParts) {
  LogSelection selection("three", Invocations::kAll);
  std::vector<std::string> picked;
  for (const LogLine& line : kTwoInvocations)
    for (const std::string& message : messages(selection.pick({line}))) picked.push_back(message);
  EXPECT_THAT(picked,
              ElementsAre("START RequestId: three Version: $LATEST\n", "printed by three\n"));
  EXPECT_FALSE(selection.complete());
}

TEST(LogSelection, OfFailuresAllLinesAreShown) {
  LogSelection selection("", Invocations::kFailed);
  EXPECT_THAT(messages(selection.pick(std::vector<LogLine>(kTwoInvocations))),
              ElementsAre("START RequestId: two Version: $LATEST\n", "[ERROR] ValueError: by two\n",
                          "REPORT RequestId: two\tDuration: 1.00 ms\t\n"));
}

TEST(LogSelection, ReadsTheJsonFormat) {
  const std::vector<LogLine> lines = {
      {1, "a", R"({"time":"t","type":"platform.start","record":{"requestId":"x","version":"1"}})"},
      {2, "a", R"({"message":"mine"})"},
      {3, "a",
       R"({"time":"t","type":"platform.report","record":{"requestId":"x","status":"error"}})"},
      {4, "a", R"({"time":"t","type":"platform.start","record":{"requestId":"y","version":"1"}})"},
      {5, "a",
       R"({"time":"t","type":"platform.report","record":{"requestId":"y","status":"success"}})"},
  };
  LogSelection by_id("y", Invocations::kAll);
  EXPECT_EQ(by_id.pick(std::vector<LogLine>(lines)).size(), 2U);
  LogSelection failed("", Invocations::kFailed);
  EXPECT_EQ(failed.pick(std::vector<LogLine>(lines)).size(), 3U);
  for (const char* hostile : {R"({"type":"platform.start","record":7})", R"({"type":7})", "{", ""})
    EXPECT_EQ(line_facts(hostile).kind == LineKind::kReport, false) << hostile;
}

TEST(LogSelection, WithoutAWishEverythingPasses) {
  LogSelection selection("", Invocations::kAll);
  EXPECT_EQ(selection.pick(std::vector<LogLine>(kTwoInvocations)).size(), kTwoInvocations.size());
  EXPECT_THAT(selection.pick({}), IsEmpty());
}

}  // namespace
}  // namespace kiln::cli
