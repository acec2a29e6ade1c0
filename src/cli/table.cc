#include "cli/table.h"

#include <algorithm>

#include "cli/table_fit.h"
#include "cli/terminal_screen.h"

namespace kiln::cli {

namespace {

constexpr size_t kTableGap = 2;

// A name that is wider than its column.
bool hangs(const std::string& cell, size_t width) {
  return shown_width(cell) > width && cell.find(' ') == std::string::npos;
}

size_t terminal_columns() { return static_cast<size_t>(TerminalScreen::size().columns); }

// As Table::part takes them: places in the table.
using Places = std::vector<size_t>;

// Columns by and by, as many as fit beside the keys in each table.
std::vector<Places> side_by_side(const Places& all, size_t keys, const std::vector<size_t>& widths,
                                 size_t columns) {
  const Places repeated(all.begin(), all.begin() + static_cast<long>(std::min(keys, all.size())));
  const auto width_of = [&](const Places& places) {
    size_t width = 0;
    for (const size_t at : places) width += widths[at] + kTableGap;
    return width - std::min(width, kTableGap);
  };
  std::vector<Places> parts = {repeated};
  for (size_t i = repeated.size(); i < all.size(); ++i) {
    Places more = parts.back();
    more.push_back(all[i]);
    if (width_of(more) > columns && parts.back().size() > repeated.size()) {
      more = repeated;
      more.push_back(all[i]);
      parts.push_back(more);
    } else {
      parts.back() = more;
    }
  }
  return parts;
}

}  // namespace

size_t shown_width(std::string_view text) {
  size_t width = 0;
  bool in_escape = false;  // "\033[1m"
  for (const char c : text) {
    if (c == '\033') in_escape = true;
    // Every byte but UTF-8 continuations.
    if (!in_escape && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++width;
    if (in_escape && c >= '@' && c <= '~' && c != '[') in_escape = false;
  }
  return width;
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) {
    std::replace_if(
        cell.begin(), cell.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20U; },
        ' ');
  }
  rows_.push_back(std::move(cells));
}

std::string for_console(const Console& console, std::string_view text, size_t hanging) {
  if (!console.out_is_terminal) return std::string(text);
  return fitted_lines(text, terminal_columns(), hanging);
}

std::string for_console_err(const Console& console, std::string_view text, size_t hanging) {
  if (!console.err_is_terminal) return std::string(text);
  return fitted_lines(text, terminal_columns(), hanging);
}

std::string Table::format(const Console& console) const {
  Widths widths;
  Places all;
  widths.reserve(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = shown_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, shown_width(row[i]));
    widths.push_back(width);
    all.push_back(i);
  }
  if (!console.out_is_terminal) return part(console, all, widths);

  const size_t columns = terminal_columns();
  const auto total = [&] {
    size_t sum = 0;
    for (const size_t at : all) sum += widths[at] + kTableGap;
    return sum - std::min(sum, kTableGap);
  };
  if (total() > columns)
    std::erase_if(all, [&](size_t at) {
      return at >= keys_ && !rows_.empty() &&
             std::all_of(rows_.begin(), rows_.end(),
                         [at](const auto& row) { return row[at].empty(); });
    });
  std::vector<size_t> wanted;
  std::vector<Breaks> breaks;
  for (const size_t at : all) {
    const bool has_blanks = std::any_of(rows_.begin(), rows_.end(), [at](const auto& row) {
      return row[at].find(' ') != std::string::npos;
    });
    wanted.push_back(widths[at]);
    const bool at_an_end = at == all.front() || at == all.back();
    breaks.push_back(columns_[at].align == Align::kRight ? Breaks::kNever
                     : has_blanks                        ? Breaks::kAtBlanks
                     : at_an_end                         ? Breaks::kHangs
                                                         : Breaks::kAnywhere);
  }
  const std::vector<size_t> fitted = fitted_widths(wanted, breaks, kTableGap, columns);
  for (size_t i = 0; i < all.size(); ++i) widths[all[i]] = fitted[i];
  if (total() <= columns) return part(console, all, widths);
  std::string out;
  for (const Places& places : side_by_side(all, keys_, widths, columns))
    out += (out.empty() ? "" : "\n") + part(console, places, widths);
  return out;
}

std::string Table::part(const Console& console, const std::vector<size_t>& columns,
                        const Widths& widths) const {
  const auto line = [&](const auto& cell_at) {
    std::string text;
    for (size_t i = 0; i < columns.size(); ++i) {
      const size_t at = columns[i];
      const std::string cell = cell_at(at);
      const std::string pad(widths[at] - std::min(widths[at], shown_width(cell)), ' ');
      if (i > 0) text += std::string(kTableGap, ' ');
      text += columns_[at].align == Align::kRight ? pad + cell : cell + pad;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  std::string out = console.paint(Style::kBold, line([&](size_t i) { return columns_[i].title; }));
  out += '\n';
  for (const auto& row : rows_) {
    std::vector<std::vector<std::string>> cells(columns_.size());
    size_t most = 1;
    std::string before, after;
    for (const size_t at : columns) {
      if (columns.size() > 1 && hangs(row[at], widths[at]) &&
          (at == columns.front() || at == columns.back())) {
        (at == columns.front() ? before : after) = row[at];
        continue;
      }
      cells[at] = broken_cell(row[at], widths[at]);
      most = std::max(most, cells[at].size());
    }
    if (!before.empty()) out += before + '\n';
    for (size_t at = 0; at < most; ++at)
      out += line([&](size_t i) { return at < cells[i].size() ? cells[i][at] : std::string(); }) +
             '\n';
    if (!after.empty()) out += std::string(kTableGap, ' ') + after + '\n';
  }
  return out;
}

}  // namespace kiln::cli
