#include "template/functions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "template/node_reader.h"

namespace kiln::cfn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Node node_in(const std::string& text) {
  NodeOrProblem read = read_node(text);
  const auto* problem = std::get_if<Problem>(&read);
  EXPECT_EQ(problem, nullptr) << problem->message << "\n" << text;
  return problem ? Node{} : std::move(std::get<Node>(read));
}

std::vector<std::string> functions(const std::string& yaml, Within within = Within::kValues) {
  std::vector<std::string> out;
  visit_functions(node_in(yaml), within, [&](const FunctionUse& use) {
    out.push_back(std::string(use.name) + "@" + std::to_string(use.place.column));
  });
  return out;
}

TEST(Functions, WhichMapsAreFunctions) {
  EXPECT_THAT(functions("A: {Ref: X}"), ElementsAre("Ref@5"));
  EXPECT_THAT(functions("A: !Sub ['${B}', {B: !GetAtt C.D}]"),
              ElementsAre("Fn::Sub@4", "Fn::GetAtt@22"));
  EXPECT_THAT(functions("A: {Ref: X, Of: Y}"), IsEmpty());
  EXPECT_THAT(functions("A: {'Fn::Nothing': X}"), ElementsAre("Fn::Nothing@5"));
  EXPECT_THAT(functions("A: 'Ref'"), IsEmpty());
  EXPECT_THAT(functions("[{Ref: X}, {Ref: Y}]"), ElementsAre("Ref@3", "Ref@13"));
}

// A policy statement has a member Condition, too.
TEST(Functions, ConditionIsOneInConditionsOnly) {
  EXPECT_THAT(functions("A: {Condition: X}"), IsEmpty());
  EXPECT_THAT(functions("A: {Condition: X}", Within::kConditions), ElementsAre("Condition@5"));
  EXPECT_THAT(functions("A: !And [!Condition X, !Condition Y]", Within::kConditions),
              ElementsAre("Fn::And@4", "Condition@10", "Condition@24"));
}

TEST(Functions, OneOfSeveralMembersIsNotAlone) {
  const Node together = node_in("'Fn::Sub': a\nB: c");
  ASSERT_NE(find_function(together, Within::kValues).member, nullptr);
  EXPECT_FALSE(find_function(together, Within::kValues).alone);
  EXPECT_TRUE(find_function(node_in("'Fn::Sub': a"), Within::kValues).alone);
  EXPECT_EQ(find_function(node_in("[a]"), Within::kValues).member, nullptr);
}

TEST(Functions, ShapesOfArguments) {
  struct Case {
    const char* yaml;
    const char* problem;  // "": none
  };
  constexpr Case kCases[] = {
      {"!Ref A", ""},
      {"!Ref [A]", "the argument of Ref must be a text"},
      {"!GetAtt A.B", ""},
      {"!GetAtt A.B.C", ""},
      {"!GetAtt A", "every Fn::GetAtt object requires two non-empty parameters"},
      {"!GetAtt [A, B]", ""},
      {"!GetAtt [A, !Ref B]", ""},
      {"!GetAtt [!Ref A, B]", "every Fn::GetAtt object requires"},
      {"!GetAtt [A, '']", "every Fn::GetAtt object requires"},
      {"!Sub a", ""},
      {"!Sub [a, {}]", ""},
      {"!Sub [a]", "every Fn::Sub object with a list must have two elements"},
      {"!Sub [a, b]", "every Fn::Sub object with a list must have two elements"},
      {"!Sub [a, {}, {}]", "every Fn::Sub object with a list must have two elements"},
      {"!Sub [!Ref A, {}]", "don't specify expected arguments"},
      {"!Sub '${A-B}'", "this one is 'A-B'"},
      {"!Sub '${}'", "this one is ''"},
      {"!Join ['', []]", ""},
      {"!Join ['']", "a list of 2 arguments, this one has 1"},
      {"!Join ''", "a list of 2 arguments"},
      {"!And [!Condition A]", "a list of 2 to 10 arguments, this one has 1"},
      {"!Or [1,2,3,4,5,6,7,8,9,10]", ""},
      {"!Or [1,2,3,4,5,6,7,8,9,10,11]", "this one has 11"},
      {"!Not [!Condition A]", ""},
      {"!Not [a, b]", "a list of 1 arguments, this one has 2"},
      {"!If [A, b]", "a list of 3 arguments, this one has 2"},
      {"!FindInMap [A, b, c]", ""},
      {"!FindInMap [A, b, c, {DefaultValue: d}]", ""},
      {"!FindInMap [A, b, c, d]", "a map with DefaultValue"},
      {"!Cidr [a, 1]", ""},
      {"!Cidr [a, 1, 2, 3]", "a list of 2 to 3 arguments, this one has 4"},
      {"!GetAZs ''", ""},
      {"!Transform {Name: Mine}", "there are none here"},
      {"!Transform {Name: AWS::Include}", ""},
      {"'Fn::ForEach::A': []", "needs `Transform: AWS::LanguageExtensions`"},
      {"'Fn::Nothing': []", "Fn::Nothing is not a function of CloudFormation"},
  };
  for (const auto& [yaml, problem] : kCases) {
    const std::string text =
        "A: " + (*yaml == '!' ? std::string(yaml) : "{" + std::string(yaml) + "}");
    const Node node = node_in(text);
    const Member* member = find_function(node.map[0].value, Within::kValues).member;
    ASSERT_NE(member, nullptr) << yaml;
    const std::string found = shape_problem({member->name, member->value, member->place});
    if (*problem == '\0')
      EXPECT_EQ(found, "") << yaml;
    else
      EXPECT_THAT(found, HasSubstr(problem)) << yaml;
  }
}

std::string parts(std::string_view text) {
  std::string out;
  for (const SubPart& part : sub_parts(text))
    out += part.kind == SubPart::Kind::kText ? "'" + part.text + "'" : "<" + part.text + ">";
  return out;
}

TEST(Functions, PartsOfSub) {
  EXPECT_EQ(parts(""), "");
  EXPECT_EQ(parts("a"), "'a'");
  EXPECT_EQ(parts("${A}"), "<A>");
  EXPECT_EQ(parts("a${A.B}c${AWS::Region}"), "'a'<A.B>'c'<AWS::Region>");
  EXPECT_EQ(parts("${ A }"), "<A>");
  EXPECT_EQ(parts("a${!A}b"), "'a${A}b'");
  EXPECT_EQ(parts("${A"), "'${A'");
  EXPECT_EQ(parts("$A {B} $${C}"), "'$A {B} $'<C>");
  EXPECT_EQ(parts("${${A}}"), "<${A>'}'");
}

TEST(Functions, WhatSubRefersTo) {
  const auto of = [](const std::string& yaml) {
    return sub_references(node_in("A: " + yaml).map[0].value);
  };
  EXPECT_THAT(of("'${A}${B.C}${!D}'"), ElementsAre("A", "B.C"));
  EXPECT_THAT(of("['${A}${B}', {B: x, C: y}]"), ElementsAre("A"));
}

TEST(Functions, Attributes) {
  const auto of = [](const std::string& yaml) {
    const Node node = node_in("A: " + yaml);
    const Attribute attribute = attribute_of(node.map[0].value);
    return attribute.resource + "|" + attribute.attribute + (attribute.computed ? "|computed" : "");
  };
  EXPECT_EQ(of("A.B"), "A|B");
  EXPECT_EQ(of("A.B.C"), "A|B.C");
  EXPECT_EQ(of("[A, B.C]"), "A|B.C");
  EXPECT_EQ(of("[A, B, C]"), "A|B.C");
  EXPECT_EQ(of("[A, !Ref B]"), "A||computed");
  for (const char* wrong : {"A", ".A", "A.", "[A]", "[]", "['', B]", "[A, [B]]", "7"})
    EXPECT_EQ(of(wrong), "|") << wrong;
}

TEST(Functions, ConditionsThatAConditionNames) {
  const Node node =
      node_in("A: !Or [!Condition X, !Not [!Condition Y], !Equals [!If [Z, a, b], !If [X, a, b]]]");
  EXPECT_THAT(condition_names(node.map[0].value), UnorderedElementsAre("X", "Y", "Z"));
}

TEST(Functions, Circles) {
  EXPECT_THAT(find_circle({}), IsEmpty());
  EXPECT_THAT(find_circle({{"a", {"b", "c"}}, {"b", {"c"}}, {"c", {"elsewhere"}}}), IsEmpty());
  EXPECT_THAT(find_circle({{"a", {"a"}}}), ElementsAre("a"));
  EXPECT_THAT(find_circle({{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}), ElementsAre("b", "c"));
}

// All of a thousand need all that come after them.
TEST(Functions, CirclesInMuchAreFoundAtOnce) {
  Needs needs;
  const auto name = [](int i) { return std::to_string(1000 + i); };
  for (int i = 0; i < 1000; ++i)
    for (int k = i + 1; k < 1000; ++k) needs[name(i)].push_back(name(k));
  EXPECT_THAT(find_circle(needs), IsEmpty());
  needs[name(999)] = {name(0)};
  EXPECT_FALSE(find_circle(needs).empty());
}

}  // namespace
}  // namespace kiln::cfn
