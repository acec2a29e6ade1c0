#include "wire/gzip.h"

#include <gtest/gtest.h>

#include "tests/support/gzip.h"

namespace kiln::wire {
namespace {

TEST(Gzip, Unpacks) {
  for (const size_t n : {0U, 1U, 1000U, 65'536U, 200'000U})
    EXPECT_EQ(*gunzip(gzip(std::string(n, 'x')), 1 << 20), std::string(n, 'x'));
}

TEST(Gzip, LimitHasTwoSides) {
  EXPECT_TRUE(gunzip(gzip(std::string(1000, 'x')), 1000).ok());
  EXPECT_EQ(gunzip(gzip(std::string(1001, 'x')), 1000).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(gunzip(gzip(std::string(50'000'000, 'x')), 1000).error().kind, ErrorKind::kTooLarge);
}

TEST(Gzip, RefusesWhatIsNotWhole) {
  const std::string packed = gzip("hello hello hello");
  for (size_t n = 0; n < packed.size(); ++n) EXPECT_FALSE(gunzip(packed.substr(0, n), 1000).ok());
  EXPECT_FALSE(gunzip("plain", 1000).ok());
  EXPECT_FALSE(gunzip(packed + "x", 1000).ok());
}

}  // namespace
}  // namespace kiln::wire
