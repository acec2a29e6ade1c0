#include "report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "report/axis.h"
#include "report/markup.h"

namespace kiln::report {
namespace {

constexpr double kWidth = 760, kHeight = 320;
constexpr double kLeft = 72, kRight = 20, kTop = 26, kBottom = 52;
constexpr double kInnerWidth = kWidth - kLeft - kRight, kInnerHeight = kHeight - kTop - kBottom;
constexpr size_t kColors = 6;
constexpr size_t kMostPoints = 1200, kBuckets = 400;
constexpr size_t kMostRows = 200;
// Colours alone don't tell lines apart.
constexpr std::array<std::string_view, kColors> kDashes = {"none",     "7 4", "2 4",
                                                           "10 3 2 3", "4 2", "1 3"};

bool has_band(const Series& series) {
  return !series.band.empty() && series.band.size() == series.points.size();
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Range kNothing{kInfinity, -kInfinity};

void take(Range& range, double value) {
  if (!std::isfinite(value)) return;
  range.low = std::min(range.low, value);
  range.high = std::max(range.high, value);
}

// The same shape with fewer points: the average of each stretch, in a band from its least to its
// greatest value (or the envelope of its bands).
Series thinned(const Series& series) {
  if (series.points.size() <= kMostPoints) return series;
  Series out{.name = series.name, .mark = series.mark};
  const size_t count = series.points.size();
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    const size_t begin = bucket * count / kBuckets, end = (bucket + 1) * count / kBuckets;
    double sum = 0, values = 0;
    Range envelope = kNothing;
    for (size_t i = begin; i < end; ++i) {
      const double y = series.points[i].y;
      if (!std::isfinite(y)) continue;
      sum += y;
      ++values;
      take(envelope, has_band(series) ? series.band[i].first : y);
      take(envelope, has_band(series) ? series.band[i].second : y);
    }
    out.points.push_back({series.points[begin].x, sum / values});  // none: a gap
    out.band.emplace_back(envelope.low, envelope.high);
  }
  return out;
}

struct Plot {
  Range x, y;
  Scale x_scale, y_scale;

  double px(double value) const { return kLeft + place(value, x, x_scale) * kInnerWidth; }
  double py(double value) const {
    return kTop + (1 - std::clamp(place(value, y, y_scale), 0.0, 1.0)) * kInnerHeight;
  }
};

Plot plot_of(const Chart& chart, const std::vector<Series>& all) {
  Range x = kNothing, y = kNothing;
  double beside = 0;  // room for half a bar
  for (const Series& series : all) {
    for (const Point& point : series.points) {
      take(x, point.x);
      take(y, point.y);
    }
    for (const auto& [low, high] : series.band) {
      take(y, low);
      take(y, high);
    }
    if (series.mark == Mark::kBars && series.points.size() > 1)
      beside = (x.high - x.low) / static_cast<double>(2 * series.points.size());
  }
  if (chart.x.scale != Scale::kLog) x = {x.low - beside, x.high + beside};
  for (const Highlight& highlight : chart.highlights) take(x, highlight.x);
  y = widened(y, chart.y.scale, From::kZero);
  if (chart.y.scale != Scale::kLog) y.high += (y.high - y.low) * 0.06;  // air above the curve
  return {widened(x, chart.x.scale, From::kLeast), y, chart.x.scale, chart.y.scale};
}

std::string grid(const Chart& chart, const Plot& plot) {
  std::string out;
  const double bottom = kTop + kInnerHeight;
  for (const Tick& tick : ticks(chart.y, plot.y, 5)) {
    const double y = plot.py(tick.at);
    out += fmt::format(
        R"(<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/><text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>)",
        kLeft, kWidth - kRight, y, y, kLeft - 8, y + 4, escape(tick.label));
  }
  double last = -1000;
  for (const Tick& tick : ticks(chart.x, plot.x, 8)) {
    const double x = plot.px(tick.at);
    out += fmt::format(R"(<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>)", x, x,
                       bottom, bottom + 5);
    if (x - last < 34) continue;  // labels would run into each other
    last = x;
    out += fmt::format(R"(<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>)", x,
                       bottom + 20, escape(tick.label));
  }
  out += fmt::format(
      R"(<line class="axis" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/><text class="name" x="{3}" y="{4}" text-anchor="middle">{5}</text>)",
      kLeft, kWidth - kRight, bottom, kLeft + kInnerWidth / 2, kHeight - 10, escape(chart.x.title));
  out += fmt::format(R"(<text class="name" x="{}" y="14">{}</text>)", 8, escape(chart.y.title));
  return out;
}

std::string band_path(const Series& series, const Plot& plot, size_t color) {
  if (!has_band(series)) return "";
  std::string forth, back;
  for (size_t i = 0; i < series.points.size(); ++i) {
    const auto& [low, high] = series.band[i];
    if (!std::isfinite(low) || !std::isfinite(high)) continue;
    const double x = plot.px(series.points[i].x);
    forth += fmt::format("{}{:.1f} {:.1f}", forth.empty() ? "M" : "L", x, plot.py(high));
    back = fmt::format("L{:.1f} {:.1f}", x, plot.py(low)) + back;
  }
  if (forth.empty()) return "";
  return fmt::format(R"(<path class="band s{}" d="{}{}Z"/>)", color, forth, back);
}

std::string line_path(const Series& series, const Plot& plot) {
  std::string path;
  bool pen = false;
  double last_y = 0;
  for (const Point& point : series.points) {
    if (!std::isfinite(point.y)) {
      pen = false;
      continue;
    }
    const double x = plot.px(point.x), y = plot.py(point.y);
    if (pen && series.mark == Mark::kStep) path += fmt::format("L{:.1f} {:.1f}", x, last_y);
    path += fmt::format("{}{:.1f} {:.1f}", pen ? "L" : "M", x, y);
    pen = true;
    last_y = y;
  }
  return path;
}

std::string dots(const Series& series, const Plot& plot, size_t color, const Chart& chart) {
  std::string out;
  for (const Point& point : series.points) {
    if (!std::isfinite(point.y)) continue;
    out += fmt::format(
        R"(<circle class="dot s{}" cx="{:.1f}" cy="{:.1f}" r="4"><title>{}: {} {}, {} {}</title></circle>)",
        color, plot.px(point.x), plot.py(point.y), escape(series.name), escape(chart.x.title),
        number(point.x), escape(chart.y.title), number(point.y));
  }
  return out;
}

std::string bars(const Series& series, const Plot& plot, size_t color, const Chart& chart) {
  std::string out;
  const double count = static_cast<double>(std::max<size_t>(series.points.size(), 2));
  const double width = std::clamp(kInnerWidth / count * 0.6, 1.0, 48.0);
  const double zero = plot.py(plot.y_scale == Scale::kLog ? plot.y.low : 0);
  for (const Point& point : series.points) {
    if (!std::isfinite(point.y)) continue;
    const double x = plot.px(point.x), y = plot.py(point.y);
    out += fmt::format(
        R"(<rect class="bar s{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}: {} {}, {} {}</title></rect>)",
        color, x - width / 2, std::min(y, zero), width, std::abs(zero - y), escape(series.name),
        escape(chart.x.title), number(point.x), escape(chart.y.title), number(point.y));
  }
  return out;
}

std::string series_shape(const Series& series, const Plot& plot, size_t color, const Chart& chart) {
  if (series.mark == Mark::kBars) return bars(series, plot, color, chart);
  std::string out = band_path(series, plot, color);
  if (series.mark != Mark::kDots) {
    out += fmt::format(R"(<path class="line s{}" stroke-dasharray="{}" d="{}"/>)", color,
                       kDashes[color], line_path(series, plot));
  }
  constexpr size_t kFew = 40;  // with more, dots would hide the line
  if (series.mark == Mark::kDots || (series.mark == Mark::kLine && series.points.size() <= kFew))
    out += dots(series, plot, color, chart);
  return out;
}

std::string highlight_shape(const Highlight& highlight, const Plot& plot) {
  const double x = plot.px(highlight.x);
  const bool right = x > kLeft + kInnerWidth * 0.7;
  return fmt::format(
      R"(<line class="mark" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/><text class="marktext" x="{3:.1f}" y="{4}" text-anchor="{5}">{6}</text>)",
      x, kTop, kTop + kInnerHeight, right ? x - 6 : x + 6, kTop + 12, right ? "end" : "start",
      escape(highlight.text));
}

}  // namespace

std::string svg(const Chart& chart, const std::string& id) {
  std::vector<Series> all;
  all.reserve(chart.series.size());
  for (const Series& series : chart.series) all.push_back(thinned(series));
  const Plot plot = plot_of(chart, all);
  std::string out = fmt::format(
      R"(<svg viewBox="0 0 {} {}" role="img" aria-labelledby="{}t {}d"><title id="{}t">{}</title><desc id="{}d">{}</desc>)",
      kWidth, kHeight, id, id, id, escape(chart.title), id, escape(chart.summary));
  out += grid(chart, plot);
  for (size_t i = 0; i < all.size(); ++i) out += series_shape(all[i], plot, i % kColors, chart);
  for (const Highlight& highlight : chart.highlights) out += highlight_shape(highlight, plot);
  return out + "</svg>";
}

bool is_averaged(const Chart& chart) {
  return std::any_of(chart.series.begin(), chart.series.end(),
                     [](const Series& series) { return series.points.size() > kMostPoints; });
}

std::string legend(const Chart& chart) {
  if (chart.series.size() < 2) return "";
  std::string out = R"(<ul class="legend">)";
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const size_t color = i % kColors;
    out += fmt::format(
        R"(<li><svg viewBox="0 0 28 10" aria-hidden="true"><path class="line s{}" stroke-dasharray="{}" d="M0 5H28"/></svg>{}</li>)",
        color, kDashes[color], escape(chart.series[i].name));
  }
  return out + "</ul>";
}

Table values(const Chart& chart) {
  Table table{.title = chart.title};
  table.columns.push_back({chart.x.title, Align::kRight});
  std::map<double, std::vector<std::string>> rows;
  size_t longest = 0, column = 0;
  for (const Series& series : chart.series) longest = std::max(longest, series.points.size());
  const size_t step = std::max<size_t>((longest + kMostRows - 1) / kMostRows, 1);
  if (step > 1) table.title += fmt::format(" (one in {} of {} values)", step, longest);
  for (const Series& series : chart.series) {
    table.columns.push_back({series.name, Align::kRight});
    const bool band = has_band(series);
    if (band) table.columns.push_back({series.name + ", from - to", Align::kRight});
    for (size_t i = 0; i < series.points.size(); i += step) {
      std::vector<std::string>& cells = rows[series.points[i].x];
      cells.resize(column + (band ? 2 : 1));
      cells[column] = number(series.points[i].y);
      if (band)
        cells[column + 1] = number(series.band[i].first) + " - " + number(series.band[i].second);
    }
    column += band ? 2 : 1;
  }
  for (auto& [x, cells] : rows) {
    cells.resize(column);
    std::string label = number(x);
    for (const Tick& tick : chart.x.ticks) {
      if (tick.at == x) label = tick.label;
    }
    cells.insert(cells.begin(), label);
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace kiln::report
