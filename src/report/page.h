// A result as one web page: text, key figures, charts and tables in a single file that needs no
// network, no script and no font, for light and dark, for print and for screen readers.
//
//   Page page{.title = "orders", .lead = "Six sizes, 50 invocations each"};
//   page.sections.push_back(Figures{{{"recommended", "512 MB", "cheapest below 200 ms"}}});
//   page.sections.push_back(chart);
//   write(file, html(page));
//
// Pure; text may be anything and is escaped. Lines of more points than a screen has columns are
// thinned so that peaks stay, so a page of a year's minutes is as small as one of an hour's.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kiln::report {

struct Text {
  std::string title = {};
  std::string text = {};  // paragraphs, separated by empty lines
};

// A few numbers, in large type.
struct Figure {
  std::string label, value, note;
};
struct Figures {
  std::vector<Figure> figures;
};

enum class Align { kLeft, kRight };
struct Column {
  std::string title;
  Align align = Align::kLeft;
};
struct Table {
  std::string title = {};
  std::vector<Column> columns = {};
  std::vector<std::vector<std::string>> rows = {};
  size_t marked = std::string::npos;  // the row that stands out
};

struct Point {
  double x = 0, y = 0;  // y not finite: a gap
};
enum class Mark { kLine, kStep, kDots, kBars };
struct Series {
  std::string name = {};
  std::vector<Point> points = {};                    // by rising x
  std::vector<std::pair<double, double>> band = {};  // low and high for each point, or empty
  Mark mark = Mark::kLine;
};

enum class Scale {
  kLinear,
  kLog,   // values above 0
  kTime,  // seconds; labelled as 30 s, 5 min, 6 h, 2 d
};
struct Tick {
  double at = 0;
  std::string label = {};
};
struct Axis {
  std::string title = {};  // with the unit: "Duration (ms)"
  Scale scale = Scale::kLinear;
  std::vector<Tick> ticks = {};  // empty: round numbers
};

// A vertical line with a few words: "recommended: 512 MB".
struct Highlight {
  double x = 0;
  std::string text = {};
};

struct Chart {
  std::string title = {};
  std::string summary = {};  // one or two sentences: what is to be seen
  Axis x = {}, y = {};       // linear y begins at 0, or below
  std::vector<Series> series = {};
  std::vector<Highlight> highlights = {};
};

using Section = std::variant<Text, Figures, Table, Chart>;

struct Page {
  std::string title = {};
  std::string lead = {};  // below the title
  std::vector<Section> sections = {};
  std::string foot = {};  // how it was made: command, date
};

std::string html(const Page& page);

}  // namespace kiln::report
