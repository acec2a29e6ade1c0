#include "cli/placed_json.h"

#include <gtest/gtest.h>

#include <variant>

#include "template/node_reader.h"

namespace kiln::cli {
namespace {

cfn::Node read(const std::string& text) {
  auto read = cfn::read_node(text);
  return std::get<cfn::Node>(std::move(read));
}

void expect_same_lines(const cfn::Node& a, const cfn::Node& b) {
  EXPECT_EQ(a.place.line, b.place.line);
  ASSERT_EQ(a.map.size(), b.map.size());
  for (size_t i = 0; i < a.map.size(); ++i) {
    EXPECT_EQ(a.map[i].place.line, b.map[i].place.line) << a.map[i].name;
    expect_same_lines(a.map[i].value, b.map[i].value);
  }
  ASSERT_EQ(a.list.size(), b.list.size());
  for (size_t i = 0; i < a.list.size(); ++i) expect_same_lines(a.list[i], b.list[i]);
}

TEST(PlacedJson, HasTheValuesAndTheLinesOfTheText) {
  for (const char* text : {R"(
# a comment
Resources:

  F:
    Type: AWS::Lambda::Function
    Properties: {MemorySize: 128, Handler: !Sub "${A}.h"}
  G:
    Type: T
    DependsOn:
      - F
      - H
Text: |
  two
  lines
After: [1, true, null, "x"])",
                           "{\n \"A\": {\n\n  \"B\": [1,\n 2.5]}\n}"}) {
    const cfn::Node before = read(text);
    const std::string text_again = placed_json(before);
    const cfn::Node after = read(text_again);
    EXPECT_EQ(cfn::to_json(after), cfn::to_json(before)) << text_again;
    expect_same_lines(before, after);
  }
}

TEST(PlacedJson, KeepsColumnsWhereThereIsRoom) {
  EXPECT_EQ(placed_json(read("A:\n    B: 1\n")), "{\"A\":\n    {\"B\":1}}");
}

}  // namespace
}  // namespace kiln::cli
