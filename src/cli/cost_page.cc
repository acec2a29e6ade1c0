#include "cli/cost_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "report/markup.h"

namespace kiln::cli {
namespace {

using cost::Line;
using report::number;

// A chart has room for so many bars; the rest is one of them.
constexpr size_t kMostBars = 8;

using Sum = std::pair<std::string, double>;

std::vector<Sum> greatest_first(const std::map<std::string, double>& sums) {
  std::vector<Sum> list(sums.begin(), sums.end());
  std::stable_sort(list.begin(), list.end(),
                   [](const Sum& a, const Sum& b) { return a.second > b.second; });
  if (list.size() <= kMostBars) return list;
  double rest = 0;
  for (size_t i = kMostBars - 1; i < list.size(); ++i) rest += list[i].second;
  const size_t others = list.size() - kMostBars + 1;
  list.resize(kMostBars - 1);
  list.emplace_back(std::to_string(others) + " others", rest);
  return list;
}

std::map<std::string, double> by_item(const MonthBill& month) {
  std::map<std::string, double> sums;
  for (const RegionBill& region : month.regions)
    for (const Line& line : region.bill.lines)
      sums[std::string(name_of(line.item))] += line.cost.value_or(0);
  return sums;
}

// Names are long: below the bars stands a part of each, in the table the whole.
std::string short_name(const std::string& name) {
  constexpr size_t kRoom = 11;
  return name.size() <= kRoom ? name : name.substr(0, kRoom - 1) + "…";
}

struct Values {
  std::string name;
  std::vector<double> values;
};

report::Chart by_name(std::string title, std::string summary, report::Mark mark,
                      const std::vector<std::string>& names, std::vector<Values> series) {
  report::Chart chart{.title = std::move(title), .summary = std::move(summary)};
  for (size_t i = 0; i < names.size(); ++i)
    chart.x.ticks.push_back({static_cast<double>(i), short_name(names[i])});
  chart.y.title = "USD";
  for (auto& [name, values] : series) {
    report::Series one{.name = std::move(name), .mark = mark};
    for (size_t i = 0; i < values.size(); ++i)
      one.points.push_back({static_cast<double>(i), values[i]});
    chart.series.push_back(std::move(one));
  }
  return chart;
}

report::Chart chart_of(std::string title, const std::vector<Sum>& sums) {
  std::vector<std::string> names;
  std::vector<double> values;
  for (const auto& [name, value] : sums) {
    names.push_back(name);
    values.push_back(value);
  }
  std::string summary = fmt::format("Most: {} with {}.", names.front(), usd_text(values.front()));
  return by_name(std::move(title), std::move(summary), report::Mark::kBars, names,
                 {{"USD", std::move(values)}});
}

report::Table lines_table(const MonthBill& month) {
  using report::Align;
  report::Table table{.title = "By function and item",
                      .columns = {{"FUNCTION"},
                                  {"REGION"},
                                  {"ITEM"},
                                  {"AMOUNT", Align::kRight},
                                  {"FREE", Align::kRight},
                                  {"UNIT"},
                                  {"USD", Align::kRight}}};
  for (const RegionBill& region : month.regions)
    for (const Line& line : region.bill.lines)
      table.rows.push_back({line.function, region.prices.region, std::string(name_of(line.item)),
                            number(line.amount), line.free > 0 ? number(line.free) : "",
                            std::string(unit_of(line.item)),
                            line.cost ? usd_text(*line.cost) : "no price"});
  return table;
}

report::Text notes_text(const MonthBill& month) {
  std::string text;
  const auto add = [&](const std::string& note) { text += (text.empty() ? "" : "\n\n") + note; };
  for (const std::string& note : month.notes) add(note);
  for (const RegionBill& region : month.regions)
    add("Prices of " + region.prices.region + ": " + region.prices.date + ", " +
        region.prices.source);
  if (const std::string lacking = unpriced_text(month); !lacking.empty())
    add("There is no price for: " + lacking + "; the total is without.");
  return {"Notes", text};
}

std::string capital(std::string text) {
  if (!text.empty()) text[0] = ascii::upper(text[0]);
  return text;
}

}  // namespace

report::Page bill_page(const MonthBill& month, const std::string& what) {
  report::Page page{.title = "What it costs",
                    .lead = capital(what) + ": " + usd_text(month.total())};
  const std::vector<Sum> functions = greatest_first(month.by_function());
  const std::vector<Sum> items = greatest_first(by_item(month));
  if (!functions.empty()) {
    page.sections.push_back(report::Figures{
        {{capital(what), usd_text(month.total()), unpriced_text(month).empty() ? "" : "at least"},
         {"Costs most", functions.front().first, usd_text(functions.front().second)},
         {"Greatest item", items.front().first, usd_text(items.front().second)}}});
    page.sections.emplace_back(chart_of("By function", functions));
    page.sections.emplace_back(chart_of("By item", items));
  }
  page.sections.emplace_back(lines_table(month));
  page.sections.emplace_back(notes_text(month));
  page.foot = "Made by kiln cost.";
  return page;
}

report::Page change_page(const MonthBill& before, const MonthBill& after) {
  report::Page page{.title = "What the change costs",
                    .lead = fmt::format("A month: {} before, {} after", usd_text(before.total()),
                                        usd_text(after.total()))};
  page.sections.push_back(
      report::Figures{{{"Change", change_text(before.total(), after.total()), "a month"},
                       {"Before", usd_text(before.total()), ""},
                       {"After", usd_text(after.total()), ""}}});
  const std::vector<BillChange> all = changes(before, after);
  if (!all.empty()) {
    std::vector<std::string> names;
    std::vector<double> was, is;
    report::Table table{.title = "Functions whose cost differs",
                        .columns = {{"FUNCTION"},
                                    {"BEFORE", report::Align::kRight},
                                    {"AFTER", report::Align::kRight},
                                    {"CHANGE", report::Align::kRight}}};
    for (const BillChange& one : all) {
      if (names.size() < kMostBars) {
        names.push_back(one.function);
        was.push_back(one.before);
        is.push_back(one.after);
      }
      table.rows.push_back({one.function, usd_text(one.before), usd_text(one.after),
                            change_text(one.before, one.after)});
    }
    std::string summary = fmt::format("{} changes most: {}.", all.front().function,
                                      change_text(all.front().before, all.front().after));
    page.sections.emplace_back(by_name("By function", std::move(summary), report::Mark::kDots,
                                       names,
                                       {{"before", std::move(was)}, {"after", std::move(is)}}));
    page.sections.emplace_back(std::move(table));
  }
  page.sections.emplace_back(notes_text(after));
  page.foot = "Made by kiln cost --diff.";
  return page;
}

}  // namespace kiln::cli
