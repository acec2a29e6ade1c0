#include "cli/table_fit.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/ascii.h"
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

// Where the piece ends that begins at `at` and has no break: a word, a number with its unit, or a
// command in back quotes. One that is wider than the terminal is for the terminal to break, which
// copies it in one piece.
size_t end_of_piece(std::string_view line, size_t at) {
  const auto end_of_word = [&](size_t from) { return std::min(line.find(' ', from), line.size()); };
  size_t end = end_of_word(at);
  const std::string_view word = line.substr(at, end - at);
  if (std::count(word.begin(), word.end(), '`') % 2 == 1) {
    const size_t quote = line.find('`', end);
    if (quote != std::string_view::npos) return end_of_word(quote);
  }
  constexpr size_t kLongestUnit = 2;  // "ms"
  if (ascii::is_digit(word.back()) && end + 1 < line.size() && line[end + 1] != ' ') {
    const size_t unit = end_of_word(end + 1);
    if (unit - end - 1 <= kLongestUnit) end = unit;
  }
  return end;
}

}  // namespace

std::vector<size_t> fitted_widths(const std::vector<size_t>& widths,
                                  const std::vector<Breaks>& breaks, size_t gap, size_t columns) {
  const size_t gaps = gap * (widths.empty() ? 0 : widths.size() - 1);
  const auto narrowed = [&](auto may_break, size_t least) -> std::optional<std::vector<size_t>> {
    std::vector<size_t> now = widths;
    size_t total = std::accumulate(now.begin(), now.end(), gaps);
    for (; total > columns; --total) {
      size_t widest = now.size();
      for (size_t i = 0; i < now.size(); ++i)
        if (may_break(breaks[i]) && now[i] > least &&
            (widest == now.size() || now[i] > now[widest]))
          widest = i;
      if (widest == now.size()) return std::nullopt;
      --now[widest];
    }
    return now;
  };
  if (auto whole = narrowed([](Breaks each) { return each == Breaks::kAtBlanks; }, kLeastReadable))
    return *whole;
  const bool hangs = std::find(breaks.begin(), breaks.end(), Breaks::kHangs) != breaks.end();
  if (hangs)
    if (auto some = narrowed(
            [](Breaks each) { return each == Breaks::kAtBlanks || each == Breaks::kHangs; },
            kLeastBroken))
      return *some;
  return narrowed([](Breaks each) { return each != Breaks::kNever; }, kLeastBroken)
      .value_or(widths);
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
    if (shown_width(line) <= columns) {
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
        const size_t next = end_of_piece(line, word);
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
