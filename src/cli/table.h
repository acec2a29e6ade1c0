// Rows of text in aligned columns, for people.
//
//   Table table({{"NAME"}, {"MEMORY", Align::kRight}});
//   table.add({"echo", "128 MB"});
//   console.out << table.format(console);
//
// Widths count code points, so names with accents line up. On a terminal that is too narrow, empty
// columns go, texts are broken, and what is still too wide follows in tables of its own, each with
// the first `keys` columns. A name in the first column and one in the last stay whole, so that they
// can be copied: where they are too wide, they have a line of their own, before or after the rest
// of their row. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"

namespace kiln::cli {

// How many characters a text in UTF-8 shows: colors take no place.
size_t shown_width(std::string_view text);

// What a command says, with its lines as wide as the terminal; as it is where the output is none.
// A line that goes on does so in the column `hanging`, or below its first word.
std::string for_console(const Console& console, std::string_view text, size_t hanging = 0);
// The same for stderr.
std::string for_console_err(const Console& console, std::string_view text, size_t hanging = 0);

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns, size_t keys = 1)
      : columns_(std::move(columns)), keys_(keys) {}
  // Missing cells are empty, surplus ones are dropped; control characters become blanks.
  void add(std::vector<std::string> cells);
  // The title row (bold on a terminal), then the rows; no blanks at line ends.
  std::string format(const Console& console) const;

 private:
  using Widths = std::vector<size_t>;
  // The table of these columns alone.
  std::string part(const Console& console, const std::vector<size_t>& columns,
                   const Widths& widths) const;

  std::vector<Column> columns_;
  size_t keys_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace kiln::cli
