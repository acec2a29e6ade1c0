#include "cli/usage_error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "base/duration_text.h"
#include "base/near_word.h"
#include "cli/command_shape.h"
#include "cli/familiar_words.h"
#include "cli/read_file.h"
#include "cli/shell.h"

namespace kiln::cli {
namespace {

// The commands that were named, outermost first: "kiln alarm set".
const CLI::App& innermost(const CLI::App& app, std::string& path) {
  const CLI::App* at = &app;
  path = app.get_name();
  while (true) {
    const auto named = at->get_subcommands();
    if (named.empty()) return *at;
    at = named.front();
    path += " " + at->get_name();
  }
}

std::vector<std::string> names_of_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

// The dashes, which all have, make no two names alike.
std::string near_option(const CLI::App& command, const std::string& name) {
  std::vector<std::string> words;
  for (const std::string& each : names_of_options(command)) words.push_back(each.substr(2));
  const std::string near =
      near_word(name.substr(std::min(name.size(), name.find_first_not_of('-'))), words);
  return near.empty() ? "" : "--" + near;
}

// "list, set, or delete".
std::string alternatives(const std::vector<std::string>& words) {
  std::string list;
  for (size_t i = 0; i < words.size(); ++i)
    list += (i == 0                 ? ""
             : i + 1 < words.size() ? ", "
             : words.size() == 2    ? " or "
                                    : ", or ") +
            words[i];
  return list;
}

std::string did_you_mean(const std::string& near) {
  return near.empty() ? "" : "; did you mean " + near + "?";
}

// The argument as the usage line has it: "NAME[:QUALIFIER]" where the parser calls it function.
std::string shown_argument(const CLI::App& command, const std::string& name) {
  for (const OptionShape& argument : shape_of(command).arguments)
    if (argument.names == name) return argument.word();
  return name;
}

std::string usage_line(const CLI::App& command, const std::string& path) {
  CommandShape shape = shape_of(command);
  shape.path = path;
  return shape.usage();
}

// CLI11 says "OPTION: what is wrong"; the option is the subject of the sentence.
std::string sentence(const std::string& text) {
  const size_t colon = text.find(": is ");
  if (colon == std::string::npos) return text;
  return text.substr(0, colon) + text.substr(colon + 1);
}

// "Could not convert: --memory = many" → "--memory can't be 'many'; it takes MB".
std::string conversion(const CLI::App& command, const std::string& text) {
  constexpr std::string_view kPrefix = "Could not convert: ";
  const size_t equals = text.find(" = ");
  if (!text.starts_with(kPrefix) || equals == std::string::npos) return text;
  const std::string name = text.substr(kPrefix.size(), equals - kPrefix.size());
  std::string message = name + " can't be '" + text.substr(equals + 3) + "'";
  if (const CLI::Option* option = command.get_option_no_throw(name))
    if (const std::string type = option->get_type_name(); !type.empty())
      message += "; it takes " + type + ", a number";
  return message;
}

// "--port: 1 required PORT missing" → "--port needs a value: PORT", and
// "--diff: At least 2 required but received 1" → "--diff needs more values: OLD NEW".
std::string mismatch(const CLI::App& command, const std::string& text) {
  const size_t colon = text.find(": ");
  if (text.find(": At least ") == colon && colon != std::string::npos) {
    const std::string name = text.substr(0, colon);
    const CLI::Option* option = command.get_option_no_throw(name);
    if (option != nullptr) return name + " needs more values: " + option->get_type_name();
  }
  const size_t missing = text.rfind(" missing");
  const size_t required = text.find(" required ");
  if (colon == std::string::npos || missing == std::string::npos || required == std::string::npos)
    return text;
  const size_t from = required + std::string_view(" required ").size();
  return text.substr(0, colon) + " needs a value: " + text.substr(from, missing - from);
}

// "a excludes b" → "a and b can't go together".
std::string contradiction(const std::string& text) {
  constexpr std::string_view kExcludes = " excludes ";
  const size_t at = text.find(kExcludes);
  if (at == std::string::npos) return text;
  return text.substr(0, at) + " and " + text.substr(at + kExcludes.size()) +
         " can't go together; leave one out";
}

std::string first_option(const std::vector<std::string>& words) {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [](const std::string& word) { return word.starts_with('-'); });
  return found == words.end() ? "" : *found;
}

std::string unknown_option(const CLI::App& command, const std::string& path,
                           const std::string& word, const std::string& help) {
  const std::string name = word.substr(0, word.find('='));
  const std::string own_path = path.substr(std::min(path.size(), path.find(' ') + 1));
  if (const std::string advice = advice_for_option(own_path, name); !advice.empty())
    return path + " has no option " + name + "; " + advice + "; " + help;
  const std::string near = near_option(command, name);
  // CLI11 reads the options of a command behind its name alone.
  if (near == name)
    return name + " belongs behind the command: `" + path + " " + name +
           (word == name && command.get_option(name)->get_expected_max() > 0 ? " VALUE" : "") + "`";
  const CLI::App* program = &command;
  while (program->get_parent() != nullptr) program = program->get_parent();
  if (name == "--version")
    return name + " prints Kiln's version, and stands alone: `" + program->get_name() + " " + name +
           "`";
  if (const CLI::Option* option = program->get_option_no_throw(name); option != nullptr)
    return name + " belongs before the command: `" + program->get_name() + " " + name +
           (option->get_expected_max() > 0 ? " VALUE " : " ") + own_path + "`";
  return path + " has no option " + name + did_you_mean(near) + (near.empty() ? "; " : " ") + help;
}

// `kiln create ./hello`, where a name is missing: "`kiln create hello ./hello` names it hello; ".
std::string name_before(const CLI::App& command, const std::string& path) {
  const CLI::Option* name = command.get_option_no_throw("name");
  if (name == nullptr || !name->get_positional() || name->results().size() != 1) return "";
  std::error_code ec;
  const std::string given = name->results().front();
  const std::filesystem::path code = std::filesystem::canonical(given, ec);
  if (ec || !code.has_filename()) return "";
  const std::string short_name = shell_word(code.stem().string());
  return "`" + path + " " + short_name + " " + shell_word(given) + "` names it " + short_name +
         "; ";
}

// A value that came from a variable is named by it: "KILN_ALLOW_HOST is 'a:b'; …".
std::string with_its_source(const CLI::App& command, const std::string& text) {
  const size_t colon = text.find(": is '");
  if (colon == std::string::npos) return text;
  const CLI::Option* option = command.get_option_no_throw(text.substr(0, colon));
  const char* said = option == nullptr || option->get_envname().empty()
                         ? nullptr
                         : std::getenv(option->get_envname().c_str());
  if (said == nullptr) return text;
  const size_t begin = colon + std::string_view(": is '").size();
  const std::string value = text.substr(begin, text.find('\'', begin) - begin);
  return std::string_view(said).find(value) == std::string_view::npos
             ? text
             : option->get_envname() + text.substr(colon);
}

}  // namespace

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty()) names.push_back(command->get_name());
  return names;
}

std::string unknown_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* at = &app;
  std::string path = app.get_name();
  for (const std::string& word : arguments) {
    if (word.starts_with('-')) return "";  // options of the program itself; parse() sees to them
    const auto all = at->get_subcommands([](const CLI::App*) { return true; });  // hidden ones, too
    if (all.empty()) return "";
    const std::vector<std::string> names = names_of_commands(*at);
    const auto named = std::find_if(all.begin(), all.end(), [&word](const CLI::App* command) {
      return command->get_name() == word;
    });
    if (named != all.end()) {
      at = *named;
      path += " " + word;
      continue;
    }
    const auto rest = std::find(arguments.begin(), arguments.end(), word);
    std::string advice = at == &app ? advice_for_command(word) : "";
    if (advice.empty() && at == &app) advice = aws_command_of({rest, arguments.end()});
    std::string near = near_word(word, names);
    // "events" is a service of AWS's, but alone it is one of Kiln's commands with a letter more.
    if (!advice.empty() && std::next(rest) == arguments.end() && near + "s" == word)
      return "there is no command '" + path + " " + word + "'" +
             did_you_mean("`" + path + " " + near + "`") + " " + advice;
    if (!advice.empty()) return "there is no command '" + path + " " + word + "'; " + advice;
    if (const std::string ours = at == &app ? "" : our_verb(word, names); !ours.empty())
      near = ours;
    return "there is no command '" + path + " " + word + "'" +
           did_you_mean(near.empty() ? "" : "`" + path + " " + near + "`") +
           (near.empty() ? "; " : " ") + "`" + path + " --help` lists the commands";
  }
  return "";
}

std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  std::string path;
  const CLI::App& command = innermost(app, path);
  const std::string help = "`" + path + " --help` shows what it takes";
  const std::string text = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extras = app.remaining(true);
    const std::string word = extras.empty() ? "" : extras.front();
    if (word.starts_with('-')) return unknown_option(command, path, word, help);
    // {"name": "Ada"}, of which the shell made two words without quotes.
    const std::string quotes = word.ends_with('}') ? "JSON needs quotes, as in '{\"a\": 1}'; " : "";
    const bool port = path == "kiln serve" && !word.empty() &&
                      std::all_of(word.begin(), word.end(), ascii::is_digit);
    return path + " has no place for '" + word + "'; " +
           (port ? "`kiln serve --port " + word + "` listens there; " : quotes) + help;
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    if (text.find("subcommand") != std::string::npos) {
      const std::string option = first_option(app.remaining(true));
      if (!option.empty()) return unknown_option(command, path, option, help);
      return path + " needs a command: " + alternatives(names_of_commands(command)) + "; `" + path +
             " --help` says more";
    }
    const std::string missing = shown_argument(command, text.substr(0, text.find(" is required")));
    return path + " needs " + missing + ": `" + usage_line(command, path) + "`; " +
           (missing == "DIR_OR_ZIP" ? name_before(command, path) : "") + help;
  }
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr)
    return conversion(command, text) + "; " + help;
  if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr)
    return sentence(with_its_source(command, text));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return mismatch(command, text) + "; " + help;
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr) return contradiction(text);
  if (dynamic_cast<const CLI::FileError*>(&error) != nullptr) {
    const std::string file = text.substr(0, text.find(" was not readable"));
    const Result<std::string> content = read_file(file, 1);
    const std::string why = content ? "it is no file" : content.error().message;
    return "can't read the configuration file '" + file +
           "': " + why.substr(why.starts_with("can't read") ? why.rfind(": ") + 2 : 0) +
           "; --config and KILN_CONFIG name one";
  }
  if (dynamic_cast<const CLI::ConfigError*>(&error) != nullptr) return text;
  return text + "; " + help;
}

CLI::Validator number_between(int64_t least, int64_t most) {
  const std::string range = std::to_string(least) + " to " + std::to_string(most);
  return CLI::Validator(
      [least, most, range](std::string& text) -> std::string {
        int64_t value = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc() && stop == end && least <= value && value <= most) return "";
        return "is '" + text + "'; it must be a whole number from " + range;
      },
      "");
}

namespace {

// "1GB" → 1024; nothing for another text or for a part of a megabyte.
std::optional<int64_t> megabytes_of(const std::string& text) {
  constexpr double kLargest = 1e9;
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  std::string unit(stop, end);
  unit.erase(0, unit.find_first_not_of(' '));
  unit = ascii::lower(unit);
  const bool gigabytes = unit == "g" || unit == "gb" || unit == "gib";
  if (error != std::errc() ||
      !(gigabytes || unit.empty() || unit == "m" || unit == "mb" || unit == "mib"))
    return std::nullopt;
  if (gigabytes) number *= 1024;
  if (!(number >= 0 && number <= kLargest) || number != std::floor(number)) return std::nullopt;
  return static_cast<int64_t>(number);
}

std::optional<int64_t> seconds_of(const std::string& text) {
  const bool bare = !text.empty() && std::all_of(text.begin(), text.end(), ascii::is_digit);
  const Result<Duration> time = parse_duration(bare ? text + "s" : text);
  constexpr Duration kSecond = std::chrono::seconds(1);
  if (!time || *time % kSecond != Duration(0)) return std::nullopt;
  return *time / kSecond;
}

CLI::Validator in_units(std::optional<int64_t> (*read)(const std::string&), int64_t least,
                        int64_t most, std::string rule) {
  return CLI::Validator(
      [read, least, most, rule = std::move(rule)](std::string& text) -> std::string {
        const std::optional<int64_t> value = read(text);
        if (!value || *value < least || *value > most)
          return "is '" + text + "'; it must be " + rule;
        text = std::to_string(*value);
        return "";
      },
      "");
}

std::string range_text(int64_t least, int64_t most) {
  return "from " + std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

CLI::Validator megabytes_between(int64_t least, int64_t most) {
  return in_units(megabytes_of, least, most,
                  "whole megabytes " + range_text(least, most) + ", as in 512 or 1GB");
}

CLI::Validator seconds_between(int64_t least, int64_t most) {
  return in_units(seconds_of, least, most,
                  "whole seconds " + range_text(least, most) + ", as in 30 or 5m");
}

CLI::Validator fraction_between(double least, double most) {
  return CLI::Validator(
      [least, most](std::string& text) -> std::string {
        double value = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc() && stop == end && least <= value && value <= most) return "";
        std::ostringstream range;
        range << least << " to " << most;
        return "is '" + text + "'; it must be a number from " + range.str();
      },
      "");
}

CLI::Validator one_of(std::vector<std::string> words) {
  return CLI::Validator(
      [words = std::move(words)](std::string& text) -> std::string {
        if (std::find(words.begin(), words.end(), text) != words.end()) return "";
        const std::string near = near_word(text, words);
        return "is '" + text + "'; it must be " + alternatives(words) +
               (near.empty() ? "" : " (did you mean " + near + "?)");
      },
      "");
}

void refuse_empty_arguments(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    refuse_empty_arguments(*command);
    for (CLI::Option* option : command->get_options())
      if (option->get_positional() && option->get_required())
        option->check(CLI::Validator(
            [](std::string& text) -> std::string { return text.empty() ? "is empty" : ""; }, ""));
  }
}

}  // namespace kiln::cli
