#include "template/cidr.h"

#include <gtest/gtest.h>

namespace kiln::cfn {
namespace {

std::string joined_blocks(const Result<std::vector<std::string>>& blocks) {
  if (!blocks) return blocks.error().message;
  std::string out;
  for (const std::string& block : *blocks) out += (out.empty() ? "" : " ") + block;
  return out;
}

struct CidrCase {
  const char *block, *count, *bits, *result;
};

TEST(Cidr, Blocks) {
  constexpr CidrCase kCases[] = {
      {"10.0.0.0/16", "3", "8", "10.0.0.0/24 10.0.1.0/24 10.0.2.0/24"},
      {"10.0.0.0/16", "1", "", "10.0.0.0/24"},
      {"192.168.0.0/24", "6", "5",
       "192.168.0.0/27 192.168.0.32/27 192.168.0.64/27 192.168.0.96/27 192.168.0.128/27 "
       "192.168.0.160/27"},
      {"10.0.3.7/16", "1", "8", "10.0.0.0/24"},
      {"10.0.255.0/24", "2", "7", "10.0.255.0/25 10.0.255.128/25"},
      {"10.0.0.0/24", "1", "8", "10.0.0.0/24"},
      {"2001:db8::/56", "2", "64", "2001:db8::/64 2001:db8:0:1::/64"},
      {"0.0.0.0/0", "2", "31", "0.0.0.0/1 128.0.0.0/1"},
  };
  for (const CidrCase& each : kCases)
    EXPECT_EQ(joined_blocks(cidr_blocks(each.block, each.count, each.bits)), each.result)
        << each.block;
}

TEST(Cidr, WhatIsWrongIsSaid) {
  constexpr CidrCase kCases[] = {
      {"10.0.0.0", "1", "8", "'10.0.0.0' is not a CIDR block"},
      {"10.0.0.0/33", "1", "8", "'10.0.0.0/33' is not a CIDR block"},
      {"10.0.0/16", "1", "8", "'10.0.0/16' is not a CIDR block"},
      {"10.0.0.0/-1", "1", "8", "'10.0.0.0/-1' is not a CIDR block"},
      {"", "1", "8", "'' is not a CIDR block"},
      {"10.0.0.0/8", "0", "8", "the count must be from 1 to 256, not '0'"},
      {"10.0.0.0/8", "257", "8", "the count must be from 1 to 256, not '257'"},
      {"10.0.0.0/8", "x", "8", "the count must be from 1 to 256, not 'x'"},
      {"10.0.0.0/24", "1", "9", "the CIDR bits must be from 1 to 8, not '9'"},
      {"10.0.0.0/24", "1", "0", "the CIDR bits must be from 1 to 8, not '0'"},
      {"10.0.0.0/24", "3", "7", "'10.0.0.0/24' holds 2 such blocks, not 3"},
  };
  for (const CidrCase& each : kCases)
    EXPECT_EQ(joined_blocks(cidr_blocks(each.block, each.count, each.bits)), each.result)
        << each.block;
}

TEST(Cidr, AsManyBlocksAsAreAllowed) {
  const auto blocks = cidr_blocks("10.0.0.0/16", "256", "8");
  ASSERT_TRUE(blocks.ok());
  EXPECT_EQ(blocks->size(), 256U);
  EXPECT_EQ(blocks->back(), "10.0.255.0/24");
}

}  // namespace
}  // namespace kiln::cfn
