#include "cli/table.h"

#include <algorithm>

#include "cli/table_fit.h"
#include "cli/terminal_screen.h"

namespace kiln::cli {

size_t shown_width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // every byte but UTF-8 continuations
  }));
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

std::string for_console(const Console& console, std::string_view text) {
  if (!console.out_is_terminal) return std::string(text);
  return fitted_lines(text, static_cast<size_t>(TerminalScreen::size().columns));
}

std::string Table::format(const Console& console) const {
  constexpr size_t kTableGap = 2;
  std::vector<size_t> widths;
  std::vector<bool> breakable;
  widths.reserve(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = shown_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, shown_width(row[i]));
    widths.push_back(width);
    breakable.push_back(columns_[i].align == Align::kLeft);
  }
  if (console.out_is_terminal)
    widths = fitted_widths(std::move(widths), breakable, kTableGap,
                           static_cast<size_t>(TerminalScreen::size().columns));
  const auto line = [&](const auto& cell_at) {
    std::string text;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string cell = cell_at(i);
      const std::string pad(widths[i] - std::min(widths[i], shown_width(cell)), ' ');
      if (i > 0) text += std::string(kTableGap, ' ');
      text += columns_[i].align == Align::kRight ? pad + cell : cell + pad;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  std::string out = console.paint(Style::kBold, line([&](size_t i) { return columns_[i].title; }));
  out += '\n';
  for (const auto& row : rows_) {
    std::vector<std::vector<std::string>> cells;
    size_t most = 1;
    for (size_t i = 0; i < columns_.size(); ++i) {
      cells.push_back(broken_cell(row[i], widths[i]));
      most = std::max(most, cells.back().size());
    }
    for (size_t at = 0; at < most; ++at)
      out += line([&](size_t i) { return at < cells[i].size() ? cells[i][at] : std::string(); }) +
             '\n';
  }
  return out;
}

}  // namespace kiln::cli
