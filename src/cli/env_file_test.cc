#include "cli/env_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(EnvFile, ReadsNamesAndValuesWithAndWithoutQuotes) {
  const auto pairs = parse_env_file("f",
                                    "# comment\n\n"
                                    "PLAIN=a b # not this\n"
                                    "export EXPORTED=1\r\n"
                                    "DOUBLE=\" x\\n\\\"y\\\" \" # nor this\n"
                                    "SINGLE='a\\n#b'\n"
                                    "EMPTY=\n"
                                    "URL=http://h/?a=b&c=#d");
  ASSERT_TRUE(pairs) << pairs.error().message;
  EXPECT_THAT(*pairs, ElementsAre("PLAIN=a b", "EXPORTED=1", "DOUBLE= x\n\"y\" ", "SINGLE=a\\n#b",
                                  "EMPTY=", "URL=http://h/?a=b&c=#d"));
}

TEST(EnvFile, NamesTheLineThatIsWrong) {
  for (const char* line :
       {"no value", "=x", "1A=x", "A-B=x", "A=1", "_X=1", "AB=\"open", "AB='x' y"}) {
    const auto pairs = parse_env_file("some.env", std::string("OK=1\n") + line + "\n");
    ASSERT_FALSE(pairs) << line;
    EXPECT_THAT(pairs.error().message, HasSubstr("some.env:2: ")) << line;
  }
}

TEST(EnvFile, SaysThatItIsJson) {
  const auto pairs = parse_env_file("env.json", "\n {\"hello\": {\"STAGE\": \"dev\"}}\n");
  ASSERT_FALSE(pairs);
  EXPECT_THAT(pairs.error().message, HasSubstr("env.json is JSON; write each variable on a line"));
}

}  // namespace
}  // namespace kiln::cli
