#include "cli/reference_text.h"

#include <algorithm>

namespace kiln::cli {
namespace {

// A footer is paragraphs, then "Examples:" and indented lines.
struct Footer {
  std::string text;
  std::string examples;  // without their indent
};

Footer split_footer(const std::string& footer) {
  constexpr std::string_view kExamples = "Examples:\n";
  Footer out;
  const size_t at = footer.find(kExamples);
  out.text = footer.substr(0, at);
  while (out.text.ends_with('\n')) out.text.pop_back();
  if (at == std::string::npos) return out;
  std::string rest = footer.substr(at + kExamples.size());
  size_t start = 0;
  while (start < rest.size()) {
    const size_t end = std::min(rest.find('\n', start), rest.size());
    std::string line = rest.substr(start, end - start);
    start = end + 1;
    if (line.starts_with("  ")) {
      out.examples += line.substr(2) + "\n";
    } else if (line.empty()) {
      if (out.text.empty()) continue;
      out.text += "\n";
    } else {  // text behind the examples
      out.text += (out.text.empty() || out.text.ends_with('\n') ? "" : "\n") + line;
    }
  }
  return out;
}

std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

std::string code(const std::string& text) { return "`" + text + "`"; }

std::string option_words(const OptionShape& option) {
  return option.value.empty() ? option.names : option.names + " " + option.value;
}

std::string about_words(const OptionShape& option) {
  std::string out = option.about;
  if (!option.otherwise.empty() && option.otherwise != "false")
    out += " (default " + option.otherwise + ")";
  if (option.required && !option.long_names.empty()) out += " (required)";
  return out;
}

void append_command(std::string& out, const CommandShape& command) {
  out += "\n## " + command.path + "\n\n" + command.about + ".\n";
  const Footer footer = split_footer(command.footer);
  if (!footer.text.empty()) out += "\n" + footer.text + "\n";
  out += "\n```text\n" + command.usage() + "\n```\n";
  if (!command.arguments.empty() || !command.options.empty()) {
    out += "\n| option | meaning |\n|---|---|\n";
    for (const OptionShape& argument : command.arguments)
      out += "| " + cell(code(argument.word())) + " | " + cell(about_words(argument)) + " |\n";
    for (const OptionShape& option : command.options)
      if (option.names.find("--help") == std::string::npos)
        out += "| " + cell(code(option_words(option))) + " | " + cell(about_words(option)) + " |\n";
  }
  if (!footer.examples.empty()) out += "\n```text\n" + footer.examples + "```\n";
  for (const CommandShape& below : command.commands) append_command(out, below);
}

std::string roff(const std::string& text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    line_start = c == '\n';
  }
  return out;
}

void append_options(std::string& out, const CommandShape& command) {
  if (command.arguments.empty() && command.options.empty()) return;
  out += ".SH OPTIONS\n";
  for (const OptionShape& argument : command.arguments)
    out += ".TP\n.I " + roff(argument.word()) + "\n" + roff(about_words(argument)) + "\n";
  for (const OptionShape& option : command.options)
    out += ".TP\n.B " + roff(option_words(option)) + "\n" + roff(about_words(option)) + "\n";
}

}  // namespace

std::string reference_markdown(const CommandShape& program) {
  std::string out =
      "# The command line\n\n"
      "<!-- `kiln reference markdown` makes this page from the parser. Don't edit it. -->\n\n"
      "Every command has `--help`. Commands that talk to a Kiln take `--endpoint` and `--region`. "
      "With `--json`, they print\nJSON on stdout: documents of AWS's APIs with AWS's names and "
      "types, and Kiln's own with names in camelCase.\n\n"
      "| exit code | meaning |\n|---|---|\n"
      "| 0 | success |\n"
      "| 1 | the function or the API answered with an error, or Kiln couldn't write the output |\n"
      "| 2 | the command line, the configuration file, or a file that it names is wrong |\n"
      "| 3 | nothing answers at the endpoint, or something that isn't a Kiln or AWS |\n\n"
      "| command | purpose |\n|---|---|\n";
  for (const CommandShape& command : program.commands) {
    std::string anchor = command.path;
    std::replace(anchor.begin(), anchor.end(), ' ', '-');
    out += "| [`" + command.path + "`](#" + anchor + ") | " + cell(command.about) + " |\n";
  }
  for (const CommandShape& command : program.commands) append_command(out, command);
  return out;
}

std::string manual_page(const CommandShape& command, const std::string& version) {
  std::string name = command.path;
  std::replace(name.begin(), name.end(), ' ', '-');
  std::string out = ".TH " + name + " 1 \"\" \"kiln " + version + "\" \"Kiln\"\n";
  out += ".SH NAME\n" + roff(name) + " \\- " + roff(command.about) + "\n";
  out += ".SH SYNOPSIS\n.B " + roff(command.usage()) + "\n";
  const Footer footer = split_footer(command.footer);
  if (!footer.text.empty()) out += ".SH DESCRIPTION\n" + roff(footer.text) + "\n";
  if (!command.commands.empty()) {
    out += ".SH COMMANDS\n";
    for (const CommandShape& below : command.commands)
      out += ".TP\n.B " + roff(below.usage()) + "\n" + roff(below.about) + "\n";
  }
  append_options(out, command);
  if (!footer.examples.empty()) out += ".SH EXAMPLES\n.nf\n" + roff(footer.examples) + ".fi\n";
  return out;
}

}  // namespace kiln::cli
