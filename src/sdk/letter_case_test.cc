#include "sdk/letter_case.h"

#include <gtest/gtest.h>

namespace kiln::sdk {
namespace {

TEST(LetterCase, Title) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"ada lovelace", "Ada Lovelace"},
      {"GRACE HOPPER", "Grace Hopper"},
      {"o'neil-mcdonald", "O'Neil-Mcdonald"},
      {"x2y zz9a", "X2Y Zz9A"},
      {"ångström öztürk ñandú", "Ångström Öztürk Ñandú"},
      {"ÉLODIE ŁUKASZ ŽIŽEK", "Élodie Łukasz Žižek"},
      {"ÿves Ÿves", "Ÿves Ÿves"},
      {"ἀ ελένη ΓΙΏΡΓΟΣ", "ἀ Ελένη Γιώργοσ"},
      {"владимир ЁЛКИН", "Владимир Ёлкин"},
      {"straße", "Straße"},
      {"王小明 lee", "王小明 Lee"},
      {"a😀b", "A😀B"},
      {"a\xFF"
       "b",
       "A\xFF"
       "B"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(title_case(text), expected) << text;
}

TEST(LetterCase, Lower) {
  EXPECT_EQ(lower_case("Ada.L@EXAMPLE.Org"), "ada.l@example.org");
  EXPECT_EQ(lower_case("ÄÖÜ×÷ŸĲ"), "äöü×÷ÿĳ");
  EXPECT_EQ(lower_case("[\\]^_`{|}~"), "[\\]^_`{|}~");
}

TEST(LetterCase, Trimmed) {
  EXPECT_EQ(trimmed(" \t\r\n a b \v\f"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed("  "), "");
  EXPECT_EQ(trimmed(""), "");
}

}  // namespace
}  // namespace kiln::sdk
