// The commands and options of the program as plain values, read from the parser: what completions,
// manual pages and docs/cli.md are made of.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace kiln::cli {

struct OptionShape {
  std::string names;                                 // "--follow, -f"; of an argument its name
  std::vector<std::string> long_names, short_names;  // without dashes
  std::string value;                                 // "TIME"; empty for a flag
  std::string about;
  std::string otherwise;  // the default, if it is worth saying
  bool required = false;
  bool repeats = false;

  std::string word() const;  // of an argument: as the usage line has it, "NAME[:QUALIFIER]"
};

OptionShape option_shape(const CLI::Option& option);

struct CommandShape {
  std::string path;  // "kiln alarm set"
  std::string name;  // "set"
  std::string about;
  std::string footer;
  std::vector<OptionShape> arguments;
  std::vector<OptionShape> options;
  std::vector<CommandShape> commands;
  bool passes_on = false;  // whatever follows its name goes to another program

  std::string usage() const;  // "kiln logs [OPTIONS] NAME..."
};

// Without hidden commands.
CommandShape shape_of(const CLI::App& app, const std::string& parent = "");

}  // namespace kiln::cli
