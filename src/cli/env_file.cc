#include "cli/env_file.h"

#include <optional>

#include "base/ascii.h"
#include "cli/read_file.h"
#include "model/variable_name.h"

namespace kiln::cli {
namespace {

std::string_view trimmed(std::string_view text) { return ascii::trim(text, " \t\r"); }

// Double quotes know \n, \t, \" and \\; single quotes nothing. Nothing: the quotes have no end.
std::optional<std::string> unquoted(std::string_view text) {
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) {
    // A comment may follow a value that has no quotes.
    return std::string(trimmed(text.substr(0, text.find(" #"))));
  }
  const char quote = text.front();
  std::string out;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      const std::string_view rest = trimmed(text.substr(i + 1));
      if (!rest.empty() && rest.front() != '#') return std::nullopt;
      return out;
    }
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      const char c = text[++i];
      out += c == 'n' ? '\n' : c == 't' ? '\t' : c;
      continue;
    }
    out += text[i];
  }
  return std::nullopt;
}

}  // namespace

std::string not_a_variable_name(std::string_view text) {
  return "'" + std::string(text) +
         "' can't be the name of a variable on Lambda: a name begins with a letter and has at "
         "least two letters, digits, or '_'";
}

Result<std::vector<std::string>> parse_env_file(const std::string& path, std::string_view text) {
  std::vector<std::string> pairs;
  // As SAM's command line takes them.
  if (ascii::trim(text, " \t\r\n").starts_with('{'))
    return Error{ErrorKind::kInvalid, "Usage",
                 path + " is JSON; write each variable on a line of its own, as NAME=VALUE"};
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("export ")) line = trimmed(line.substr(7));
    const size_t equals = line.find('=');
    const std::string_view name = trimmed(line.substr(0, equals));
    const auto value = equals == std::string_view::npos
                           ? std::nullopt
                           : unquoted(trimmed(line.substr(equals + 1)));
    if (value && !name.empty() && !model::is_variable_name(name))
      return Error{ErrorKind::kInvalid, "Usage",
                   path + ":" + std::to_string(number) + ": " + not_a_variable_name(name)};
    if (name.empty() || !value)
      return Error{ErrorKind::kInvalid, "Usage",
                   path + ":" + std::to_string(number) +
                       ": not a variable; write NAME=VALUE, with quotes around a value that has "
                       "blanks at its ends"};
    pairs.push_back(std::string(name) + "=" + *value);
  }
  return pairs;
}

Result<std::vector<std::string>> read_env_file(const std::string& path) {
  constexpr uint64_t kMostBytes = 1 << 20;
  const Result<std::string> text = read_file(path, kMostBytes);
  if (!text) return text.error();
  return parse_env_file(path, *text);
}

}  // namespace kiln::cli
