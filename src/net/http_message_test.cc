#include "net/http_message.h"

#include <gtest/gtest.h>

#include <string>

namespace kiln::net {
namespace {

std::string written(const Headers& headers) {
  std::string out;
  for (const auto& [name, value] : headers) out.append(name).append("=").append(value).append(";");
  return out;
}

TEST(Headers, KeepTheirOrderAndAreAsGiven) {
  Headers headers = {{"A", "1"}, {"b", ""}};
  headers.reserve(4, 64);
  headers.emplace_back("A", "2");
  EXPECT_EQ(written(headers), "A=1;b=;A=2;");
  EXPECT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers.at(2).second, "2");
  EXPECT_EQ(headers, (Headers{{"A", "1"}, {"b", ""}, {"A", "2"}}));
  EXPECT_FALSE(headers == (Headers{{"A", "1"}, {"b", ""}}));
  EXPECT_FALSE(headers == (Headers{{"A", "1"}, {"b", ""}, {"A2", ""}}));
}

TEST(Headers, NoneEndsItsLine) {
  using namespace std::string_literals;
  const Headers headers = {{"X\r\nY"s, "a\r\nSet-Cookie: b\0c"s}};
  EXPECT_EQ(written(headers), "X  Y=a  Set-Cookie: b c;");
}

TEST(Headers, ThoseThatGoTakeNoOtherWithThem) {
  Headers headers = {{"Host", "h"}, {"Keep", "1"}, {"host", "i"}, {"Last", "2"}};
  EXPECT_EQ(headers.erase_if([](const auto& field) { return same_name(field.first, "HOST"); }), 2u);
  EXPECT_EQ(written(headers), "Keep=1;Last=2;");
  headers.emplace_back("New", "3");
  EXPECT_EQ(written(headers), "Keep=1;Last=2;New=3;");
}

}  // namespace
}  // namespace kiln::net
