#include "cli/cost_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/table.h"
#include "report/markup.h"

namespace kiln::cli {
namespace {

using cost::Item;
using cost::Line;
using report::number;

constexpr double kNothing = 1e-9;  // USD a month

std::string cost_text(const std::optional<double>& cost) {
  return cost ? usd_text(*cost) : "no price";
}

std::string prices_text(const MonthBill& month) {
  std::string text;
  for (const RegionBill& region : month.regions) {
    text += (text.empty() ? "prices of " : "; of ") + region.prices.region + " from " +
            region.prices.date;
  }
  return text;
}

}  // namespace

std::string change_text(double before, double after) {
  const double change = after - before;
  std::string text = (change < 0 ? "-" : "+") + usd_text(std::abs(change));
  if (before > kNothing) text += fmt::format(" ({:+.1f} %)", change / before * 100);
  return text;
}

std::string unpriced_text(const MonthBill& month) {
  std::string text;
  for (const RegionBill& region : month.regions) {
    for (const Line& line : region.bill.unpriced()) {
      const std::string what = fmt::format("{} ({}) in {}", name_of(line.item),
                                           name_of(line.architecture), region.prices.region);
      if (text.find(what) == std::string::npos) text += (text.empty() ? "" : ", ") + what;
    }
  }
  return text;
}

double MonthBill::total() const {
  double sum = 0;
  for (const RegionBill& region : regions) sum += region.bill.total();
  return sum;
}

std::map<std::string, double> MonthBill::by_function() const {
  std::map<std::string, double> sums;
  for (const RegionBill& region : regions) {
    for (const Line& line : region.bill.lines) sums[line.function] += line.cost.value_or(0);
  }
  return sums;
}

std::string usd_text(double usd) {
  if (usd == 0 || std::abs(usd) >= 0.1) {
    std::string cents = fmt::format("{:.2f}", std::abs(usd));
    for (size_t at = cents.size() - 3; at > 3; at -= 3) cents.insert(at - 3, ",");
    return (usd < 0 ? "-$" : "$") + cents;
  }
  return (usd < 0 ? "-$" : "$") + number(std::abs(usd));
}

std::string bill_table(const Console& console, const MonthBill& month, const std::string& what) {
  Table table({{"FUNCTION"},
               {"ITEM"},
               {"AMOUNT", Align::kRight},
               {"FREE", Align::kRight},
               {"UNIT"},
               {"USD", Align::kRight}},
              2);
  const bool several = month.regions.size() > 1;
  for (const RegionBill& region : month.regions) {
    std::string last;
    for (const Line& line : region.bill.lines) {
      std::string name = line.function;
      if (several) name += " (" + region.prices.region + ")";
      table.add({name == last ? "" : name, std::string(name_of(line.item)), number(line.amount),
                 line.free > 0 ? number(line.free) : "", std::string(unit_of(line.item)),
                 cost_text(line.cost)});
      last = name;
    }
  }
  std::string out = table.format(console) + "\n";
  Table sums({{"FUNCTION"}, {what, Align::kRight}});
  for (const auto& [function, sum] : month.by_function()) sums.add({function, usd_text(sum)});
  out += sums.format(console) + "\n";
  for (const std::string& note : month.notes) out += note + "\n";
  out += prices_text(month) + "\n";
  const std::string lacking = unpriced_text(month);
  if (!lacking.empty()) {
    out += console.paint(Style::kRed, "there is no price for: " + lacking +
                                          "; the total is without (--prices FILE)") +
           "\n";
  }
  return out + console.paint(Style::kBold, what + ": " + usd_text(month.total())) + "\n";
}

Json bill_document(const MonthBill& month) {
  Json regions = Json::array();
  for (const RegionBill& region : month.regions) {
    Json lines = Json::array();
    for (const Line& line : region.bill.lines) {
      lines.push_back(Json{{"function", line.function},
                           {"architecture", name_of(line.architecture)},
                           {"item", key_of(line.item)},
                           {"amount", line.amount},
                           {"free", line.free},
                           {"unit", unit_of(line.item)},
                           {"cost", line.cost ? Json(*line.cost) : Json()}});
    }
    regions.push_back(Json{{"region", region.prices.region},
                           {"pricesFrom", region.prices.date},
                           {"pricesSource", region.prices.source},
                           {"total", region.bill.total()},
                           {"lines", std::move(lines)}});
  }
  return Json{{"currency", "USD"},
              {"total", month.total()},
              {"complete", unpriced_text(month).empty()},
              {"functions", Json(month.by_function())},
              {"regions", std::move(regions)},
              {"notes", Json(month.notes)}};
}

std::vector<BillChange> changes(const MonthBill& before, const MonthBill& after) {
  std::map<std::string, BillChange> all;
  for (const auto& [function, sum] : before.by_function()) all[function].before = sum;
  for (const auto& [function, sum] : after.by_function()) all[function].after = sum;
  std::vector<BillChange> found;
  for (auto& [function, change] : all) {
    change.function = function;
    if (std::abs(change.after - change.before) > kNothing) found.push_back(change);
  }
  std::stable_sort(found.begin(), found.end(), [](const BillChange& a, const BillChange& b) {
    return std::abs(a.after - a.before) > std::abs(b.after - b.before);
  });
  return found;
}

std::string change_table(const Console& console, const MonthBill& before, const MonthBill& after) {
  std::string out;
  const std::vector<BillChange> found = changes(before, after);
  if (!found.empty()) {
    Table table({{"FUNCTION"},
                 {"BEFORE", Align::kRight},
                 {"AFTER", Align::kRight},
                 {"CHANGE", Align::kRight}});
    for (const BillChange& change : found) {
      table.add({change.function, usd_text(change.before), usd_text(change.after),
                 change_text(change.before, change.after)});
    }
    out = table.format(console) + "\n";
  }
  for (const std::string& note : after.notes) out += note + "\n";
  out += prices_text(after) + "\n";
  std::string lacking = unpriced_text(before);
  if (lacking.empty()) lacking = unpriced_text(after);
  if (!lacking.empty())
    out += console.paint(Style::kRed, "there is no price for: " + lacking) + "\n";
  return out +
         console.paint(Style::kBold, fmt::format("a month: {} before, {} after, {}",
                                                 usd_text(before.total()), usd_text(after.total()),
                                                 change_text(before.total(), after.total()))) +
         "\n";
}

Json change_document(const MonthBill& before, const MonthBill& after) {
  Json list = Json::array();
  for (const BillChange& change : changes(before, after)) {
    list.push_back(Json{{"function", change.function},
                        {"before", change.before},
                        {"after", change.after},
                        {"change", change.after - change.before}});
  }
  return Json{{"currency", "USD"},
              {"before", before.total()},
              {"after", after.total()},
              {"change", after.total() - before.total()},
              {"complete", unpriced_text(before).empty() && unpriced_text(after).empty()},
              {"functions", std::move(list)}};
}

}  // namespace kiln::cli
