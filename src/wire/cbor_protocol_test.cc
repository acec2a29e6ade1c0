#include "wire/cbor_protocol.h"

#include <gtest/gtest.h>

namespace kiln::wire {
namespace {

using nlohmann::json;

std::string bytes(const json& document) {
  const auto out = json::to_cbor(document);
  return {out.begin(), out.end()};
}

TEST(CborProtocol, RoundTrip) {
  const json document = {{"A", 1}, {"B", {1.5, "x", true, nullptr}}, {"C", {{"D", -3}}}};
  const auto parsed = parse_cbor_body(bytes(document));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, document);
  const std::string text = to_cbor_text(document, [](std::string_view) { return false; });
  EXPECT_EQ(*parse_cbor_body(text), document);
  EXPECT_EQ(*parse_cbor_body(""), json::object());
}

TEST(CborProtocol, TimesHaveTag1) {
  const json document = {{"At", 1.5}, {"Values", {2}}};
  const std::string text =
      to_cbor_text(document, [](std::string_view name) { return name == "At"; });
  // map(2), "At", tag 1, double 1.5, "Values", array, 2, end. AWS: a time is a double of eight
  // bytes, a list has no length.
  EXPECT_EQ(text,
            std::string("\xa2\x62\x41\x74\xc1\xfb\x3f\xf8\0\0\0\0\0\0\x66Values\x9f\x02\xff", 24));
  EXPECT_EQ(*parse_cbor_body(text), document);
}

TEST(CborProtocol, LongListsAndMaps) {
  for (const size_t n : {23U, 24U, 255U, 256U, 65'535U, 65'536U}) {
    json document = {{"L", json::array()}};
    for (size_t i = 0; i < n; ++i) document["L"].push_back(i);
    EXPECT_EQ(*parse_cbor_body(to_cbor_text(document, [](std::string_view) { return false; })),
              document);
  }
}

TEST(CborProtocol, RefusesWhatIsNoMapAndWhatIsTooDeep) {
  EXPECT_EQ(parse_cbor_body("\x81\x01").error().type, "SerializationException");
  EXPECT_FALSE(parse_cbor_body("\xa1\x61").ok());
  EXPECT_FALSE(parse_cbor_body("\xa0\xa0").ok());
  EXPECT_FALSE(parse_cbor_body("\xbb\xff\xff\xff\xff\xff\xff\xff\xff").ok());
  json deep = 1;
  for (int i = 0; i < 64; ++i) deep = json{{"a", deep}};
  EXPECT_TRUE(parse_cbor_body(bytes(deep)).ok());
  EXPECT_FALSE(parse_cbor_body(bytes(json{{"a", deep}})).ok());
  std::string chain;
  for (int i = 0; i < 500'000; ++i) chain += "\xa1\x61\x61";
  EXPECT_EQ(parse_cbor_body(chain).error().type, "SerializationException");
}

TEST(CborProtocol, TextsAreUtf8) {
  // {"a": "\xff"}, as one text and in parts; {"\xff": 1}
  for (const char* body :
       {"\xa1\x61\x61\x61\xff", "\xa1\x61\x61\x7f\x61\xff\xff", "\xa1\x61\xff\x01"}) {
    const auto refused = parse_cbor_body(body);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().type, "SerializationException");
  }
  // A character whose bytes stand in two parts is none (RFC 8949, 3.2.3).
  EXPECT_FALSE(parse_cbor_body("\xa1\x61\x61\x7f\x61\xc3\x61\xa4\xff").ok());
  const auto whole = parse_cbor_body("\xa1\x61\x61\x62\xc3\xa4");
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ((*whole)["a"], "ä");
}

TEST(CborProtocol, MakesNoRoomForWhatIsOnlyAnnounced) {
  const std::string four = "\xa1\x61\x61\x84";  // {"a": a list of four
  EXPECT_TRUE(parse_cbor_body(four + "\x01\x02\x03\x04").ok());
  for (const char* head : {"\x9a\x3f\xff\xff\xff", "\xba\x3f\xff\xff\xff", "\x99\x03\xe8",
                           "\xbb\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    const auto refused = parse_cbor_body(std::string("\xa1\x61\x61") + head);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("larger than the body"), std::string::npos);
  }
}

}  // namespace
}  // namespace kiln::wire
