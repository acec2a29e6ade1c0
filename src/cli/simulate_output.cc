#include "cli/simulate_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/time_format.h"
#include "cli/cost_output.h"
#include "cli/table.h"
#include "report/markup.h"

namespace kiln::cli {
namespace {

using report::number;
using simulate::Figure;
using simulate::FigureName;
using simulate::FunctionResult;
using simulate::Slice;
using simulate::Summary;
using FigureForm = FigureName::Form;

constexpr size_t kShownFunctions = 20;
constexpr size_t kShownChanges = 12;
constexpr size_t kDrawnFunctions = 4;
constexpr size_t kDocumentedFunctions = 50;  // whose slices are in the JSON

const FigureName& name_of_figure(Figure figure) {
  return simulate::figure_names()[static_cast<size_t>(figure)];
}

std::string value_text(FigureForm form, double value) {
  switch (form) {
    case FigureForm::kShare:
      return number(value * 100) + " %";
    case FigureForm::kMs:
      return number(value) + " ms";
    case FigureForm::kUsd:
      return usd_text(value);
    case FigureForm::kCount:
      return number(std::round(value));
    case FigureForm::kNumber:
      break;
  }
  return number(value);
}

std::string short_figure(const Summary& summary, size_t function, Figure figure) {
  return value_text(name_of_figure(figure).form, summary.of(function, figure).mean);
}

// What says nothing is left out of the list of a function.
bool is_shown(const Summary& summary, size_t function, Figure figure) {
  switch (figure) {
    case Figure::kErrors:
    case Figure::kTimeouts:
    case Figure::kEventsDropped:
    case Figure::kEventAgeMs:
    case Figure::kSpillovers:
    case Figure::kProvisioned:
    case Figure::kProvisionedUse:
      return summary.of(function, figure).most > 0;
    default:
      return true;
  }
}

const std::vector<std::pair<const char*, Figure>>& figure_columns() {
  static const std::vector<std::pair<const char*, Figure>> kColumns = {
      {"REQUESTS", Figure::kRequests},
      {"COLD", Figure::kColdShare},
      {"THROTTLED", Figure::kThrottleShare},
      {"ERRORS", Figure::kErrors},
      {"P50", Figure::kP50Ms},
      {"P95", Figure::kP95Ms},
      {"P99", Figure::kP99Ms},
      {"MOST IN USE", Figure::kMostInUse},
      {"ENVIRONMENTS", Figure::kEnvironments},
      {"PROVISIONED", Figure::kProvisioned},
      {"A MONTH", Figure::kMonthlyCost}};
  return kColumns;
}

std::vector<std::string> row(const Summary& summary, size_t function, const std::string& name) {
  std::vector<std::string> cells = {name};
  for (const auto& [title, figure] : figure_columns())
    cells.push_back(short_figure(summary, function, figure));
  return cells;
}

std::vector<std::vector<std::string>> rows(const SimulateResult& result, size_t most) {
  std::vector<std::vector<std::string>> out;
  const auto& functions = result.study.example.functions;
  for (size_t i = 0; i < std::min(functions.size(), most); ++i)
    out.push_back(row(result.study.summary, i, functions[i].name));
  if (functions.size() > 1) out.push_back(row(result.study.summary, Summary::kAll, "all together"));
  return out;
}

std::string figures_table(const Console& console, const Summary& summary) {
  Table table({{"FIGURE"}, {"VALUE", Align::kRight}, {"95 % WITHIN", Align::kRight}});
  for (const FigureName& name : simulate::figure_names()) {
    if (!is_shown(summary, 0, name.figure)) continue;
    const Estimate estimate = summary.of(0, name.figure);
    table.add({std::string(name.title), value_text(name.form, estimate.mean),
               estimate.count > 1 ? "± " + value_text(name.form, estimate.half_width) : "-"});
  }
  return table.format(console);
}

std::vector<std::string> throttle_lines(const SimulateResult& result) {
  std::vector<std::string> lines;
  const Summary& summary = result.study.summary;
  for (size_t i = 1; i < simulate::kThrottleReasons; ++i) {
    const auto reason = static_cast<model::Throttle>(i);
    const double mean = summary.throttles(Summary::kAll, reason).mean;
    if (mean > 0)
      lines.push_back(
          fmt::format("throttled, {}: {}", model::to_text(reason), number(std::round(mean))));
  }
  return lines;
}

std::string clock_text(WallTime at) { return format_iso_ms(at).substr(0, 19) + "Z"; }

std::vector<std::vector<std::string>> change_rows(const SimulateResult& result, size_t most) {
  struct Line {
    WallTime at;
    std::string what, why;
  };
  std::vector<Line> lines;
  // A scaling policy's own alarms show in what it did; they are in the JSON.
  for (const simulate::AlarmChange& change : result.study.example.alarm_changes)
    if (!change.alarm.starts_with("TargetTracking-") &&
        (change.to != telemetry::AlarmState::kInsufficientData ||
         change.from == telemetry::AlarmState::kAlarm))
      lines.push_back({change.at,
                       change.alarm + ": " + std::string(telemetry::to_text(change.from)) + " to " +
                           std::string(telemetry::to_text(change.to)),
                       change.reason});
  for (const scaling::Activity& activity : result.study.example.activities)
    if (activity.is_scaling())
      lines.push_back({activity.start, activity.resource.text() + ": " + activity.description,
                       activity.status == scaling::Activity::Status::kFailed
                           ? activity.status_message
                           : activity.cause});
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.at < b.at; });
  std::vector<std::vector<std::string>> out;
  for (const Line& line : lines) {
    if (out.size() == most) {
      out.push_back({"", fmt::format("… and {} more (--json has all)", lines.size() - most), ""});
      break;
    }
    out.push_back({clock_text(line.at), line.what, line.why});
  }
  return out;
}

std::map<std::string, double> cost_by_item(const cost::Bill& bill) {
  std::map<std::string, double> out;
  for (const cost::Line& line : bill.lines)
    if (line.cost) out[std::string(cost::name_of(line.item))] += *line.cost;
  return out;
}

std::vector<std::string> notes(const SimulateResult& result) {
  std::vector<std::string> out = result.notes;
  const Summary& summary = result.study.summary;
  if (const auto unpriced = summary.bill().unpriced(); !unpriced.empty()) {
    out.push_back(fmt::format("there is no price for {}{}: the cost is without (--prices FILE)",
                              cost::name_of(unpriced.front().item),
                              unpriced.size() > 1 ? " and more" : ""));
  }
  out.push_back(fmt::format("prices of {} from {}{}; a month has 730 hours", result.prices.region,
                            result.prices.date,
                            result.free_tier ? ", the free tier taken off" : ""));
  return out;
}

std::string study_verdict(const SimulateResult& result) {
  const Summary& summary = result.study.summary;
  const auto text = [&](Figure figure) { return short_figure(summary, Summary::kAll, figure); };
  return fmt::format("{}: {} cold, {} throttled, p99 {}, {} a month", result.title,
                     text(Figure::kColdShare), text(Figure::kThrottleShare), text(Figure::kP99Ms),
                     text(Figure::kMonthlyCost));
}

std::string runs_text(const SimulateResult& result) {
  const size_t runs = result.study.summary.runs();
  const double requests = result.study.summary.of(Summary::kAll, Figure::kRequests).mean;
  return fmt::format("{} of traffic, {} request{}, {} seed{}, simulated in {} s",
                     length_text(result.length), number(std::round(requests)),
                     std::round(requests) == 1 ? "" : "s", runs, runs == 1 ? "" : "s",
                     number(result.took_s));
}

// ---- JSON

Json throttles_document(const Summary& summary, size_t function) {
  Json out = Json::object();
  for (size_t i = 1; i < simulate::kThrottleReasons; ++i) {
    const auto reason = static_cast<model::Throttle>(i);
    const double mean = summary.throttles(function, reason).mean;
    if (mean > 0) out[model::to_text(reason)] = mean;
  }
  return out;
}

Json slices_document(const FunctionResult& function) {
  // A column for each count: as short as it can be.
  struct Column {
    const char* key;
    int64_t (*of)(const Slice& slice);
  };
  static constexpr Column kColumns[] = {
      {"requests", [](const Slice& s) -> int64_t { return s.requests; }},
      {"coldStarts", [](const Slice& s) -> int64_t { return s.cold_starts; }},
      {"throttles", [](const Slice& s) -> int64_t { return s.throttles; }},
      {"errors", [](const Slice& s) -> int64_t { return s.errors; }},
      {"mostInUse", [](const Slice& s) -> int64_t { return s.most_in_use; }},
      {"environments", [](const Slice& s) -> int64_t { return s.environments; }},
      {"provisioned", [](const Slice& s) -> int64_t { return s.provisioned_configured; }},
      {"provisionedReady", [](const Slice& s) -> int64_t { return s.provisioned_ready; }},
      {"provisionedInUse", [](const Slice& s) -> int64_t { return s.most_provisioned_in_use; }},
      {"reserved", [](const Slice& s) -> int64_t { return s.reserved; }}};
  Json out = Json::object();
  for (const Column& column : kColumns) {
    Json values = Json::array();
    for (const Slice& slice : function.slices) {
      const int64_t value = column.of(slice);
      values.push_back(value < 0 ? Json() : Json(value));
    }
    out[column.key] = std::move(values);
  }
  return out;
}

// ---- The page

using Series = report::Series;

report::Chart concurrency_chart(const SimulateResult& result, const FunctionResult& function) {
  report::Chart chart{.title = function.name + ": concurrency",
                      .summary =
                          "The most invocations at the same time in each piece of time, the "
                          "environments at its end, and what was reserved and provisioned."};
  chart.x = {.title = "Time", .scale = report::Scale::kTime};
  chart.y = {.title = "Environments"};
  Series most{.name = "in use", .mark = report::Mark::kStep},
      environments{.name = "environments", .mark = report::Mark::kStep},
      provisioned{.name = "provisioned", .mark = report::Mark::kStep},
      ready{.name = "of it ready", .mark = report::Mark::kStep},
      reserved{.name = "reserved", .mark = report::Mark::kStep};
  bool any_provisioned = false, any_reserved = false;
  const auto step = static_cast<double>(result.study.example.slice_s);
  for (size_t i = 0; i < function.slices.size(); ++i) {
    const Slice& slice = function.slices[i];
    const double x = static_cast<double>(i) * step;
    most.points.push_back({x, static_cast<double>(slice.most_in_use)});
    environments.points.push_back({x, static_cast<double>(slice.environments)});
    provisioned.points.push_back({x, static_cast<double>(slice.provisioned_configured)});
    ready.points.push_back({x, static_cast<double>(slice.provisioned_ready)});
    reserved.points.push_back({x, slice.reserved < 0 ? std::nan("") : slice.reserved});
    any_provisioned = any_provisioned || slice.provisioned_configured > 0;
    any_reserved = any_reserved || slice.reserved >= 0;
  }
  chart.series = {std::move(most), std::move(environments)};
  if (any_provisioned) {
    chart.series.push_back(std::move(provisioned));
    chart.series.push_back(std::move(ready));
  }
  if (any_reserved) chart.series.push_back(std::move(reserved));
  return chart;
}

report::Chart requests_chart(const SimulateResult& result) {
  report::Chart chart{.title = "Requests, cold starts and throttles",
                      .summary = "All functions together, a second."};
  chart.x = {.title = "Time", .scale = report::Scale::kTime};
  chart.y = {.title = "A second"};
  Series requests{.name = "requests"}, cold{.name = "cold starts"}, throttles{.name = "throttles"};
  const auto& functions = result.study.example.functions;
  const auto step = static_cast<double>(result.study.example.slice_s);
  size_t slices = 0;
  for (const FunctionResult& function : functions)
    slices = std::max(slices, function.slices.size());
  for (size_t i = 0; i < slices; ++i) {
    double all = 0, colds = 0, throttled = 0;
    for (const FunctionResult& function : functions) {
      if (i >= function.slices.size()) continue;
      all += function.slices[i].requests;
      colds += function.slices[i].cold_starts;
      throttled += function.slices[i].throttles;
    }
    const double x = static_cast<double>(i) * step;
    requests.points.push_back({x, all / step});
    cold.points.push_back({x, colds / step});
    throttles.points.push_back({x, throttled / step});
  }
  chart.series = {std::move(requests), std::move(cold), std::move(throttles)};
  return chart;
}

// Latency by the share of the answers.
report::Chart latency_by_share(const SimulateResult& result) {
  report::Chart chart{.title = "Latency",
                      .summary =
                          "Init and duration of what was answered, "
                          "by percentile."};
  chart.x = {.title = "Percentile", .ticks = {{50, "p50"}, {90, "p90"}, {95, "p95"}, {99, "p99"}}};
  chart.y = {.title = "Latency (ms)"};
  const Summary& summary = result.study.summary;
  const auto& functions = result.study.example.functions;
  static constexpr std::pair<double, Figure> kPoints[] = {
      {50, Figure::kP50Ms}, {90, Figure::kP90Ms}, {95, Figure::kP95Ms}, {99, Figure::kP99Ms}};
  for (size_t i = 0; i < std::min(functions.size(), kDrawnFunctions); ++i) {
    Series series{.name = functions[i].name};
    for (const auto& [x, figure] : kPoints) {
      const Estimate estimate = summary.of(i, figure);
      series.points.push_back({x, estimate.mean});
      series.band.emplace_back(estimate.mean - estimate.half_width,
                               estimate.mean + estimate.half_width);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

report::Table cost_table(const SimulateResult& result) {
  report::Table table{.title = "Cost a month",
                      .columns = {{"ITEM"}, {"USD", report::Align::kRight}}};
  for (const auto& [item, usd] : cost_by_item(result.study.summary.bill()))
    table.rows.push_back({item, usd_text(usd)});
  table.rows.push_back({"all", usd_text(result.study.summary.bill().total())});
  table.marked = table.rows.size() - 1;
  return table;
}

}  // namespace

std::string figure_text(const FigureName& name, const Estimate& estimate) {
  std::string text = value_text(name.form, estimate.mean);
  if (estimate.count > 1) text += " ± " + value_text(name.form, estimate.half_width);
  return text;
}

std::string length_text(traffic::Nanos length) {
  const double seconds = static_cast<double>(length) / 1e9;
  if (seconds < 120) return number(seconds) + " s";
  if (seconds < 7200) return number(seconds / 60) + " minutes";
  if (seconds < 48 * 3600) return number(seconds / 3600) + " hours";
  return number(seconds / 86'400) + " days";
}

Json figures_document(const Summary& summary, size_t function) {
  Json out = Json::object();
  for (const FigureName& name : simulate::figure_names()) {
    const Estimate estimate = summary.of(function, name.figure);
    out[name.key] = Json{{"mean", estimate.mean},
                         {"halfWidth", estimate.half_width},
                         {"least", estimate.least},
                         {"most", estimate.most}};
  }
  return out;
}

std::string simulate_table(const Console& console, const SimulateResult& result) {
  const auto& functions = result.study.example.functions;
  std::string out;
  if (functions.size() == 1) {
    out = figures_table(console, result.study.summary) + "\n";
  } else {
    std::vector<Column> titles = {{"FUNCTION"}};
    for (const auto& column : figure_columns()) titles.push_back({column.first, Align::kRight});
    Table table(std::move(titles));
    for (auto& cells : rows(result, kShownFunctions)) table.add(std::move(cells));
    out = table.format(console);
    if (functions.size() > kShownFunctions)
      out += fmt::format("… and {} more functions (--json has all)\n",
                         functions.size() - kShownFunctions);
    out += "\n";
  }
  if (const auto changes = change_rows(result, kShownChanges); !changes.empty()) {
    Table table({{"AT"}, {"WHAT HAPPENED (FIRST SEED)"}});
    for (const auto& cells : changes) table.add({cells[0], cells[1]});
    out += table.format(console) + "\n";
  }
  for (const std::string& line : throttle_lines(result)) out += line + "\n";
  std::string items;
  for (const auto& [item, usd] : cost_by_item(result.study.summary.bill()))
    items += (items.empty() ? "" : ", ") + item + " " + usd_text(usd);
  if (!items.empty()) out += "a month: " + items + "\n";
  for (const std::string& note : notes(result)) out += note + "\n";
  out += runs_text(result) + "\n";
  return out + console.paint(Style::kBold, study_verdict(result)) + "\n";
}

Json simulate_document(const SimulateResult& result) {
  const Summary& summary = result.study.summary;
  const simulate::RunResult& example = result.study.example;
  Json functions = Json::array();
  for (size_t i = 0; i < example.functions.size(); ++i) {
    Json function{{"name", example.functions[i].name}};
    function["figures"] = figures_document(summary, i);
    function["throttlesByReason"] = throttles_document(summary, i);
    if (example.functions.size() <= kDocumentedFunctions)
      function["slices"] = slices_document(example.functions[i]);
    functions.push_back(std::move(function));
  }
  Json alarms = Json::array();
  for (const simulate::AlarmChange& change : example.alarm_changes)
    alarms.push_back(Json{{"at", clock_text(change.at)},
                          {"alarm", change.alarm},
                          {"from", telemetry::to_text(change.from)},
                          {"to", telemetry::to_text(change.to)},
                          {"reason", change.reason}});
  Json activities = Json::array();
  for (const scaling::Activity& activity : example.activities) {
    Json one{{"at", clock_text(activity.start)},
             {"resource", activity.resource.text()},
             {"description", activity.description},
             {"cause", activity.cause},
             {"status", scaling::to_text(activity.status)}};
    if (!activity.is_scaling()) one["notScaled"] = activity.not_scaled.front().code;
    activities.push_back(std::move(one));
  }
  Json bill = Json::object();
  for (const auto& [item, usd] : cost_by_item(summary.bill())) bill[item] = usd;
  return Json{{"title", result.title},
              {"start", clock_text(result.scenario.start)},
              {"seconds", static_cast<double>(result.length) / 1e9},
              {"seeds", summary.runs()},
              {"simulatedInSeconds", result.took_s},
              {"figures", figures_document(summary, Summary::kAll)},
              {"throttlesByReason", throttles_document(summary, Summary::kAll)},
              {"functions", std::move(functions)},
              {"sliceSeconds", example.slice_s},
              {"alarms", std::move(alarms)},
              {"scalingActivities", std::move(activities)},
              {"monthlyCost", std::move(bill)},
              {"prices", Json{{"region", result.prices.region}, {"date", result.prices.date}}},
              {"notes", Json(notes(result))}};
}

report::Page simulate_page(const SimulateResult& result) {
  report::Page page{.title = result.title + ", simulated", .lead = runs_text(result)};
  const Summary& summary = result.study.summary;
  const auto figure = [&](const char* label, Figure which, const std::string& note) {
    return report::Figure{label, short_figure(summary, Summary::kAll, which), note};
  };
  const auto within = [&](Figure which) {
    const Estimate estimate = summary.of(Summary::kAll, which);
    return estimate.count > 1
               ? "± " + value_text(name_of_figure(which).form, estimate.half_width) + " at 95 %"
               : std::string("one seed");
  };
  page.sections.emplace_back(
      report::Figures{{figure("Cold starts", Figure::kColdShare, within(Figure::kColdShare)),
                       figure("Throttled", Figure::kThrottleShare, within(Figure::kThrottleShare)),
                       figure("Latency, p99", Figure::kP99Ms, within(Figure::kP99Ms)),
                       figure("A month", Figure::kMonthlyCost, within(Figure::kMonthlyCost))}});
  const auto& functions = result.study.example.functions;
  for (size_t i = 0; i < std::min(functions.size(), kDrawnFunctions); ++i)
    page.sections.emplace_back(concurrency_chart(result, functions[i]));
  page.sections.emplace_back(requests_chart(result));
  page.sections.emplace_back(latency_by_share(result));
  report::Table table{.title = "Functions", .columns = {{"FUNCTION"}}};
  for (const auto& column : figure_columns())
    table.columns.push_back({column.first, report::Align::kRight});
  table.rows = rows(result, 200);
  page.sections.emplace_back(std::move(table));
  page.sections.emplace_back(cost_table(result));
  if (auto changes = change_rows(result, 200); !changes.empty())
    page.sections.emplace_back(report::Table{.title = "Alarms and scaling",
                                             .columns = {{"AT"}, {"WHAT"}, {"WHY"}},
                                             .rows = std::move(changes)});
  std::string text;
  for (const std::string& line : throttle_lines(result))
    text += (text.empty() ? "" : "\n\n") + line;
  for (const std::string& note : notes(result)) text += (text.empty() ? "" : "\n\n") + note;
  page.sections.emplace_back(report::Text{"Notes", text});
  page.foot =
      "Made by kiln simulate. Charts over time are of the first seed; figures are of all seeds.";
  return page;
}

}  // namespace kiln::cli
