#include "cli/command_shape.h"

#include <algorithm>

#include "base/ascii.h"

namespace kiln::cli {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return ascii::upper(c); });
  return text;
}

}  // namespace

OptionShape option_shape(const CLI::Option& option) {
  OptionShape shape;
  shape.about = option.get_description();
  shape.required = option.get_required();
  shape.repeats = option.get_expected_max() > 1;
  shape.otherwise = option.get_default_str();
  if (option.get_positional()) {
    shape.names = option.get_name(true, false);
    // The type stands for the name where it says more.
    if (const std::string type = option.get_type_name();
        !type.empty() && type != "TEXT" && type != "INT" && type != "TEXT ...")
      shape.value = type;
    return shape;
  }
  shape.long_names = option.get_lnames();
  shape.short_names = option.get_snames();
  for (const std::string& name : shape.long_names)
    shape.names += (shape.names.empty() ? "--" : ", --") + name;
  for (const std::string& name : shape.short_names)
    shape.names += (shape.names.empty() ? "-" : ", -") + name;
  if (option.get_expected_max() > 0) shape.value = option.get_type_name();
  return shape;
}

std::string OptionShape::word() const { return value.empty() ? upper(names) : value; }

std::string CommandShape::usage() const {
  std::string out = path;
  if (passes_on) return out + " ARGUMENTS...";
  if (!options.empty()) out += " [OPTIONS]";
  for (const OptionShape& argument : arguments) {
    std::string word = argument.word();
    if (argument.repeats) word += "...";
    out += argument.required ? " " + word : " [" + word + "]";
  }
  if (!commands.empty()) out += " COMMAND";
  return out;
}

CommandShape shape_of(const CLI::App& app, const std::string& parent) {
  CommandShape shape;
  shape.name = app.get_name();
  shape.path = parent.empty() ? shape.name : parent + " " + shape.name;
  shape.about = app.get_description();
  shape.footer = app.get_footer();
  shape.passes_on = app.get_prefix_command();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? shape.arguments : shape.options).push_back(option_shape(*option));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty()) shape.commands.push_back(shape_of(*command, shape.path));
  return shape;
}

}  // namespace kiln::cli
