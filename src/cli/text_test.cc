// Tables and payloads.
#include <gtest/gtest.h>

#include <sstream>

#include "cli/payload.h"
#include "cli/size_text.h"
#include "cli/table.h"
#include "tests/support/cli_folder.h"

namespace kiln::cli {
namespace {

struct TestConsole {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err};
};

TEST(Table, AlignsColumnsAndLeavesNoTrailingBlanks) {
  TestConsole t;
  Table table({{"NAME"}, {"MEMORY", Align::kRight}, {"NOTE"}});
  table.add({"a", "128 MB", ""});
  table.add({"longer", "10240 MB", "x"});
  EXPECT_EQ(table.format(t.console),
            "NAME      MEMORY  NOTE\n"
            "a         128 MB\n"
            "longer  10240 MB  x\n");
}

TEST(Table, CountsCodePointsAndBlanksControlCharacters) {
  TestConsole t;
  Table table({{"N"}, {"X"}});
  table.add({"äö", "1"});
  table.add({"a\nb\033c", "2"});
  EXPECT_EQ(table.format(t.console), "N      X\näö     1\na b c  2\n");
}

TEST(Table, TitleIsBoldOnlyOnATerminalThatWantsColors) {
  TestConsole t;
  Table table({{"N"}});
  EXPECT_EQ(table.format(t.console), "N\n");
  t.console.out_is_terminal = true;
  EXPECT_EQ(table.format(t.console), "\033[1mN\033[0m\n");
  t.console.colors_allowed = false;
  EXPECT_EQ(table.format(t.console), "N\n");
}

TEST(SizeText, HasOneDecimalAndLambdasUnits) {
  EXPECT_EQ(size_text(0), "0 bytes");
  EXPECT_EQ(size_text(1), "1 byte");
  EXPECT_EQ(size_text(1023), "1023 bytes");
  EXPECT_EQ(size_text(1024), "1 KB");
  EXPECT_EQ(size_text(1536), "1.5 KB");
  EXPECT_EQ(size_text(262'144'000), "250 MB");
  EXPECT_EQ(count_text(1, "file"), "1 file");
  EXPECT_EQ(count_text(0, "file"), "0 files");
  EXPECT_EQ(count_text(999, "file"), "999 files");
  EXPECT_EQ(count_text(1'234'567, "file"), "1,234,567 files");
}

TEST(Console, ConfirmTakesOnlyYes) {
  for (const auto& [answer, expected] :
       {std::pair{"y\n", true}, {"yes\n", true}, {"n\n", false}, {"\n", false}, {"", false}}) {
    TestConsole t;
    t.in.str(answer);
    EXPECT_EQ(t.console.confirm("Sure?"), expected) << answer;
    // Where nobody typed a line, as with Ctrl-D, the next text begins on a new one all the same.
    EXPECT_EQ(t.err.str(), answer == std::string() ? "Sure? [y/N] \n" : "Sure? [y/N] ");
  }
}

TEST(Payload, DefaultsToAnEmptyObject) {
  std::istringstream in;
  EXPECT_EQ(*read_payload("", in), "{}");
}

TEST(Payload, TakesTextFilesAndStandardInputAsTheyAre) {
  const TestFolder folder;
  const std::string file = folder.write("event.json", "{ \"a\": 1 }\n");
  std::istringstream in("[1, 2]");
  EXPECT_EQ(*read_payload("{\"a\":  1}", in), "{\"a\":  1}");
  EXPECT_EQ(*read_payload("\"text\"", in), "\"text\"");
  EXPECT_EQ(*read_payload("@" + file, in), "{ \"a\": 1 }\n");
  EXPECT_EQ(*read_payload("-", in), "[1, 2]");
}

TEST(Payload, RefusesWhatIsNotJsonAndNamesIt) {
  const TestFolder folder;
  const std::string file = folder.write("event.json", "{");
  std::istringstream in("nope");
  EXPECT_NE(read_payload("hello", in).error().message.find("not JSON"), std::string::npos);
  EXPECT_NE(read_payload("{\"a\":\n b}", in).error().message.find("JSON: line 2, column 2: "),
            std::string::npos);
  EXPECT_NE(read_payload("@" + file, in).error().message.find(file), std::string::npos);
  EXPECT_NE(read_payload("-", in).error().message.find("standard input"), std::string::npos);
  const std::string word = folder.write("word.json", "hello\n");
  EXPECT_EQ(read_payload("@" + word, in).error().message,
            "'" + word + "' is not JSON; a string needs its quotes, as in \"text\"");
  EXPECT_NE(read_payload("out.json", in).error().message.find("`kiln invoke NAME '{}' > out.json`"),
            std::string::npos);
  EXPECT_EQ(read_payload(folder.path() + "/evnt.json", in).error().message,
            "the payload is not JSON, and there is no file or folder '" + folder.path() +
                "/evnt.json'; did you mean " + file + "?");
  EXPECT_EQ(read_payload(folder.path(), in).error().message,
            "the payload is not JSON, and '" + folder.path() +
                "' is a folder; write the event's file as @FILE");
  const Result<std::string> missing = read_payload("@" + file + ".not-there", in);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace kiln::cli
