// Tables on terminals that are too narrow for them.
#include "cli/table_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/table.h"

namespace kiln::cli {
namespace {

using testing::ElementsAre;

const std::vector<Breaks> kTextNumberText = {Breaks::kAnywhere, Breaks::kNever, Breaks::kAnywhere};

TEST(TableFit, TheWidestTextsGiveWay) {
  EXPECT_THAT(fitted_widths({30, 8, 20}, kTextNumberText, 2, 62), ElementsAre(30, 8, 20));
  EXPECT_THAT(fitted_widths({30, 8, 20}, kTextNumberText, 2, 61), ElementsAre(29, 8, 20));
  EXPECT_THAT(fitted_widths({30, 8, 20}, kTextNumberText, 2, 42), ElementsAre(15, 8, 15));
  EXPECT_THAT(fitted_widths({30, 8, 20}, kTextNumberText, 2, 32), ElementsAre(10, 8, 10));
}

TEST(TableFit, SentencesGiveWayBeforeNames) {
  const std::vector<Breaks> breaks = {Breaks::kAnywhere, Breaks::kAtBlanks};
  EXPECT_THAT(fitted_widths({24, 40}, breaks, 2, 46), ElementsAre(24, 20));
  EXPECT_THAT(fitted_widths({24, 40}, breaks, 2, 45), ElementsAre(21, 22));
}

TEST(TableFit, WhatHangsGivesWayBeforeWhatIsBroken) {
  const std::vector<Breaks> breaks = {Breaks::kHangs, Breaks::kAnywhere, Breaks::kHangs};
  EXPECT_THAT(fitted_widths({30, 21, 50}, breaks, 2, 60), ElementsAre(17, 21, 18));
  EXPECT_THAT(fitted_widths({30, 21, 50}, breaks, 2, 40), ElementsAre(12, 12, 12));
}

TEST(TableFit, NothingIsDoneWhereItDoesNotHelp) {
  EXPECT_THAT(fitted_widths({30, 8, 20}, kTextNumberText, 2, 31), ElementsAre(30, 8, 20));
  EXPECT_THAT(fitted_widths({90, 8}, {Breaks::kNever, Breaks::kNever}, 2, 80), ElementsAre(90, 8));
  EXPECT_THAT(fitted_widths({}, {}, 2, 80), ElementsAre());
}

TEST(TableFit, BreaksAtBlanksThenMarksThenAnywhere) {
  EXPECT_THAT(broken_cell("", 5), ElementsAre(""));
  EXPECT_THAT(broken_cell("exact", 5), ElementsAre("exact"));
  EXPECT_THAT(broken_cell("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(broken_cell("one two  three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(broken_cell("orders:live-AlarmHigh-7", 12),
              ElementsAre("orders:live-", "AlarmHigh-7"));
  EXPECT_THAT(broken_cell("abcdefghijkl", 5), ElementsAre("abcde", "fghij", "kl"));
  EXPECT_THAT(broken_cell("éééééé", 4), ElementsAre("éééé", "éé"));
  EXPECT_THAT(broken_cell("  x", 1), ElementsAre("", "x"));
  EXPECT_THAT(broken_cell("blanks at its end   ", 17), ElementsAre("blanks at its end"));
}

TEST(TableFit, EveryTextFitsAndLosesNothingButBlanks) {
  const std::string text = "Threshold Crossed: 1 datapoint [1.0 (30/11/26 05:35:00)] äöü/long-name";
  for (size_t width = 1; width < 90; ++width) {
    std::string all;
    for (const std::string& line : broken_cell(text, width)) {
      EXPECT_LE(shown_width(line), width);
      all += line;
    }
    std::string wanted = text;
    std::erase(all, ' ');
    std::erase(wanted, ' ');
    EXPECT_EQ(all, wanted) << width;
  }
}

TEST(FittedLines, BreakAtBlanksBelowTheirFirstWord) {
  EXPECT_EQ(fitted_lines("one two three four", 9), "one two\nthree\nfour");
  EXPECT_EQ(fitted_lines("  one two three\n", 9), "  one two\n  three\n");
  EXPECT_EQ(fitted_lines("kiln: one two three", 12, 6), "kiln: one\n      two\n      three");
  EXPECT_EQ(fitted_lines("\x1b[31mkiln:\x1b[0m one two", 9, 6),
            "\x1b[31mkiln:\x1b[0m one\n      two");
}

TEST(FittedLines, CommandsAndNumbersWithUnitsStayWhole) {
  EXPECT_EQ(fitted_lines("do `kiln a b` now", 12), "do\n`kiln a b`\nnow");
  EXPECT_EQ(fitted_lines("do `kiln a b`; then", 13), "do\n`kiln a b`;\nthen");
  EXPECT_EQ(fitted_lines("do `kiln a b c d` now", 9), "do\n`kiln a b c d`\nnow");
  EXPECT_EQ(fitted_lines("an `open quote", 9), "an `open\nquote");
  EXPECT_EQ(fitted_lines("took 17.6 ms", 10), "took\n17.6 ms");
  EXPECT_EQ(fitted_lines("took 17.6 days", 10), "took 17.6\ndays");
}

TEST(FittedLines, LeaveTheRestAsItIs) {
  EXPECT_EQ(fitted_lines("", 9), "");
  EXPECT_EQ(fitted_lines("exactly 9\n\nshort\n", 9), "exactly 9\n\nshort\n");
  EXPECT_EQ(fitted_lines("a  b   c", 8), "a  b   c");
  EXPECT_EQ(fitted_lines("a  b   cd", 8), "a  b\ncd");
  EXPECT_EQ(fitted_lines("éé éé éé", 5), "éé éé\néé");
  EXPECT_EQ(fitted_lines("https://example.com/long and", 9), "https://example.com/long\nand");
  EXPECT_EQ(fitted_lines("\x1b[1mcolored text\x1b[0m", 12), "\x1b[1mcolored text\x1b[0m");
}

std::string on_a_terminal(const Table& table) {
  std::stringstream in, out, err;
  return table.format(Console{in, out, err, false, true, false, false});
}

TEST(Table, ColumnsThatDoNotFitFollowBesideTheKeys) {
  std::vector<Column> columns = {{""}, {"SIZE", Align::kRight}};
  std::vector<std::string> row = {"*", "128"};
  for (const char* title : {"A", "B", "C"}) {
    columns.push_back({std::string(title) + std::string(29, '.'), Align::kRight});
    row.emplace_back(title);
  }
  Table table(columns, 2);
  table.add(row);
  const std::string blanks(31, ' ');
  const std::string dots(29, '.');
  EXPECT_EQ(on_a_terminal(table), "   SIZE  A" + dots + "  B" + dots + "\n*   128" + blanks + "A" +
                                      blanks + "B\n\n   SIZE  C" + dots + "\n*   128" + blanks +
                                      "C\n");
}

TEST(Table, NamesAtBothEndsStayWhole) {
  Table table({{"RESOURCE"}, {"STATUS"}, {"NAME OR ARN"}});
  const std::string resource = "ProcessOrdersFunctionDeadLetterTopic";
  const std::string arn = "arn:aws:sns:us-east-1:000000000000:" + resource;
  table.add({"Short", "CREATE_COMPLETE", "short"});
  table.add({resource, "CREATE_COMPLETE", arn});
  const std::string text = on_a_terminal(table);
  EXPECT_THAT(text, testing::HasSubstr("\n" + resource + "\n"));
  EXPECT_THAT(text, testing::HasSubstr("CREATE_COMPLETE\n  " + arn + "\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\nShort  +CREATE_COMPLETE  short\n"));
}

TEST(Table, EmptyColumnsGoWhereThereIsNoRoom) {
  Table table({{"LAYER"}, {"ARN"}, {"DESCRIPTION"}});
  table.add({"prices", std::string(70, 'a'), ""});
  EXPECT_EQ(on_a_terminal(table), "LAYER   ARN\nprices  " + std::string(70, 'a') + "\n");
}

}  // namespace
}  // namespace kiln::cli
