#include "base/lazy_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace kiln {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

TEST(LazyLibrary, FindsFunctionsAtTheirFirstCall) {
  static constexpr LazyLibrary kMath("libm.so.6", "libc6");
  EXPECT_TRUE(kMath.load());
  EXPECT_EQ(reinterpret_cast<double (*)(double)>(kMath.find("fabs"))(-3.0), 3.0);
}

TEST(LazyLibrary, SaysWhichPackageBringsALibraryThatIsMissing) {
  static constexpr LazyLibrary kNone("libkiln-none.so.1", "libkiln-none1");
  const auto there = kNone.load();
  ASSERT_FALSE(there);
  EXPECT_THAT(there.error().message,
              AllOf(HasSubstr("libkiln-none.so.1"), HasSubstr("apt-get install libkiln-none1")));
  EXPECT_THROW(kNone.find("f"), std::runtime_error);
}

TEST(LazyLibrary, GivesNoAdviceWhereNoneHelps) {
  static constexpr LazyLibrary kText("/etc/passwd", "libkiln-none1");
  const auto there = kText.load();
  ASSERT_FALSE(there);
  EXPECT_THAT(there.error().message, HasSubstr("/etc/passwd"));
  EXPECT_THAT(there.error().message,
              Not(AnyOf(HasSubstr("apt-get"), HasSubstr("limit of memory"))));
}

TEST(LazyLibrary, NamesAFunctionThatALibraryDoesNotHave) {
  static constexpr LazyLibrary kMath("libm.so.6", "libc6");
  EXPECT_THROW(kMath.find("no_such_function"), std::runtime_error);
}

}  // namespace
}  // namespace kiln
