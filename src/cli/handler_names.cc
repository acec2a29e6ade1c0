#include "cli/handler_names.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace kiln::cli {
namespace {

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string take_name(std::string_view& text) {
  size_t end = 0;
  while (end < text.size() && (ascii::is_alnum(text[end]) || text[end] == '_' || text[end] == '$'))
    ++end;
  std::string name(text.substr(0, end));
  text.remove_prefix(end);
  return name;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

template <typename Look>
void each_line(std::string_view source, Look look) {
  while (!source.empty()) {
    const size_t end = std::min(source.find('\n'), source.size());
    look(source.substr(0, end));
    source.remove_prefix(std::min(end + 1, source.size()));
  }
}

// `value` begins with '='. Neither a literal nor a list or an object.
bool may_be_function(std::string_view value) {
  value.remove_prefix(1);
  skip_blanks(value);
  return !value.empty() && std::string_view("{[\"'`").find(value.front()) == value.npos &&
         !ascii::is_digit(value.front());
}

void add(std::vector<std::string>& names, std::string name) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
    names.push_back(std::move(name));
}

// Where `open`, which ends with '{', begins for the last time at the top level: at a line's
// beginning, or, as a minifier writes it, behind the end of a statement. npos: nowhere.
size_t last_at_top(std::string_view source, std::string_view open) {
  for (size_t at = source.rfind(open); at != source.npos;
       at = at == 0 ? source.npos : source.rfind(open, at - 1)) {
    if (at == 0 || std::string_view("\n;}").find(source[at - 1]) != std::string_view::npos)
      return at;
  }
  return std::string_view::npos;
}

// The names in `{a, b: c, d as e}`, of which `list` is what follows the first brace. Empty where
// something else is in it.
std::vector<std::string> names_in_list(std::string_view list) {
  std::vector<std::string> names;
  const size_t end = list.find('}');
  if (end == list.npos) return names;
  std::string text(list.substr(0, end));
  std::replace_if(text.begin(), text.end(), ascii::is_blank, ' ');
  std::string_view rest = text;
  while (true) {
    skip_blanks(rest);
    if (rest.empty()) return names;
    std::string name = take_name(rest);
    skip_blanks(rest);
    if (take(rest, ":")) {
      skip_blanks(rest);
      if (rest.empty() || ascii::is_digit(rest.front()) || take_name(rest).empty()) return {};
    } else if (take(rest, "as ")) {
      skip_blanks(rest);
      name = take_name(rest);
    }
    skip_blanks(rest);
    if (name.empty() || (!rest.empty() && !take(rest, ","))) return {};
    if (name != "default") names.push_back(std::move(name));
  }
}

// Of `export {…}`, `module.exports = {…}`, and the last line of esbuild's CommonJS bundles, which
// is there for such a look: `0 && (module.exports = {…});`.
std::vector<std::string> export_list(std::string_view source) {
  constexpr std::array<std::string_view, 6> kOpen = {"0 && (module.exports = {",
                                                     "0&&(module.exports={",
                                                     "module.exports = {",
                                                     "module.exports={",
                                                     "export {",
                                                     "export{"};
  for (const std::string_view open : kOpen)
    if (const size_t at = last_at_top(source, open); at != source.npos)
      return names_in_list(source.substr(at + open.size()));
  return {};
}

}  // namespace

std::vector<std::string> handlers_in_python(std::string_view source) {
  std::vector<std::string> names;
  each_line(source, [&](std::string_view line) {
    take(line, "async ");
    if (!take(line, "def ")) return;
    skip_blanks(line);
    const std::string name = take_name(line);
    if (!take(line, "(") || name.starts_with('_')) return;
    const std::string_view arguments = line.substr(0, line.find(')'));
    const bool by_arguments =
        arguments.find("event") != arguments.npos && arguments.find("context") != arguments.npos;
    // def handler(e, c)
    const bool by_name = (name == "handler" || name == "lambda_handler") &&
                         std::count(arguments.begin(), arguments.end(), ',') == 1;
    if (by_arguments || by_name) add(names, name);
  });
  return names;
}

std::vector<std::string> handlers_in_javascript(std::string_view source) {
  constexpr std::array<std::string_view, 6> kExports = {
      "module.exports.", "exports.",         "export const ",
      "export let ",     "export function ", "export async function "};
  std::vector<std::string> names;
  each_line(source, [&](std::string_view line) {
    for (const std::string_view word : kExports) {
      std::string_view rest = line;
      if (!take(rest, word)) continue;
      std::string name = take_name(rest);
      skip_blanks(rest);
      if (rest.starts_with('(') || (rest.starts_with('=') && may_be_function(rest)))
        add(names, std::move(name));
      return;
    }
  });
  for (std::string& name : export_list(source)) add(names, std::move(name));
  return names;
}

}  // namespace kiln::cli
