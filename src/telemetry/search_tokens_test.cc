// What AWS's documentation of search expressions shows ("Tokenization", "Partial matches",
// "Non-alphanumeric characters").
#include "telemetry/search_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SearchTokens, Parts) {
  EXPECT_THAT(name_parts("CustomCount1"), ElementsAre("Custom", "Count", "1"));
  EXPECT_THAT(name_parts("SDBFailure"), ElementsAre("SDB", "Failure"));
  EXPECT_THAT(name_parts("Project2-trial333"), ElementsAre("Project", "2", "trial", "333"));
  EXPECT_THAT(name_parts("Network-Errors_2"), ElementsAre("Network", "Errors", "2"));
  EXPECT_THAT(name_parts("couNT"), ElementsAre("cou", "NT"));
  EXPECT_THAT(name_parts("AWS/EC2"), ElementsAre("AWS", "EC", "2"));
  EXPECT_THAT(name_parts("größe"), ElementsAre("größe"));
  EXPECT_THAT(name_parts(""), IsEmpty());
  EXPECT_THAT(name_parts("-/ "), IsEmpty());
}

TEST(SearchTokens, Finds) {
  struct Case {
    const char* term;
    const char* name;
    bool found;
  };
  const Case cases[] = {
      {"count", "CustomCount1", true},
      {"Count", "CustomCount1", true},
      {"COUNT", "CustomCount1", true},
      {"1", "CustomCount1", true},
      {"customcount1", "CustomCount1", true},
      {"couNT", "CustomCount1", false},
      {"CustomCount", "CustomCount1", true},
      {"Count1", "CustomCount1", true},
      {"customcount", "CustomCount1", false},
      {"count1", "CustomCount1", false},
      {"Custom1", "CustomCount1", false},
      {"coun", "CustomCount1", false},
      {"network/errors", "Network-Errors-2", true},
      {"network/errors", "NetworkErrors2", true},
      {"network+errors", "Network-Errors-2", true},
      {"network-errors", "NetworkErrors2", true},
      {"Network_Errors", "Network-Errors-2", true},
      {"Network_Errors", "NetworkErrors2", true},
      {"ReadOps", "DiskReadOps", true},
      {"ReadOps", "VolumeReadOps", true},
      {"micro", "t2.micro", true},
      {"i-1234567890123456", "i-1234567890123456", true},
      {"EC2", "AWS/EC2", true},
      {"AWS", "AWS/EC2", true},
      {"project", "Project2-trial333", true},
      {"trial", "Project2-trial333", true},
      {"project2trial333", "Project2-trial333", true},
      {"-", "a-b", false},
      {"a", "", false},
  };
  for (const auto& [term, name, found] : cases)
    EXPECT_EQ(finds(term, name), found) << term << " in " << name;
}

}  // namespace
}  // namespace kiln::telemetry
