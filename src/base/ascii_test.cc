#include "base/ascii.h"

#include <gtest/gtest.h>

#include <cctype>

namespace kiln {
namespace {

// As the C library tells in its own locale; it knows nothing past ASCII there.
TEST(Ascii, CharactersAreThoseOfTheCLocale) {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    EXPECT_EQ(ascii::is_digit(c), std::isdigit(i) != 0) << i;
    EXPECT_EQ(ascii::is_lower(c), std::islower(i) != 0) << i;
    EXPECT_EQ(ascii::is_upper(c), std::isupper(i) != 0) << i;
    EXPECT_EQ(ascii::is_letter(c), std::isalpha(i) != 0) << i;
    EXPECT_EQ(ascii::is_alnum(c), std::isalnum(i) != 0) << i;
    EXPECT_EQ(ascii::is_hex(c), std::isxdigit(i) != 0) << i;
    EXPECT_EQ(ascii::lower(c), static_cast<char>(std::tolower(i))) << i;
    EXPECT_EQ(ascii::upper(c), static_cast<char>(std::toupper(i))) << i;
  }
  EXPECT_EQ(ascii::hex_value('7'), 7);
  EXPECT_EQ(ascii::hex_value('b'), 11);
  EXPECT_EQ(ascii::hex_value('F'), 15);
  EXPECT_EQ(ascii::hex_value('g'), -1);
}

TEST(Ascii, Texts) {
  EXPECT_EQ(ascii::lower("aB-\xc3\x84"), "ab-\xc3\x84");
  EXPECT_EQ(ascii::upper("aB-\xc3\xa4"), "AB-\xc3\xa4");
  EXPECT_TRUE(ascii::same("Content-Type", "content-typE"));
  EXPECT_TRUE(ascii::same("", ""));
  EXPECT_FALSE(ascii::same("a", "ab"));
  EXPECT_FALSE(ascii::same("a[", "a{"));
  EXPECT_EQ(ascii::trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(ascii::trim(" \t"), "");
  EXPECT_EQ(ascii::trim(""), "");
  EXPECT_EQ(ascii::trim("\"a\" ", "\""), "a\" ");
  EXPECT_FALSE(ascii::made_of("", ascii::is_digit));
  EXPECT_TRUE(ascii::made_of("12", ascii::is_digit));
}

}  // namespace
}  // namespace kiln
