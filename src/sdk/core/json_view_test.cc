#include "kiln/json_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "kiln/json_handler.h"

namespace kiln {
namespace {

using nlohmann::json;

// Made of what the views say, member by member.
json rebuilt(JsonView view) {
  switch (view.kind()) {
    case JsonView::Kind::kObject: {
      json out = json::object();
      for (const auto [name, value] : view.members()) out[std::string(name)] = rebuilt(value);
      return out;
    }
    case JsonView::Kind::kArray: {
      json out = json::array();
      for (const JsonView value : view.elements()) out.push_back(rebuilt(value));
      EXPECT_EQ(out.size(), view.size());
      return out;
    }
    case JsonView::Kind::kText:
      return *view.text();
    case JsonView::Kind::kNumber:
      if (const auto whole = view.whole()) return *whole;
      return view.is_whole() ? json::parse(view.written()) : json(*view.number());
    case JsonView::Kind::kTrue:
    case JsonView::Kind::kFalse:
      return *view.truth();
    case JsonView::Kind::kNull:
      return nullptr;
    case JsonView::Kind::kAbsent:
      break;
  }
  ADD_FAILURE() << "an absent value in a document";
  return {};
}

TEST(JsonView, IsThatOfTheLibrarysReader) {
  const char* texts[] = {"{}",
                         "[]",
                         " 7 ",
                         "-0",
                         "1e3",
                         "-1.5E-3",
                         "18446744073709551615",
                         "18446744073709551616",
                         "-9223372036854775808",
                         "-9223372036854775809",
                         "123456789012345678",
                         "true",
                         "false",
                         "null",
                         R"("a\"b\\\/\b\f\n\r\té😀ü")",
                         R"({"a":{"b":[1,{"c":[]},{}],"d":null},"e":[[[]]]})",
                         R"({"a":1,"b":2,"a":3})",
                         R"({"a\n":"x\ty", "" : [ true , false ] })",
                         "\xEF\xBB\xBF[1]",
                         R"({"\u0061":1})"};
  for (const char* text : texts) {
    const JsonDocument document(text);
    EXPECT_EQ(rebuilt(document.root()), json::parse(text)) << text;
    EXPECT_EQ(tree_of(document.root()), json::parse(text)) << text;
  }
}

json random_value(std::mt19937& random, int depth) {
  const auto text = [&] {
    std::string out;
    for (auto i = random() % 24; i > 0; --i) out += "abc \"\\\n\xC3\xA9/\x01"[random() % 11];
    return json(out).dump(-1, ' ', false, json::error_handler_t::replace);
  };
  switch (random() % (depth > 4 ? 4 : 6)) {
    case 0:
      return json::parse(text());
    case 1:
      return static_cast<int>(random());
    case 2:
      return static_cast<double>(random()) / 1000;
    case 3:
      return random() % 2 == 0;
    case 4: {
      json out = json::array();
      for (auto i = random() % 8; i > 0; --i) out.push_back(random_value(random, depth + 1));
      return out;
    }
    default: {
      json out = json::object();
      for (auto i = random() % 8; i > 0; --i) {
        out[json::parse(text()).get<std::string>()] = random_value(random, depth + 1);
      }
      return out;
    }
  }
}

// Small and large ones: with the document's own nodes, and with more.
TEST(JsonView, OfAnyDocument) {
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    const json value = random_value(random, 0);
    const std::string text = value.dump(static_cast<int>(random() % 3) - 1);
    const JsonDocument document(text);
    ASSERT_EQ(rebuilt(document.root()), value) << text;
  }
}

TEST(JsonView, WhatIsNoJsonIsRefusedAsTheLibraryRefusesIt) {
  const std::string good =
      R"({"a":[1,-2.5e1,"x\u00e9\n",true,false,null],"b":{"c":"\ud83d\ude00"}})";
  std::mt19937 random(9);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = good;
    for (auto edits = random() % 3 + 1; edits > 0; --edits) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0) text.erase(at, 1 + random() % 3);
      if (text.empty()) break;
      text[random() % text.size()] = "{}[]\",:\\u019.eE-+ntf \xC3\x01"[random() % 23];
    }
    const bool accepted = json::accept(text);
    refused += accepted ? 0 : 1;
    if (accepted) {
      const JsonDocument document(text);
      EXPECT_EQ(rebuilt(document.root()), json::parse(text)) << text;
    } else {
      EXPECT_THROW(JsonDocument{text}, std::invalid_argument) << text;
    }
  }
  EXPECT_GT(refused, 10000);
  for (const char* text : {"", " ", "1 2", "1e999", "[1,]", "{\"a\"}", "nul", "\"\xFF\"", "01"}) {
    EXPECT_THROW(JsonDocument{text}, std::invalid_argument) << text;
  }
  try {
    JsonDocument document("[1,x]", "the body is no JSON");
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "the body is no JSON: there is no value at byte 3");
  }
}

TEST(JsonView, NestingHasNoLimit) {
  constexpr int kDeep = 100'000;
  std::string text;
  for (int i = 0; i < kDeep; ++i) text += i % 2 == 0 ? "[" : "{\"a\":";
  text += "7";
  for (int i = kDeep; i-- > 0;) text += i % 2 == 0 ? "]" : "}";
  const JsonDocument document(text);
  JsonView view = document.root();
  for (int i = 0; i < kDeep; ++i) view = i % 2 == 0 ? *view.elements().begin() : view["a"];
  EXPECT_EQ(view.whole(), 7);
}

TEST(JsonView, WhatIsNotThereIsAbsent) {
  const JsonDocument document(R"({"a":[1,2],"b":{"c":"d"},"n":1.5,"t":"7"})");
  const JsonView root = document.root();
  EXPECT_TRUE(root["x"].absent());
  EXPECT_TRUE(root["x"]["y"].absent());
  EXPECT_TRUE(root["a"]["b"].absent());
  EXPECT_FALSE(root["x"].is_null());
  EXPECT_EQ(root["x"].written(), "");
  EXPECT_TRUE(tree_of(root["x"]).is_null());
  EXPECT_EQ(root["a"].written(), "[1,2]");
  EXPECT_EQ(root["b"]["c"].text(), "d");
  EXPECT_EQ(root["b"].number(), std::nullopt);
  EXPECT_EQ(root["n"].text(), std::nullopt);
  EXPECT_EQ(root["n"].whole(), std::nullopt);
  EXPECT_FALSE(root["n"].is_whole());
  EXPECT_EQ(root["t"].whole(), std::nullopt);
  EXPECT_EQ(root["n"].truth(), std::nullopt);
  for (const JsonView view : {root["x"], root["n"], root["b"]}) {
    EXPECT_TRUE(view.elements().begin() == view.elements().end());
  }
  EXPECT_TRUE(root["a"].members().begin() == root["a"].members().end());
}

TEST(JsonView, PickTakesTheLastOfEachName) {
  const JsonDocument document(R"({"c":3,"a":0,"x":9,"b":2,"a":1})");
  const auto [a, b, c, d] = document.root().pick({"a", "b", "c", "d"});
  EXPECT_EQ(a.whole(), 1);
  EXPECT_EQ(b.whole(), 2);
  EXPECT_EQ(c.whole(), 3);
  EXPECT_TRUE(d.absent());
  EXPECT_TRUE(document.root()["a"].pick({"a"})[0].absent());
}

TEST(JsonView, Handlers) {
  auto handler = view_handler([](JsonView event, const Context&) -> std::string {
    return std::string(event["name"].text().value_or("nobody"));
  });
  EXPECT_EQ(handler(R"({"name":"Ada"})", {}), "Ada");
  EXPECT_EQ(handler("", {}), "nobody");
  EXPECT_THROW(handler("{", {}), std::invalid_argument);
}

}  // namespace
}  // namespace kiln
