// What is wrong with a command line, as a sentence with the next step.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace kiln::cli {

// The command that `arguments` name where the program has none: "there is no command 'lst'; did you
// mean `kiln list`? `kiln --help` lists all commands". "" when the command is there or missing.
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& arguments);

// The commands right below `app` that its help shows.
std::vector<std::string> names_of_commands(const CLI::App& app);

// For an error of app.parse().
std::string usage_message(const CLI::App& app, const CLI::ParseError& error);

// A check for options: a whole number in both limits.
CLI::Validator number_between(int64_t least, int64_t most);
// A memory size in both limits, in MB: "512", "512MB", "1GB". As a transform: the option gets MB.
CLI::Validator megabytes_between(int64_t least, int64_t most);
// A time in both limits, in whole seconds: "30", "30s", "5m". As a transform: the option gets
// seconds.
CLI::Validator seconds_between(int64_t least, int64_t most);
// The same as number_between for any number.
CLI::Validator fraction_between(double least, double most);
// One of the words.
CLI::Validator one_of(std::vector<std::string> words);

// Required arguments of all commands refuse an empty text, as "$NAME" gives that isn't set.
void refuse_empty_arguments(CLI::App& app);

}  // namespace kiln::cli
