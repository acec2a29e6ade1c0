#include "stack/names.h"

#include <gtest/gtest.h>

#include <set>

namespace kiln::stack {
namespace {

TEST(ChosenName, IsStackLogicalIdAndTwelveRandomLetters) {
  const std::string name = chosen_name("orders", "Function", 64);
  EXPECT_EQ(name.substr(0, 16), "orders-Function-");
  EXPECT_EQ(name.size(), 28u);
}

TEST(ChosenName, IsNeverTheSame) {
  std::set<std::string> names;
  for (int i = 0; i < 1000; ++i) names.insert(chosen_name("s", "F", 64));
  EXPECT_EQ(names.size(), 1000u);
}

TEST(ChosenName, FitsWhateverTheLengths) {
  for (const size_t stack : {1u, 10u, 39u, 40u, 41u, 128u})
    for (const size_t id : {1u, 10u, 24u, 25u, 49u, 50u, 51u, 255u})
      for (const size_t max : {64u, 140u, 255u, 512u}) {
        const std::string name = chosen_name(std::string(stack, 's'), std::string(id, 'L'), max);
        EXPECT_LE(name.size(), max);
        EXPECT_EQ(name.size(), std::min(max, stack + id + 14)) << stack << " " << id << " " << max;
        EXPECT_NE(name[0], '-');
        EXPECT_NE(name.find("-L"), std::string::npos);
      }
}

}  // namespace
}  // namespace kiln::stack
