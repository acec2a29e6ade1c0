#include "report/flame_graph.h"

#include <gtest/gtest.h>

namespace kiln::report {
namespace {

TEST(FlameGraph, ReadsFoldedStacks) {
  const auto stacks = parse_folded("# a comment\nmain;shop::price(int, int);strlen 12\n\nmain 3\n");
  ASSERT_TRUE(stacks);
  ASSERT_EQ(stacks->size(), 2u);
  EXPECT_EQ((*stacks)[0].frames,
            (std::vector<std::string>{"main", "shop::price(int, int)", "strlen"}));
  EXPECT_EQ((*stacks)[0].samples, 12u);
  for (const char* wrong : {"main", "main x", "main -1", " 3", "main 3 "})
    EXPECT_FALSE(parse_folded(wrong)) << wrong;
}

TEST(FlameGraph, ABoxIsAsWideAsItsShare) {
  const std::string svg = flame_graph({{{"main", "a<b>"}, 75}, {{"main", "c"}, 25}}, "shop & co");
  EXPECT_NE(svg.find(">shop &amp; co</text>"), std::string::npos);
  EXPECT_NE(svg.find("<title>a&lt;b&gt; (75 samples, 75.0 %)</title>"), std::string::npos);
  // Of 1,180 units; the line between boxes takes half a one.
  EXPECT_NE(svg.find("x=\"10.0\" y=\"36\" width=\"884.5\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("x=\"895.0\" y=\"36\" width=\"294.5\""), std::string::npos) << svg;
  EXPECT_NE(flame_graph({}, "none").find("</svg>"), std::string::npos);
}

TEST(FlameGraph, TheHottestAreThoseThatRan) {
  const auto hot = hottest({{{"main", "a"}, 2}, {{"main", "b", "a"}, 3}, {{"main"}, 4}}, 2);
  ASSERT_EQ(hot.size(), 2u);
  EXPECT_EQ(hot[0].name, "a");
  EXPECT_EQ(hot[0].samples, 5u);
  EXPECT_EQ(hot[1].name, "main");
}

}  // namespace
}  // namespace kiln::report
