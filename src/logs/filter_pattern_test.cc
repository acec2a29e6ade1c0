#include "logs/filter_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::logs {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Case {
  const char* pattern;
  const char* message;
  bool matches;
};

TEST(FilterPattern, Matching) {
  const Case cases[] = {
      {"", "anything", true},
      {"   ", "anything", true},
      {"ERROR", "[ERROR] disk full", true},
      {"ERROR", "error: disk full", false},
      {"ERROR disk", "[ERROR] disk full", true},
      {"disk ERROR", "[ERROR] disk full", true},
      {"ERROR tape", "[ERROR] disk full", false},
      {"\"disk full\"", "[ERROR] disk full", true},
      {"\"full disk\"", "[ERROR] disk full", false},
      {"ERROR -full", "[ERROR] disk full", false},
      {"ERROR -empty", "[ERROR] disk full", true},
      {"-\"disk full\"", "[ERROR] disk full", false},
      {"-\"disk empty\"", "[ERROR] disk full", true},
      {"\"a-b\"", "a-b", true},
      {"a_1", "a_1", true},
      {R"("say \"hi\"")", R"(they say "hi" again)", true},
      {R"("back\\slash")", R"(back\slash)", true},
      {"\tREPORT\n", "REPORT RequestId: 1", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.pattern) + " on " + c.message);
    auto pattern = FilterPattern::parse(c.pattern);
    ASSERT_TRUE(pattern.ok()) << pattern.error().message;
    EXPECT_EQ(pattern->matches(c.message), c.matches);
  }
}

void expect(const Case& c) {
  SCOPED_TRACE(std::string(c.pattern) + " on " + c.message);
  auto pattern = FilterPattern::parse(c.pattern);
  ASSERT_TRUE(pattern.ok()) << pattern.error().message;
  EXPECT_EQ(pattern->matches(c.message), c.matches);
}

TEST(FilterPattern, OptionalTerms) {
  const Case cases[] = {
      {"?ERROR ?WARN", "WARN: low", true},
      {"?ERROR ?WARN", "ERROR: low", true},
      {"?ERROR ?WARN", "INFO: low", false},
      {"?ERROR", "INFO", false},
      {"?\"disk full\" ?x", "disk full", true},
      // Beside other terms they have no effect.
      {"?ERROR ?WARN low", "INFO: low", true},
      {"?ERROR -low", "INFO: high", true},
      {"?ERROR -low", "ERROR: low", false},
  };
  for (const Case& c : cases) expect(c);
}

TEST(FilterPattern, RegularExpressions) {
  const Case cases[] = {
      {"%4[0-9]{2}%", "status 404", true},
      {"%4[0-9]{2}%", "status 504", false},
      {"%^START% -%REPORT|END%", "START RequestId", true},
      {"%^START% -%REPORT|END%", "START END", false},
      {"?%a+b% ?c", "xaab", true},
      {"%100\\%%", "at 100%", true},
      {"%a b%", "a b", true},
      {"\"100%\"", "at 100%", true},
      {"{ $.ip = %^10\\.0\\.% }", R"({"ip": "10.0.3.4"})", true},
      {"{ $.ip = %^10\\.0\\.% }", R"({"ip": "10.1.3.4"})", false},
      {"{ $.ip != %^10\\.0\\.% }", R"({"ip": "10.1.3.4"})", true},
      {"{ $.code = %^5..$% }", R"({"code": 503})", true},
      {"[ip = %^10\\.%, rest]", "10.0.0.1 x", true},
      {"[ip = %^10\\.%, rest]", "11.0.0.1 x", false},
  };
  for (const Case& c : cases) expect(c);
}

TEST(FilterPattern, JsonProperties) {
  constexpr const char* kMessage =
      R"( {"level": "ERROR", "n": 3, "big": 1.5e3, "neg": -2, "yes": true,
      "no": false, "nil": null, "empty": "", "text3": "3", "list": ["a", {"id": 7}, 5],
      "a": {"b": {"c": "deep"}}, "a.b": "dotted", "p-q_r": 1, "star": "*", "say": "\"hi\""} )";
  struct {
    const char* pattern;
    bool matches;
  } const cases[] = {
      {R"({ $.level = "ERROR" })", true},
      {R"({$.level="ERROR"})", true},
      {"{ $.level = ERROR }", true},
      {"{ $.level = error }", false},
      {R"({ $.level = "ERR*" })", true},
      {R"({ $.level = "*RR*" })", true},
      {"{ $.level = *OR }", true},
      {"{ $.level = *OX }", false},
      {R"({ $.level != "ERROR" })", false},
      {R"({ $.level != "WARN" })", true},
      {R"({ $.absent != "WARN" })", false},
      {R"({ $.say = "\"hi\"" })", true},
      {R"({ $.empty = "" })", true},
      {R"({ $.level = "" })", false},
      // Numbers.
      {"{ $.n = 3 }", true},
      {"{ $.n = 3.0 }", true},
      {"{ $.n = 4 }", false},
      {"{ $.n != 4 }", true},
      {"{ $.n < 3 }", false},
      {"{ $.n <= 3 }", true},
      {"{ $.n > 3 }", false},
      {"{ $.n >= 3 }", true},
      {"{ $.n > 2.9 && $.n < 3.1 }", true},
      {"{ $.big = 1500 }", true},
      {"{ $.big = 1.5e3 }", true},
      {"{ $.neg < -1 }", true},
      {"{ $.neg > -1 }", false},
      {"{ $.n = 3* }", true},
      {"{ $.n = \"3\" }", false},
      {"{ $.text3 = 3 }", true},
      {"{ $.text3 = \"3\" }", true},
      {"{ $.text3 > 2 }", false},
      {"{ $.level > 2 }", false},
      {"{ $.absent > 2 }", false},
      // What is there.
      {"{ $.level = * }", true},
      {"{ $.n = * }", true},
      {"{ $.yes = * }", true},
      {"{ $.a = * }", true},
      {"{ $.nil = * }", false},
      {"{ $.absent = * }", false},
      {"{ $.nil IS NULL }", true},
      {"{ $.n IS NULL }", false},
      {"{ $.absent IS NULL }", false},
      {"{ $.yes IS TRUE }", true},
      {"{ $.no IS TRUE }", false},
      {"{ $.no IS FALSE }", true},
      {"{ $.n IS FALSE }", false},
      {"{ $.absent NOT EXISTS }", true},
      {"{ $.nil NOT EXISTS }", false},
      {"{ $.a.b.x NOT EXISTS }", true},
      // Paths.
      {"{ $.a.b.c = deep }", true},
      {"{ $.a.b = deep }", false},
      {"{ $.level.x = * }", false},
      {"{ $.list[0] = \"a\" }", true},
      {"{ $.list[0] = * }", true},
      {"{ $.list[3] = * }", false},
      {"{ $.list[1].id = 7 }", true},
      {"{ $.list[*] = 5 }", true},
      {"{ $.list[*] = 6 }", false},
      {"{ $.list[*].id = 7 }", true},
      {"{ $.n[0] = * }", false},
      {"{ $.['a.b'] = dotted }", true},
      {"{ $[\"a.b\"] = dotted }", true},
      {"{ $.p-q_r = 1 }", true},
      // && binds tighter than ||.
      {"{ $.level = ERROR && $.n = 3 }", true},
      {"{ $.level = ERROR && $.n = 4 }", false},
      {"{ $.level = X || $.n = 3 }", true},
      {"{ $.n = 3 || $.n = 4 && $.level = X }", true},
      {"{ ($.n = 3 || $.n = 4) && $.level = X }", false},
      {"{ (($.n = 3)) && (($.level = ERROR) || ($.level = X)) }", true},
      {"{($.n=3)&&($.level=ERROR)}", true},
      {"{ $.a.b = \"x\" && $.n > 3 || $.list[0] = * }", true},
  };
  for (const auto& c : cases) expect({c.pattern, kMessage, c.matches});
  for (const char* other : {"ERROR", "", "[1]", "\"x\"", "{", "{\"level\": \"ERROR\"} tail",
                            "{\"level\": \"ERROR\"", "x {\"level\": \"ERROR\"}"}) {
    expect({"{ $.level = ERROR }", other, false});
  }
  expect({"{ $.level = ERROR }", "\t{\"level\": \"ERROR\"}\n", true});
  const std::string deep = "{\"a\":" + std::string(100'000, '[');
  expect({"{ $.a = * }", deep.c_str(), false});
}

TEST(FilterPattern, Words) {
  constexpr const char* kAccess =
      "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534";
  struct {
    const char* pattern;
    bool matches;
  } const cases[] = {
      {"[ip, id, user, timestamp, request, status_code = 404, size]", true},
      {"[ip, id, user, timestamp, request, status_code = 4*, size]", true},
      {"[ip,id,user,timestamp,request,status_code=5*,size]", false},
      {"[ip, id, user, timestamp, request = *.html*, status_code = 4*, size > 1000]", true},
      {"[ip, id, user, timestamp, request = *.png*, status_code, size]", false},
      {"[ip, id, user, timestamp = \"10/Oct*\", request, status_code, size]", true},
      {"[ip, id, user, timestamp, request = \"GET *\", status_code, size]", true},
      {"[ip, id, user]", false},
      {"[ip, id, user, timestamp, request, status_code, size, more]", false},
      {"[ip, ..., status_code = 4*, size]", true},
      {"[ip, ..., status_code = 4*, size >= 1535]", false},
      {"[..., size = 1534]", true},
      {"[ip = 127.*, ...]", true},
      {"[...]", true},
      {"[ip, ..., size <= 1534]", true},
      {"[,,,,,status = 404,]", true},
      {"[, ..., status = 404, ]", true},
      {"[..., status = 4* && status != 404, size]", false},
      {"[..., status = 4* && status != 403, size]", true},
      {"[..., status = 500 || status = 404, size]", true},
      {"[..., (status = 500 || status = 404) && status != 404, size]", false},
      {"[ip, id, user != frank, ...]", false},
      {"[ip, id, user != bob, ...]", true},
      {"[ip > 100, ...]", false},
      {"[a, ..., (size > 1000 && a = 127*)]", true},
  };
  for (const auto& c : cases) expect({c.pattern, kAccess, c.matches});
  expect({"[report = REPORT, id_label = \"RequestId:\", id, label, duration > 5, unit = ms, ...]",
          "REPORT RequestId: 1-2\tDuration: 5.10 ms\tBilled Duration: 6 ms\t", true});
  expect({"[...]", "", true});
  expect({"[a]", "", false});
  expect({"[a, b]", "[open b", true});
  expect({"[w1 = 1e3]", "1000", true});
  expect({"[w1 = abc]", "abc", true});
}

TEST(FilterPattern, WhatIsWrongIsSaid) {
  struct {
    const char* pattern;
    const char* why;
  } const cases[] = {
      {"\"open", "a quote is not closed"},
      {"\"trailing\\", "a quote is not closed"},
      {"-", "'-' stands alone"},
      {"a - b", "'-' stands alone"},
      {"a ?", "'?' stands alone"},
      {"\"\"", "empty"},
      {"\"a\"b", "a blank is missing"},
      {"a\"b\"", "a blank is missing"},
      {"%open", "not closed with %"},
      {"%a%b", "a blank is missing"},
      {"%%", "empty"},
      {"%(%", "not a regular expression"},
      {"{", "$.name"},
      {"{}", "$.name"},
      {"{ level = 1 }", "$.name"},
      {"{ $ = 1 }", "behind the '$'"},
      {"{ $. = 1 }", "behind the '.'"},
      {"{ $.a..b = 1 }", "behind the '.'"},
      {"{ $.a }", "an operator is missing"},
      {"{ $.a IS }", "an operator is missing"},
      {"{ $.a IS NULLS }", "an operator is missing"},
      {"{ $.a NOT }", "an operator is missing"},
      {"{ $.a EXISTS }", "an operator is missing"},
      {"{ $.a ! 1 }", "an operator is missing"},
      {"{ $.a = }", "a value is missing"},
      {"{ $.a = \"x }", "a quote is not closed"},
      {"{ $.a > x }", "need a number"},
      {"{ $.a > \"1\" }", "need a number"},
      {"{ $.a < %1% }", "need a number"},
      {"{ $.a = 1", "a } is missing"},
      {"{ $.a = 1 b }", "a } is missing"},
      {"{ $.a = 1 } x", "behind the }"},
      {"{ ($.a = 1 }", "a ) is missing"},
      {"{ $.a = 1) }", "a } is missing"},
      {"{ $.a = 1 && }", "$.name"},
      {"{ $.a = 1 & $.b = 1 }", "a } is missing"},
      {"{ $.a[x] = 1 }", "not an index"},
      {"{ $.a[-1] = 1 }", "not an index"},
      {"{ $.a[0 = 1 }", "a ] is missing"},
      {"[", "a name is missing"},
      {"[a", "a ] is missing"},
      {"[a b]", "a ] is missing"},
      {"[a] b", "behind the ]"},
      {"[..., a, ...]", "only one ..."},
      {"[a = ]", "a value is missing"},
      {"[a > b]", "need a number"},
      {"[= 1]", "a name is missing"},
      {"[(a = 1]", "a ) is missing"},
      {"[a = 1 && b = 2]", "no word is called b"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.pattern);
    auto pattern = FilterPattern::parse(c.pattern);
    ASSERT_FALSE(pattern.ok());
    EXPECT_EQ(pattern.error().type, "InvalidParameterException");
    EXPECT_THAT(pattern.error().message,
                AllOf(testing::StartsWith("Invalid filter pattern: "), HasSubstr(c.why)));
  }
}

TEST(FilterPattern, OtherCharactersThanOfWordsNeedQuotes) {
  struct {
    const char* pattern;
    const char* named;
  } const cases[] = {
      {"Status: timeout", ":"},
      {"?a ?Status:", ":"},
      {"a-b", "-"},
      {"-a.b", "."},
      {"(a)", "("},
      {"a=1", "="},
      {"a*", "*"},
      {"`a`", "`"},
      {"a,b", ","},
      {"a\\b", "\\"},
      {"\u201ca\u201d", "\u201c"},
      {"a[0]", "["},
      {"gr\u00fcn", "\u00fc"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.pattern);
    auto pattern = FilterPattern::parse(c.pattern);
    ASSERT_FALSE(pattern.ok());
    EXPECT_EQ(pattern.error().type, "InvalidParameterException");
    EXPECT_EQ(pattern.error().message,
              "Invalid character(s) in term '" + std::string(c.named) + "'");
  }
}

TEST(FilterPattern, LengthLimit) {
  EXPECT_TRUE(FilterPattern::parse(std::string(1024, 'x')).ok());
  EXPECT_FALSE(FilterPattern::parse(std::string(1025, 'x')).ok());
}

}  // namespace
}  // namespace kiln::logs
