#include "cli/help_format.h"

#include <algorithm>
#include <string>
#include <vector>

#include "cli/command_shape.h"
#include "cli/table.h"

namespace kiln::cli {
namespace {

constexpr size_t kNameColumns = 28;     // of options
constexpr size_t kCommandColumns = 14;  // of commands, whose names are short
constexpr std::string_view kContinued = " \\";
constexpr std::string_view kNoteGap = "  ";  // before a note

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

// Where a comment begins behind an example: after two blanks or more. npos: there is none.
size_t comment_of(std::string_view line) {
  const size_t begin = line.find_first_not_of(' ');
  const size_t gap = line.find("  ", begin);
  return gap == std::string_view::npos ? gap : line.find_first_not_of(' ', gap);
}

// The last blank before `most` that is not within quotes; npos: there is none.
size_t break_of(std::string_view line, size_t most) {
  size_t found = std::string_view::npos;
  char quote = '\0';
  for (size_t i = line.find_first_not_of(' '); i < line.size() && i <= most; ++i) {
    if (quote != '\0') {
      if (line[i] == quote) quote = '\0';
    } else if (line[i] == '\'' || line[i] == '"') {
      quote = line[i];
    } else if (line[i] == ' ') {
      found = i;
    }
  }
  return found;
}

std::string fitted_command(std::string line) {
  std::string out;
  while (shown_width(line) > kHelpColumns) {
    const size_t at = break_of(line, kHelpColumns - kContinued.size());
    if (at == std::string::npos) break;
    out += line.substr(0, at) + std::string(kContinued) + "\n";
    line = "      " + line.substr(at + 1);
  }
  return out + line;
}

struct Example {
  std::string line, command, note;  // the note may be empty

  bool fits() const { return shown_width(line) <= kHelpColumns; }
  size_t width() const { return shown_width(command) + kNoteGap.size() + shown_width(note); }
};

Example example_of(std::string_view line) {
  const size_t comment = comment_of(line);
  if (comment == std::string_view::npos) return {std::string(line), std::string(line), ""};
  return {std::string(line),
          std::string(line.substr(0, line.find_last_not_of(' ', comment - 1) + 1)),
          std::string(line.substr(comment))};
}

std::string fitted_example(const Example& example) {
  if (example.fits()) return example.line;
  if (example.note.empty()) return fitted_command(example.line);
  if (example.width() <= kHelpColumns)
    return example.command + std::string(kNoteGap) + example.note;
  return fitted_command(example.command) + "\n      " + example.note;
}

// Lines that follow each other. Where one is too wide, all their notes move to the left, below each
// other, if that does.
std::string fitted_examples(const std::vector<Example>& examples) {
  size_t column = 0, widest_note = 0;
  bool all_fit = true;
  for (const Example& one : examples) {
    all_fit = all_fit && one.fits();
    if (one.note.empty() || one.width() > kHelpColumns) continue;
    column = std::max(column, shown_width(one.command) + kNoteGap.size());
    widest_note = std::max(widest_note, shown_width(one.note));
  }
  const bool moves = !all_fit && column + widest_note <= kHelpColumns;
  std::string out;
  for (const Example& one : examples) {
    if (moves && !one.note.empty() && one.width() <= kHelpColumns)
      out += one.command + std::string(column - shown_width(one.command), ' ') + one.note + "\n";
    else
      out += fitted_example(one) + "\n";
  }
  return out;
}

}  // namespace

std::string wrapped(std::string_view text, size_t columns) {
  std::string out, line;
  while (!text.empty()) {
    const size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    const size_t end = text.find_first_of(" \n", begin);
    const std::string word(text.substr(begin, end - begin));
    if (!line.empty() && shown_width(line) + 1 + shown_width(word) > columns) {
      out += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    text = end == std::string_view::npos ? "" : text.substr(end);
  }
  return out + line;
}

std::string fitted_footer(std::string_view text) {
  std::string out, paragraph;
  std::vector<Example> examples;
  const auto flush = [&] {
    if (!paragraph.empty()) out += wrapped(paragraph, kHelpColumns) + "\n";
    paragraph.clear();
    out += fitted_examples(examples);
    examples.clear();
  };
  for (const std::string_view line : lines_of(text)) {
    if (line.starts_with(' ')) {
      if (!paragraph.empty()) flush();
      examples.push_back(example_of(line));
    } else if (line.empty() || line == "Examples:") {
      flush();
      out += std::string(line) + "\n";
    } else {
      if (!examples.empty()) flush();
      paragraph += std::string(paragraph.empty() ? "" : "\n").append(line);
    }
  }
  flush();
  if (!out.empty()) out.pop_back();
  return out;
}

HelpFormatter::HelpFormatter() {
  column_width(kNameColumns);
  label("Positionals", "Arguments");
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  CommandShape shape = shape_of(*app);
  shape.path = std::move(name);
  return "Usage: " + shape.usage() + "\n";
}

std::string HelpFormatter::make_option_name(const CLI::Option* option, bool is_positional) const {
  return is_positional ? option_shape(*option).word()
                       : CLI::Formatter::make_option_name(option, is_positional);
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
  const std::string footer = app->get_footer();
  return footer.empty() ? "" : fitted_footer(footer) + "\n";
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
  const std::string text = app->get_description();
  return text.empty() ? "" : wrapped(text, kHelpColumns) + "\n";
}

// What the description says of variables, and an error of contradictions, is not said twice.
std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0) return "";
  std::string out;
  if (const std::string type = option->get_type_name(); !type.empty() && !option->get_positional())
    out += " " + type;
  if (const std::string value = option->get_default_str(); !value.empty()) out += "=" + value;
  if (option->get_expected_max() == CLI::detail::expected_max_vector_size) out += " ...";
  return out;
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  return wrapped(option->get_description(), kHelpColumns - kNameColumns);
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  std::stringstream out;
  CLI::detail::format_help(out, command->get_name(),
                           wrapped(command->get_description(), kHelpColumns - kCommandColumns),
                           kCommandColumns);
  return out.str();
}

}  // namespace kiln::cli
