// Rows of text in aligned columns, for people.
//
//   Table table({{"NAME"}, {"MEMORY", Align::kRight}});
//   table.add({"echo", "128 MB"});
//   console.out << table.format(console);
//
// Widths count code points, so names with accents line up. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"

namespace kiln::cli {

// How many characters a text in UTF-8 has.
size_t shown_width(std::string_view text);

// What a command says, with its lines as wide as the terminal; as it is where the output is none.
std::string for_console(const Console& console, std::string_view text);

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // Missing cells are empty, surplus ones are dropped; control characters become blanks.
  void add(std::vector<std::string> cells);
  // The title row (bold on a terminal), then the rows; no blanks at line ends.
  std::string format(const Console& console) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace kiln::cli
