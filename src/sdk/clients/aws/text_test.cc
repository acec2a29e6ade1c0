#include "sdk/clients/aws/text.h"

#include <gtest/gtest.h>

namespace kiln::aws {
namespace {

TEST(AwsText, PercentEncoding) {
  EXPECT_EQ(percent_encode("aZ09-_.~"), "aZ09-_.~");
  EXPECT_EQ(percent_encode("a b/+*ä"), "a%20b%2F%2B%2A%C3%A4");
  EXPECT_EQ(percent_encode("/a b/", Slash::kKeep), "/a%20b/");
  EXPECT_EQ(encode_query({{"list-type", "2"}, {"prefix", "a/b c"}, {"uploads", ""}}),
            "list-type=2&prefix=a%2Fb%20c&uploads=");
}

TEST(AwsText, Base64) {
  const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"},
                                                       {"\xFF\xFE\xFD", "//79"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
  for (const char* bad :
       {"Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9v!A==", "Zm 9", "Z=g="}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
}

TEST(AwsText, Times) {
  const auto time = parse_iso("2015-08-30T12:36:01Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(format_basic(*time), "20150830T123601Z");
  EXPECT_EQ(format_iso(*time), "2015-08-30T12:36:01Z");
  EXPECT_EQ(parse_iso("2015-08-30T12:36:01.5Z"), *time + std::chrono::milliseconds(500));
  EXPECT_EQ(parse_http_date("Sun, 30 Aug 2015 12:36:01 GMT"), time);
  for (const char* bad : {"", "2015-08-30", "2015-08-30T12:36:01", "2015-02-30T12:36:01Z",
                          "2015-08-30T24:36:01Z", "2015-13-30T12:36:01Z", "2015-08-30T12:36:01.Z",
                          "2015-08-30T12:36:01,5Z", "2015-08-30T12:36:-1Z"}) {
    EXPECT_EQ(parse_iso(bad), std::nullopt) << bad;
  }
  for (const char* bad : {"", "Sun, 30 Aug 2015 12:36:01", "Sun, 30 Abc 2015 12:36:01 GMT",
                          "Sun, 31 Feb 2015 12:36:01 GMT"}) {
    EXPECT_EQ(parse_http_date(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace kiln::aws
