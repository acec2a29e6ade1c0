// --help of every command in 80 columns, with nothing lost.
#include "cli/help_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/table.h"
#include "tests/support/cli_program.h"

namespace kiln::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// The names in the lists of commands of a help text.
std::vector<std::string> subcommands_in(const std::string& help) {
  std::vector<std::string> names;
  std::istringstream lines(help);
  std::string heading;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(' ')) heading = line.ends_with(':') ? line : "";
    const bool lists = !heading.empty() && heading != "Options:" && heading != "Arguments:" &&
                       heading != "Examples:";
    if (lists && line.starts_with("  ") && line[2] != ' ')
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return names;
}

int check_columns(const std::vector<std::string>& command) {
  std::vector<std::string> arguments = command;
  arguments.emplace_back("--help");
  const std::string help = run(arguments).out;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(shown_width(line), kHelpColumns) << testing::PrintToString(command) << ": " << line;
  int checked = 1;
  for (const std::string& name : subcommands_in(help)) {
    std::vector<std::string> inner = command;
    inner.push_back(name);
    checked += check_columns(inner);
  }
  return checked;
}

TEST(Help, OfEveryCommandFitsIntoEightyColumns) { EXPECT_GT(check_columns({}), 40); }

TEST(Help, GroupsTheCommandsByPurpose) {
  const std::string help = run({"--help"}).out;
  EXPECT_THAT(help, HasSubstr("\nRun functions:\n  serve       Run the engine until Ctrl-C\n"));
  EXPECT_THAT(help, HasSubstr("\nDeploy stacks:\n  deploy      "));
  EXPECT_THAT(help, testing::Not(HasSubstr("Subcommands:")));
  EXPECT_THAT(help, testing::Not(HasSubstr("  reference ")));
  // A line for each.
  std::istringstream lines(help.substr(help.find("\nRun functions:")));
  for (std::string line; std::getline(lines, line) && line != "Examples:";)
    EXPECT_FALSE(line.starts_with("   ")) << line;
}

TEST(Help, SaysAllThatItHas) {
  const std::string help = run({"serve", "--help"}).out;
  EXPECT_THAT(help, StartsWith("Run the engine until Ctrl-C\nUsage: kiln serve [OPTIONS]\n"));
  EXPECT_THAT(help, HasSubstr("  --port PORT=4566          TCP port; 0 takes a free one\n"));
  EXPECT_THAT(
      help,
      HasSubstr("  --account-concurrency N=1000\n"
                "                            Concurrent executions of the account; ten times as\n"
                "                            many requests a second\n"));
}

TEST(Help, NamesArgumentsAsItsUsageLineDoes) {
  EXPECT_THAT(run({"invoke", "--help"}).out,
              HasSubstr("\nUsage: kiln invoke [OPTIONS] NAME[:QUALIFIER] [JSON|@FILE|-]\n\n"
                        "Arguments:\n"
                        "  NAME[:QUALIFIER]          Name with"));
  EXPECT_THAT(run({"logs", "--help"}).out,
              HasSubstr("\nUsage: kiln logs [OPTIONS] NAME[:QUALIFIER]...\n\nArguments:\n"
                        "  NAME[:QUALIFIER] ...  "));
  const std::string alarm = run({"alarm", "--help"}).out;
  EXPECT_THAT(alarm, HasSubstr("\nUsage: kiln alarm [OPTIONS] COMMAND\n"));
  EXPECT_THAT(alarm, HasSubstr("\nCommands:\n  list  "));
  EXPECT_THAT(run({"alarm", "set", "--help"}).out,
              HasSubstr("\nUsage: kiln alarm set [OPTIONS] NAME\n"));
}

TEST(Help, WrapsBetweenWords) {
  EXPECT_EQ(wrapped("one two  three\nfour", 9), "one two\nthree\nfour");
  EXPECT_EQ(wrapped("…… …… abc", 5), "…… ……\nabc");
  EXPECT_EQ(wrapped("longerthanaline is", 5), "longerthanaline\nis");
  EXPECT_EQ(wrapped("", 5), "");
}

TEST(Help, NotesStayBelowEachOtherWhenOneHasNoRoom) {
  EXPECT_EQ(
      fitted_footer("Examples:\n"
                    "  kiln a                                              short\n"
                    "  kiln long --b                                       a note that has no "
                    "room where it is\n"
                    "  kiln c"),
      "Examples:\n"
      "  kiln a         short\n"
      "  kiln long --b  a note that has no room where it is\n"
      "  kiln c");
}

TEST(Help, LongExamplesGoOnInTheNextLine) {
  const std::string words(70, 'x');
  EXPECT_EQ(fitted_footer("Examples:\n  kiln a --b c   what it is"),
            "Examples:\n  kiln a --b c   what it is");
  EXPECT_EQ(
      fitted_footer(
          "  kiln a                                                    a comment that is long"),
      "  kiln a  a comment that is long");
  EXPECT_EQ(fitted_footer("  kiln " + words + "     a comment"),
            "  kiln " + words + "\n      a comment");
  EXPECT_EQ(fitted_footer("  kiln " + words + " --rate 'one two three'"),
            "  kiln " + words + " \\\n      --rate 'one two three'");
  EXPECT_EQ(fitted_footer("a\nb\n\nc"), "a b\n\nc");
}

}  // namespace
}  // namespace kiln::cli
