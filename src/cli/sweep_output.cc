#include "cli/sweep_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/cost_output.h"
#include "cli/table.h"
#include "report/markup.h"

namespace kiln::cli {
namespace {

using report::number;
using simulate::Figure;
using simulate::Summary;
using simulate::SweepPoint;

constexpr size_t kShownPoints = 40;
constexpr size_t kDrawnSeries = 8;

struct Drawn {
  const char* title;
  const char* unit;
  Figure figure;
  double factor;
};
constexpr Drawn kDrawn[] = {{"Cold starts", "% of invocations", Figure::kColdShare, 100},
                            {"Throttles", "% of tries", Figure::kThrottleShare, 100},
                            {"Latency, p99", "ms", Figure::kP99Ms, 1},
                            {"Cost", "USD a month", Figure::kMonthlyCost, 1}};

double mean(const SweepPoint& point, Figure figure) {
  return point.summary.of(Summary::kAll, figure).mean;
}

std::string values_text(const SweepResult& result, const SweepPoint& point) {
  std::string text;
  for (size_t i = 0; i < result.axes.size(); ++i)
    text +=
        fmt::format("{}{} {}", i == 0 ? "" : ", ", result.axes[i].name(), number(point.values[i]));
  return text;
}

std::string wanted_text(const SweepResult& result) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (result.wanted.cold_share < 1)
    add("at most " + number(result.wanted.cold_share * 100) + " % cold");
  if (result.wanted.throttle_share < 1)
    add("at most " + number(result.wanted.throttle_share * 100) + " % throttled");
  if (std::isfinite(result.wanted.p99_ms))
    add("p99 at most " + number(result.wanted.p99_ms) + " ms");
  return text.empty() ? "cheapest" : "cheapest with " + text;
}

std::string sweep_verdict(const SweepResult& result) {
  if (!result.best) return "no combination is the " + wanted_text(result);
  const SweepPoint& best = result.points[*result.best];
  return fmt::format(
      "{}: {} ({} % cold, {} % throttled, p99 {} ms, {} a month)", wanted_text(result),
      values_text(result, best), number(mean(best, Figure::kColdShare) * 100),
      number(mean(best, Figure::kThrottleShare) * 100), number(mean(best, Figure::kP99Ms)),
      usd_text(mean(best, Figure::kMonthlyCost)));
}

std::vector<std::string> titles(const SweepResult& result) {
  std::vector<std::string> out;
  for (const simulate::SweepAxis& axis : result.axes) out.push_back(axis.name());
  for (const char* title : {"COLD", "THROTTLED", "P50 MS", "P99 MS", "ENVIRONMENTS", "A MONTH"})
    out.emplace_back(title);
  return out;
}

std::vector<std::string> cells(const SweepPoint& point) {
  std::vector<std::string> out;
  for (const double value : point.values) out.push_back(number(value));
  if (!point.refused.empty()) {
    out.push_back("impossible");
    return out;
  }
  out.push_back(number(mean(point, Figure::kColdShare) * 100) + " %");
  out.push_back(number(mean(point, Figure::kThrottleShare) * 100) + " %");
  out.push_back(number(mean(point, Figure::kP50Ms)));
  out.push_back(number(mean(point, Figure::kP99Ms)));
  out.push_back(number(mean(point, Figure::kEnvironments)));
  out.push_back(usd_text(mean(point, Figure::kMonthlyCost)));
  return out;
}

std::vector<std::string> notes(const SweepResult& result) {
  std::vector<std::string> out = result.notes;
  for (const SweepPoint& point : result.points) {
    if (point.refused.empty()) continue;
    out.push_back(values_text(result, point) + " is impossible: " + point.refused);
    break;
  }
  if (result.best && wanted_text(result) == "cheapest" &&
      mean(result.points[*result.best], Figure::kThrottleShare) > 0)
    out.emplace_back("no goal is set, and the cheapest throttles; --throttled-below 0.1% sets one");
  out.push_back(fmt::format("{} combinations, {} seed{} each, in {} s; prices of {} from {}",
                            result.points.size(), result.seeds, result.seeds == 1 ? "" : "s",
                            number(result.took_s), result.prices.region, result.prices.date));
  return out;
}

// By the first axis; a series for each combination of the others, as far as they can be told apart.
report::Chart chart_of(const SweepResult& result, const Drawn& drawn) {
  report::Chart chart{.title = drawn.title,
                      .summary = std::string(drawn.title) + " by " + result.axes[0].name() + "."};
  chart.x.title = result.axes[0].name();
  chart.y.title = drawn.unit;
  for (const SweepPoint& point : result.points) {
    if (!point.refused.empty()) continue;
    std::string name;
    for (size_t i = 1; i < result.axes.size(); ++i)
      name += (i == 1 ? "" : ", ") + result.axes[i].name() + " " + number(point.values[i]);
    if (name.empty()) name = drawn.title;
    auto series = std::find_if(chart.series.begin(), chart.series.end(),
                               [&](const report::Series& one) { return one.name == name; });
    if (series == chart.series.end()) {
      if (chart.series.size() == kDrawnSeries) continue;
      chart.series.push_back({.name = name});
      series = chart.series.end() - 1;
    }
    series->points.push_back({point.values[0], mean(point, drawn.figure) * drawn.factor});
    if (result.axes.size() == 1) {
      const Estimate estimate = point.summary.of(Summary::kAll, drawn.figure);
      series->band.emplace_back((estimate.mean - estimate.half_width) * drawn.factor,
                                (estimate.mean + estimate.half_width) * drawn.factor);
    }
  }
  for (report::Series& series : chart.series)
    if (series.band.size() != series.points.size()) series.band.clear();
  for (report::Series& series : chart.series)
    if (series.band.empty())
      std::stable_sort(series.points.begin(), series.points.end(),
                       [](const auto& a, const auto& b) { return a.x < b.x; });
  if (result.best) {
    const SweepPoint& best = result.points[*result.best];
    chart.highlights.push_back({best.values[0], values_text(result, best)});
  }
  return chart;
}

}  // namespace

std::string sweep_table(const Console& console, const SweepResult& result) {
  std::vector<Column> columns = {{""}};
  for (const std::string& title : titles(result)) columns.push_back({title, Align::kRight});
  Table table(std::move(columns), 1 + result.axes.size());
  size_t left_out = 0;
  for (size_t i = 0; i < result.points.size(); ++i) {
    if (i >= kShownPoints && result.best != i) {
      ++left_out;
      continue;
    }
    std::vector<std::string> row = cells(result.points[i]);
    row.insert(row.begin(), result.best == i ? "*" : "");
    table.add(std::move(row));
  }
  std::string out = table.format(console);
  if (left_out > 0) out += fmt::format("… and {} more (--json has all)\n", left_out);
  out += "\n";
  for (const std::string& note : notes(result)) out += note + "\n";
  return out + console.paint(result.best ? Style::kBold : Style::kRed, sweep_verdict(result)) +
         "\n";
}

Json sweep_document(const SweepResult& result) {
  Json axes = Json::array(), points = Json::array();
  for (const simulate::SweepAxis& axis : result.axes)
    axes.push_back(Json{{"name", axis.name()}, {"values", Json(axis.values)}});
  const auto values = [&](const SweepPoint& point) {
    Json out = Json::object();
    for (size_t i = 0; i < result.axes.size(); ++i) out[result.axes[i].name()] = point.values[i];
    return out;
  };
  for (const SweepPoint& point : result.points) {
    Json one{{"values", values(point)}};
    if (point.refused.empty())
      one["figures"] = figures_document(point.summary, Summary::kAll);
    else
      one["refused"] = point.refused;
    points.push_back(std::move(one));
  }
  return Json{{"title", result.title},
              {"seeds", result.seeds},
              {"axes", std::move(axes)},
              {"best", result.best ? values(result.points[*result.best]) : Json()},
              {"points", std::move(points)},
              {"notes", Json(notes(result))}};
}

report::Page sweep_page(const SweepResult& result) {
  report::Page page{.title = result.title + ": which settings?", .lead = sweep_verdict(result)};
  if (result.best) {
    const SweepPoint& best = result.points[*result.best];
    page.sections.emplace_back(
        report::Figures{{{"Recommended", values_text(result, best), wanted_text(result)},
                         {"Cold starts", number(mean(best, Figure::kColdShare) * 100) + " %", ""},
                         {"Throttled", number(mean(best, Figure::kThrottleShare) * 100) + " %", ""},
                         {"A month", usd_text(mean(best, Figure::kMonthlyCost)), ""}}});
  }
  for (const Drawn& drawn : kDrawn) page.sections.emplace_back(chart_of(result, drawn));
  report::Table table{.title = "All combinations"};
  for (const std::string& title : titles(result))
    table.columns.push_back({title, report::Align::kRight});
  for (const SweepPoint& point : result.points) {
    table.rows.push_back(cells(point));
    table.rows.back().resize(table.columns.size());
  }
  if (result.best) table.marked = *result.best;
  page.sections.emplace_back(std::move(table));
  std::string text;
  for (const std::string& note : notes(result)) text += (text.empty() ? "" : "\n\n") + note;
  page.sections.emplace_back(report::Text{"Notes", text});
  page.foot = "Made by kiln simulate --sweep.";
  return page;
}

}  // namespace kiln::cli
