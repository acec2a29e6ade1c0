#include "cli/table_fit.h"

#include <algorithm>
#include <numeric>

#include "cli/table.h"

namespace kiln::cli {
namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// How many bytes the first `count` characters have.
size_t bytes_of(std::string_view text, size_t count) {
  size_t at = 0;
  while (at < text.size() && count > 0) {
    ++at;
    while (at < text.size() && continues_character(text[at])) ++at;
    --count;
  }
  return at;
}

}  // namespace

std::vector<size_t> fitted_widths(std::vector<size_t> widths, const std::vector<bool>& breakable,
                                  size_t gap, size_t columns) {
  const std::vector<size_t> wanted = widths;
  size_t total = std::accumulate(widths.begin(), widths.end(), size_t{0}) +
                 gap * (widths.empty() ? 0 : widths.size() - 1);
  while (total > columns) {
    size_t widest = widths.size();
    for (size_t i = 0; i < widths.size(); ++i)
      if (breakable[i] && widths[i] > kLeastBroken &&
          (widest == widths.size() || widths[i] > widths[widest]))
        widest = i;
    if (widest == widths.size()) return wanted;
    --widths[widest];
    --total;
  }
  return widths;
}

std::vector<std::string> broken_cell(std::string_view text, size_t width) {
  std::vector<std::string> lines;
  while (true) {
    const size_t fits = bytes_of(text, width);
    if (fits >= text.size() || width == 0) {
      lines.emplace_back(text);
      return lines;
    }
    size_t end = text.rfind(' ', fits);
    if (end == std::string_view::npos || end == 0) {
      const size_t mark = text.find_last_of("-:/.,", fits - 1);
      end = mark == std::string_view::npos || mark < fits / 3 ? fits : mark + 1;
    }
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!lines.back().empty() && lines.back().back() == ' ') lines.back().pop_back();
    if (text.empty()) return lines;
  }
}

std::string fitted_lines(std::string_view text, size_t columns, size_t hanging) {
  std::string out;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (shown_width(line) <= columns || line.find('\x1b') != std::string_view::npos) {
      out += line;
    } else {
      const size_t indent = std::min(line.find_first_not_of(' '), line.size());
      const std::string margin(std::max(indent, hanging), ' ');
      size_t width = indent;
      out += line.substr(0, indent);
      for (size_t at = indent; at < line.size();) {
        // The blanks before a word belong to it where it stays in its line.
        const size_t word = line.find_first_not_of(' ', at);
        if (word == std::string_view::npos) break;
        const size_t next = std::min(line.find(' ', word), line.size());
        const size_t more = word - at + shown_width(line.substr(word, next - word));
        if (at > indent && width + more > columns) {
          out += "\n" + margin;
          out += line.substr(word, next - word);
          width = margin.size() + shown_width(line.substr(word, next - word));
        } else {
          out += line.substr(at, next - at);
          width += more;
        }
        at = next;
      }
    }
    if (end != std::string_view::npos) out += '\n';
  }
  return out;
}

}  // namespace kiln::cli
