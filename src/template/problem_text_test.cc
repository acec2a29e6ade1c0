#include "template/problem_text.h"

#include <gtest/gtest.h>

#include "template/template.h"

namespace kiln::cfn {
namespace {

// The text of AWS for a template without any resource's Type has no place in front.
TEST(ProblemText, AwsSaysTheFirstProblemAlone) {
  const std::string message =
      "Template format error: [/Resources/A] Every Resources object must contain a Type member.";
  const std::string text = text_of({message, {1, 16}});
  EXPECT_EQ(text, "line 1, column 16: " + message);
  EXPECT_TRUE(has_place(text));
  EXPECT_EQ(without_place(text), message);
  EXPECT_EQ(without_place(text + "\nline 2, column 3: another"), message);
  EXPECT_EQ(place_last(text), message + " (line 1, column 16)");
}

TEST(ProblemText, WithoutAPlaceNothingIsTakenAway) {
  for (const char* text :
       {"", "line", "line 3", "line 3, column", "line 3, column 4", "line x, column 4: a",
        "Parameters: [A] must have values\nin two lines"}) {
    EXPECT_FALSE(has_place(text)) << text;
    EXPECT_EQ(without_place(text), text);
    EXPECT_EQ(place_last(text), text);
  }
  EXPECT_EQ(text_of({"nowhere", {}}), "nowhere");
  EXPECT_EQ(without_place("nowhere\nline 2, column 3: there"), "nowhere");
}

}  // namespace
}  // namespace kiln::cfn
