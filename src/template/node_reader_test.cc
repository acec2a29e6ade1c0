#include "template/node_reader.h"

#include <gtest/gtest.h>

#include "template/template.h"

namespace kiln::cfn {
namespace {

std::string problem_of(const NodeOrProblem& read) {
  const auto* problem = std::get_if<Problem>(&read);
  return problem ? text_of(*problem) : "no problem";
}
std::string problem_of(std::string_view text) { return problem_of(read_node(text)); }

std::string json_of(std::string_view text) {
  const NodeOrProblem read = read_node(text);
  const auto* node = std::get_if<Node>(&read);
  return node ? to_json(*node).dump() : problem_of(read);
}

const Node* member(const Node& node, std::initializer_list<const char*> path) {
  const Node* at = &node;
  for (const char* name : path) at = at ? at->find(name) : nullptr;
  return at;
}

struct Scalar {
  const char* yaml;
  const char* json;
};

TEST(NodeReader, ScalarsOfYaml) {
  constexpr Scalar kScalars[] = {
      {"true", "true"},
      {"True", "true"},
      {"FALSE", "false"},
      {"yes", "true"},
      {"NO", "false"},
      {"On", "true"},
      {"off", "false"},
      {"y", R"("y")"},
      {"'yes'", R"("yes")"},
      {"\"true\"", R"("true")"},
      {"12", "12"},
      {"-1.5", "-1.5"},
      {"+3", "3"},
      {"1e3", "1000.0"},
      {"'12'", R"("12")"},
      {"012345678901", R"("012345678901")"},
      {"0x1F", R"("0x1F")"},
      {"1_000", R"("1_000")"},
      {"2012-10-17", R"("2012-10-17")"},
      {"~", "null"},
      {"null", "null"},
      {"", "null"},
      {"''", R"("")"},
      {"!!str 12", R"("12")"},
      {"!!int 12", "12"},
      {"!!bool yes", "true"},
      {"! 12", R"("12")"},
      {"arn:aws:sns:a:b", R"("arn:aws:sns:a:b")"},
      {"|\n  a\n  b\n", R"("a\nb\n")"},
      {">-\n  a\n  b\n", R"("a b")"},
      {"\"\\u00e9\"", "\"\u00e9\""},
  };
  for (const Scalar& scalar : kScalars)
    EXPECT_EQ(json_of("A: " + std::string(scalar.yaml)),
              R"({"A":)" + std::string(scalar.json) + "}")
        << scalar.yaml;
}

TEST(NodeReader, NumbersKeepTheirText) {
  const NodeOrProblem read = read_node("A: 1.10\nB: 1e3");
  const Node& root = std::get<Node>(read);
  EXPECT_EQ(root.find("A")->text, "1.10");
  EXPECT_EQ(root.find("B")->text, "1e3");
}

TEST(NodeReader, ShortFormsOfFunctions) {
  constexpr Scalar kForms[] = {
      {"!Ref X", R"({"Ref":"X"})"},
      {"!Condition X", R"({"Condition":"X"})"},
      {"!GetAtt A.B.C", R"({"Fn::GetAtt":["A","B.C"]})"},
      {"!GetAtt [A, B]", R"({"Fn::GetAtt":["A","B"]})"},
      {"!GetAtt A", R"({"Fn::GetAtt":"A"})"},
      {"!Sub '${A}-b'", R"({"Fn::Sub":"${A}-b"})"},
      {"!Sub 12", R"({"Fn::Sub":"12"})"},
      {"!Join ['-', [a, !Ref B]]", R"({"Fn::Join":["-",["a",{"Ref":"B"}]]})"},
      {"!Select [0, !Split [',', 'a,b']]", R"({"Fn::Select":[0,{"Fn::Split":[",","a,b"]}]})"},
      {"!If [C, !Ref A, !Ref 'AWS::NoValue']",
       R"({"Fn::If":["C",{"Ref":"A"},{"Ref":"AWS::NoValue"}]})"},
      {"!Not [!Equals [a, b]]", R"({"Fn::Not":[{"Fn::Equals":["a","b"]}]})"},
      {"!And [!Condition A, !Or [!Condition B, !Condition C]]",
       R"({"Fn::And":[{"Condition":"A"},{"Fn::Or":[{"Condition":"B"},{"Condition":"C"}]}]})"},
      {"!FindInMap [M, a, b]", R"({"Fn::FindInMap":["M","a","b"]})"},
      {"!Base64 x", R"({"Fn::Base64":"x"})"},
      {"!ImportValue x", R"({"Fn::ImportValue":"x"})"},
      {"!GetAZs ''", R"({"Fn::GetAZs":""})"},
      {"!Cidr [a, 1, 8]", R"({"Fn::Cidr":["a",1,8]})"},
      {"!Length [a]", R"({"Fn::Length":["a"]})"},
      {"!ToJsonString {a: 1}", R"({"Fn::ToJsonString":{"a":1}})"},
      {"!Transform {Name: X}", R"({"Fn::Transform":{"Name":"X"}})"},
  };
  for (const Scalar& form : kForms)
    EXPECT_EQ(json_of("A: " + std::string(form.yaml)), R"({"A":)" + std::string(form.json) + "}")
        << form.yaml;
}

TEST(NodeReader, PlacesOfYaml) {
  const NodeOrProblem read = read_node("A:\n  B: x\n  C:\n    - 1\n    - !Ref Z\n");
  const Node& root = std::get<Node>(read);
  EXPECT_EQ(member(root, {"A", "B"})->place.line, 2U);
  EXPECT_EQ(member(root, {"A", "B"})->place.column, 6U);
  EXPECT_EQ(root.map[0].value.map[1].place.line, 3U);
  EXPECT_EQ(member(root, {"A", "C"})->list[1].place.line, 5U);
}

TEST(NodeReader, PlacesOfJsonAreWhereTokensBegin) {
  const NodeOrProblem read =
      read_node("{\n  \"\\u0041\": {\"é\": 12 , \"C\" : [ true, null,\n-3]}\n}");
  const Node& root = std::get<Node>(read);
  EXPECT_EQ(root.place.column, 1U);
  EXPECT_EQ(root.map[0].name, "A");
  EXPECT_EQ(root.map[0].place.column, 3U);  // escapes are longer than what they stand for
  const Node& a = root.map[0].value;
  EXPECT_EQ(a.place.column, 13U);
  EXPECT_EQ(a.map[0].place.column, 14U);
  EXPECT_EQ(a.map[0].value.place.column, 19U);  // a character counts once, however many bytes
  EXPECT_EQ(a.map[1].place.column, 24U);
  EXPECT_EQ(a.map[1].value.place.column, 30U);
  EXPECT_EQ(a.map[1].value.list[0].place.column, 32U);
  EXPECT_EQ(a.map[1].value.list[1].place.column, 38U);
  EXPECT_EQ(a.map[1].value.list[2].place.line, 3U);
  EXPECT_EQ(a.map[1].value.list[2].place.column, 1U);
}

TEST(NodeReader, JsonMayHaveACommaBehindTheLast) {
  const NodeOrProblem read =
      read_node("{\"A\": [1, \"x,]\" ,\n ], \"B\\\"\": {\"C\": {},}, \"D\": [[],],\n}\n");
  ASSERT_TRUE(std::holds_alternative<Node>(read));
  const Node& root = std::get<Node>(read);
  EXPECT_EQ(to_json(root),
            nlohmann::json::parse(R"({"A": [1, "x,]"], "B\"": {"C": {}}, "D": [[]]})"));
  EXPECT_EQ(root.map[1].place.column, 5U);
}

TEST(NodeReader, TheLastOfADuplicateKeyHolds) {
  for (const char* text : {"A: 1\nB: {C: 1, D: 2, C: 3}\nA: 2",
                           R"({"A": 1, "B": {"C": 1, "D": 2, "C": 3}, "A": 2})"}) {
    std::vector<Problem> notes;
    const NodeOrProblem read = read_node(text, &notes);
    ASSERT_TRUE(std::holds_alternative<Node>(read)) << text;
    EXPECT_EQ(to_json(std::get<Node>(read)),
              nlohmann::json::parse(R"({"A": 2, "B": {"C": 3, "D": 2}})"));
    ASSERT_EQ(notes.size(), 2U);
    EXPECT_EQ(notes[0].message, "duplicate key 'C': the last one holds");
    EXPECT_EQ(notes[1].message, "duplicate key 'A': the last one holds");
  }
}

struct Wrong {
  const char* text;
  const char* problem;  // a part of it
};

TEST(NodeReader, WhatIsWrongHasItsPlace) {
  constexpr Wrong kWrong[] = {
      {"", "the template is empty"},
      {"  \n", "the template is empty"},
      {"{\"A\": [1,,]}", "line 1, column 11: Template format error: JSON not well-formed"},
      {"{\"A\": [,]}", "line 1, column 9: Template format error: JSON not well-formed"},
      {"{,}", "line 1, column 3: Template format error: JSON not well-formed"},
      {"{\"A\": 1} x", "line 1, column 10: Template format error: JSON not well-formed"},
      {"{\"A\": \"x", "JSON not well-formed"},
      {"{\"A\": 01}", "JSON not well-formed"},
      {"A: [1, 2", "YAML not well-formed"},
      {"A:\n\t- 1", "\na tab indents this line; YAML is indented by blanks"},
      {"A: 1\n---\nB: 2", "more than one YAML document"},
      {"A: !Foo x", "line 1, column 4: Template format error: unknown tag !Foo"},
      {"A: !Foo [x]", "unknown tag !Foo"},
      {"A: !!binary aGk=", "unknown tag tag:yaml.org,2002:binary"},
      {"A: !!set {a}", "unknown tag tag:yaml.org,2002:set"},
      {"A: !<x> b", "unknown tag x"},
      {"A: !ref x", "unknown tag !ref"},
      {"!Ref A: 1", "a key must be a text"},
      {"[a]: 1", "a key must be a text"},
      {"{a: 1}: 1", "JSON not well-formed"},
      {"? {a: 1}\n: 1", "a key must be a text"},
      {"~: 1", "a key must be a text"},
      {": 1", "a key must be a text"},
      {"A: *x", "YAML not well-formed"},
      {"A: &a [*a]", "an alias within its own anchor"},
      {"A: &a {b: 1}\nB:\n  <<: *a", "line 3, column 3: Template format error: YAML's merge key"},
      {"A: &a [1]\n*a : 2", "a key must be a text"},
      {"A: \xff", "line 1, column 4: Template format error: the template is not a UTF-8 text"},
      {"A: \xed\xa0\x80", "not a UTF-8 text"},  // a surrogate
      {"A: \xc0\x80", "not a UTF-8 text"},      // longer than needed
      {"A: \xf4\x90\x80\x80", "not a UTF-8 text"},
      {"A: \xe2\x82", "not a UTF-8 text"},
      {"{\"A\": \"\xff\"}", "not a UTF-8 text"},
  };
  for (const Wrong& wrong : kWrong)
    EXPECT_NE(problem_of(wrong.text).find(wrong.problem), std::string::npos)
        << wrong.text << "\n"
        << problem_of(wrong.text);
  EXPECT_NE(problem_of(std::string_view("A: \0b", 5)).find("not a UTF-8 text"), std::string::npos);
}

TEST(NodeReader, AByteOrderMarkIsPassedOver) {
  EXPECT_EQ(json_of("\xEF\xBB\xBF{\"A\": 1}"), R"({"A":1})");
  EXPECT_EQ(json_of("\xEF\xBB\xBF"
                    "A: 1"),
            R"({"A":1})");
}

TEST(NodeReader, AliasesAreCopies) {
  EXPECT_EQ(json_of("A: &a [1, !Ref X]\nB: *a\nC: {D: *a}"),
            R"({"A":[1,{"Ref":"X"}],"B":[1,{"Ref":"X"}],"C":{"D":[1,{"Ref":"X"}]}})");
  EXPECT_EQ(json_of("A: &a k\n*a : 2"), R"({"A":"k","k":2})");
  EXPECT_EQ(json_of("&a k: 1\nB: *a"), R"({"B":"k","k":1})");
  EXPECT_EQ(json_of("A: &a !Sub x\nB: *a"), R"({"A":{"Fn::Sub":"x"},"B":{"Fn::Sub":"x"}})");
}

// Nine levels of nine: 387 million values out of 500 bytes.
TEST(NodeReader, ABillionLaughs) {
  std::string yaml = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    const std::string before = "*" + std::string(1, static_cast<char>(c - 1));
    yaml += std::string(1, c) + ": &" + c + " [" + before;
    for (int i = 0; i < 8; ++i) yaml += "," + before;
    yaml += "]\n";
  }
  EXPECT_NE(problem_of(yaml).find("more than 200000 values"), std::string::npos);
}

// Half a megabyte of text, fifty times: few values, 25 MB.
TEST(NodeReader, TheTextOfAliasesIsLimited) {
  const auto with = [](size_t uses) {
    std::string yaml = "a: &a " + std::string(500'000, 'x') + "\nb: [0";
    for (size_t i = 0; i < uses; ++i) yaml += ",*a";
    return yaml + "]\n";
  };
  EXPECT_EQ(problem_of(with(6)), "no problem");  // eight times: what is kept, and the anchor itself
  EXPECT_NE(problem_of(with(7)).find("more than 4194304 bytes of text"), std::string::npos);
  const std::string key = "k: &k " + std::string(500'000, 'x') + "\n";
  std::string maps = key;
  for (char c = 'a'; c <= 'g'; ++c) maps += std::string(1, c) + ": {*k : 1}\n";
  EXPECT_NE(problem_of(maps).find("more than 4194304 bytes of text"), std::string::npos);
}

// Each anchor holds the one before it, as deep as is allowed: the depth must not add up.
TEST(NodeReader, AliasesInAliasesAreNoDeeperThanAllowed) {
  std::string yaml = "a: &a [[[[[[[[[[x]]]]]]]]]]\n";
  for (char c = 'b'; c <= 'z'; ++c)
    yaml +=
        std::string(1, c) + ": &" + c + " [[[[[[[[[[*" + static_cast<char>(c - 1) + "]]]]]]]]]]\n";
  EXPECT_NE(problem_of(yaml).find("nested deeper than 100 levels"), std::string::npos);
}

TEST(NodeReader, DepthIsLimited) {
  const auto nested = [](size_t lists, const char* open, const char* close) {
    std::string text = R"({"A": )";
    for (size_t i = 0; i < lists; ++i) text += open;
    text += "1";
    for (size_t i = 0; i < lists; ++i) text += close;
    return text + "}";
  };
  for (const auto& [open, close] : {std::pair{"[", "]"}, std::pair{"{\"B\":", "}"}}) {
    EXPECT_EQ(problem_of(read_json(nested(kMaxDepth - 1, open, close))), "no problem");
    EXPECT_NE(problem_of(read_json(nested(kMaxDepth, open, close))).find("nested deeper"),
              std::string::npos);
    EXPECT_EQ(problem_of(read_yaml(nested(kMaxDepth - 1, open, close))), "no problem");
    EXPECT_NE(problem_of(read_yaml(nested(kMaxDepth, open, close))).find("nested deeper"),
              std::string::npos);
  }
  EXPECT_NE(problem_of(std::string(500'000, '[')), "no problem");
  EXPECT_NE(problem_of("{\"A\":" + std::string(500'000, '[')), "no problem");
  std::string indented;
  for (size_t i = 0; i < 1000; ++i) indented += std::string(i, ' ') + "a:\n";
  EXPECT_NE(problem_of(indented), "no problem");
}

TEST(NodeReader, SizeIsLimited) {
  const std::string start = "{\"A\": \"", end = "\"}";
  const auto of_size = [&](size_t bytes) {
    return start + std::string(bytes - start.size() - end.size(), 'x') + end;
  };
  EXPECT_EQ(problem_of(of_size(kMaxTemplateBytes)), "no problem");
  EXPECT_EQ(problem_of(of_size(kMaxTemplateBytes + 1)),
            "Template may not exceed 1048576 bytes in size; it has 1048577");
}

TEST(NodeReader, TheNumberOfValuesIsLimited) {
  const auto with = [](size_t values) {
    std::string text = "[0";
    for (size_t i = 2; i < values; ++i) text += ",0";
    return text + "]";  // the list counts too
  };
  EXPECT_EQ(problem_of(read_json(with(kMaxNodes))), "no problem");
  EXPECT_NE(problem_of(read_json(with(kMaxNodes + 1))).find("more than 200000 values"),
            std::string::npos);
  EXPECT_EQ(problem_of(read_yaml(with(kMaxNodes))), "no problem");
  EXPECT_NE(problem_of(read_yaml(with(kMaxNodes + 1))).find("more than 200000 values"),
            std::string::npos);
}

TEST(NodeReader, TheNumberOfKeysIsLimited) {
  const auto with = [](size_t keys) {
    std::string text = "{\"k0\": 1";
    for (size_t i = 1; i < keys; ++i) text += ",\"k" + std::to_string(i) + "\": 1";
    return text + "}";
  };
  EXPECT_EQ(problem_of(with(kMaxMembers)), "no problem");
  EXPECT_NE(problem_of(with(kMaxMembers + 1)).find("more than 10000 keys"), std::string::npos);
}

// A megabyte of each of what parsers dislike: the test's time limit is the assertion.
TEST(NodeReader, HostileMegabytesEnd) {
  const auto repeated = [](std::string_view what) {
    std::string text;
    while (text.size() + what.size() <= kMaxTemplateBytes) text += what;
    return text;
  };
  for (const char* what :
       {"- ", "? ", ": ",  "a: ", "[",   "{",  "&a ",     "!a ",    "\"",  "'",    "|\n",
        "#",  "%",  "*a ", "-\n", "a\n", "\n", "- - a\n", "a: b\n", "[a,", "{a: ", "---\n"})
    EXPECT_NE(problem_of(read_yaml(repeated(what))), "") << what;
  for (const char* what : {"[", "{\"a\":", "\"", "1", "[1,", "\\u0000"})
    EXPECT_NE(problem_of(read_json(repeated(what))), "no problem") << what;
}

}  // namespace
}  // namespace kiln::cfn
