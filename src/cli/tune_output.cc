#include "cli/tune_output.h"

#include <fmt/format.h>

#include "cli/ms_text.h"
#include "cli/size_text.h"
#include "cli/table.h"
#include "report/markup.h"

namespace kiln::cli {
namespace {

using report::number;
using tune::SizeResult;

std::string optional_ms(const std::optional<double>& value) { return value ? ms(*value) : "-"; }
std::string usd(const std::optional<double>& value) {
  return value ? fmt::format("{:.3f}", *value) : "-";
}
std::string mb(int64_t value) { return fmt::format("{} MB", value); }

int64_t failed(const SizeResult& size) { return size.errors + size.timeouts + size.out_of_memory; }
std::string failures(const SizeResult& size) {
  std::string text = std::to_string(failed(size));
  if (size.timeouts > 0) text += fmt::format(" ({} timeouts)", size.timeouts);
  if (size.out_of_memory > 0) text += fmt::format(" ({} out of memory)", size.out_of_memory);
  return text;
}

// In this order.
enum TuneColumn : uint8_t {
  kMemory,
  kInvocations,
  kP50,
  kP95,
  kP99,
  kInit,
  kUsed,
  kFailed,
  kThrottled,
  kPrice,
  kAllCold
};
const std::vector<report::Column>& tune_columns() {
  using report::Align;
  static const std::vector<report::Column> list = {
      {"MEMORY", Align::kRight},    {"INVOCATIONS", Align::kRight}, {"P50 MS", Align::kRight},
      {"P95 MS", Align::kRight},    {"P99 MS", Align::kRight},      {"INIT MS", Align::kRight},
      {"MAX USED", Align::kRight},  {"FAILED", Align::kRight},      {"THROTTLED", Align::kRight},
      {"$/MILLION", Align::kRight}, {"ALL COLD", Align::kRight}};
  return list;
}

std::vector<std::string> cells(const SizeResult& size) {
  const bool good = size.p50_ms > 0 || size.per_million;
  return {mb(size.memory_mb),
          std::to_string(size.invocations),
          good ? ms(size.p50_ms) : "-",
          good ? ms(size.p95_ms) : "-",
          good ? ms(size.p99_ms) : "-",
          optional_ms(size.init_ms),
          size.max_memory_mb > 0 ? mb(size.max_memory_mb) : "-",
          failures(size),
          std::to_string(size.throttles),
          usd(size.per_million),
          usd(size.per_million_with_init)};
}

std::vector<std::string> notes(const TuneResult& result) {
  std::vector<std::string> list;
  for (const SizeResult& size : result.sizes) {
    if (!size.beyond_machine.empty()) {
      list.push_back(size.beyond_machine + ": what uses all of them would be faster on AWS, so " +
                     mb(size.memory_mb) + " is not recommended from here");
    }
  }
  int64_t throttles = 0;
  for (const SizeResult& size : result.sizes) throttles += size.throttles;
  if (throttles > 0)
    list.push_back("Lambda throttled " + count_text(static_cast<size_t>(throttles), "invocation") +
                   ": other functions use the account's concurrency");
  for (const SizeResult& size : result.sizes) {
    if (size.first_error.empty()) continue;
    if (!result.best && result.why_none.find(size.first_error) != std::string::npos) break;
    list.push_back(mb(size.memory_mb) + " fails: " + size.first_error);
    break;
  }
  if (result.smallest)
    list.push_back("the smallest size that survives is " +
                   mb(result.sizes[*result.smallest].memory_mb));
  if (!result.calibration.empty()) list.push_back(result.calibration);
  list.push_back(fmt::format(
      "prices of {}, {}, from {}; ALL COLD: per million, if every invocation were a cold start",
      result.prices.region, name_of(result.architecture), result.prices.date));
  return list;
}

std::string tune_verdict(const TuneResult& result) {
  if (!result.best) return result.why_none;
  const SizeResult& best = result.sizes[*result.best];
  std::string text = fmt::format("{}: {} ({} ms at the median, {} at p99, {} USD per million)",
                                 goal_text(result.goal), mb(best.memory_mb), ms(best.p50_ms),
                                 ms(best.p99_ms), usd(best.per_million));
  if (result.applied) {
    text += "; set";
  } else if (best.memory_mb == result.memory_mb) {
    text += ", as the function has it";
  } else {
    text += "; now it has " + mb(result.memory_mb) + ", --apply changes it";
  }
  return text;
}

Json optional_number(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json size_document(const SizeResult& size) {
  Json document{{"power", size.memory_mb},
                {"invocations", size.invocations},
                {"errors", size.errors},
                {"timeouts", size.timeouts},
                {"outOfMemory", size.out_of_memory},
                {"throttles", size.throttles},
                {"survives", size.survives()},
                {"maxMemoryUsedMB", size.max_memory_mb},
                {"initMs", optional_number(size.init_ms)},
                {"costPerMillion", optional_number(size.per_million)},
                {"costPerMillionAllCold", optional_number(size.per_million_with_init)}};
  if (size.p50_ms > 0) {
    document["p50"] = size.p50_ms;
    document["p95"] = size.p95_ms;
    document["p99"] = size.p99_ms;
    document["averageDuration"] = size.average_ms;
  }
  if (size.median) document["medianInterval"] = Json::array({size.median->low, size.median->high});
  if (!size.beyond_machine.empty()) document["beyondMachine"] = size.beyond_machine;
  if (!size.first_error.empty()) document["firstError"] = size.first_error;
  return document;
}

report::Axis memory_axis(const TuneResult& result) {
  report::Axis axis{.title = "Memory (MB)", .scale = report::Scale::kLog};
  for (const SizeResult& size : result.sizes)
    axis.ticks.push_back({static_cast<double>(size.memory_mb), std::to_string(size.memory_mb)});
  return axis;
}

report::Chart time_chart(const TuneResult& result) {
  report::Chart chart{.title = "Time by size",
                      .summary =
                          "How long a warm invocation takes at each memory size. The band is "
                          "where the median lies with 95 % confidence."};
  chart.x = memory_axis(result);
  chart.y.title = "Duration (ms)";
  report::Series p50{.name = "p50"}, p95{.name = "p95"}, p99{.name = "p99"};
  for (const SizeResult& size : result.sizes) {
    if (size.p50_ms <= 0) continue;
    const auto x = static_cast<double>(size.memory_mb);
    const Interval median = size.median.value_or(Interval{size.p50_ms, size.p50_ms});
    p50.points.push_back({x, size.p50_ms});
    p50.band.emplace_back(median.low, median.high);
    p95.points.push_back({x, size.p95_ms});
    p99.points.push_back({x, size.p99_ms});
  }
  chart.series = {std::move(p50), std::move(p95), std::move(p99)};
  return chart;
}

report::Chart cost_chart(const TuneResult& result) {
  report::Chart chart{.title = "Cost by size",
                      .summary =
                          "The cost of a million invocations: warm, and if every one were a cold "
                          "start. Requests are included, the free tier is not."};
  chart.x = memory_axis(result);
  chart.y.title = "USD per million";
  report::Series warm{.name = "warm"}, cold{.name = "all cold"};
  for (const SizeResult& size : result.sizes) {
    const auto x = static_cast<double>(size.memory_mb);
    if (size.per_million) warm.points.push_back({x, *size.per_million});
    if (size.per_million_with_init) cold.points.push_back({x, *size.per_million_with_init});
  }
  chart.series = {std::move(warm), std::move(cold)};
  return chart;
}

}  // namespace

std::string goal_text(const tune::Goal& goal) {
  std::string text = goal.strategy == tune::Strategy::kCost    ? "cheapest"
                     : goal.strategy == tune::Strategy::kSpeed ? "fastest"
                                                               : "balanced";
  if (goal.strategy == tune::Strategy::kBalanced)
    text +=
        fmt::format(" ({:.0f} % cost, {:.0f} % speed)", goal.weight * 100, 100 - goal.weight * 100);
  if (goal.p99_below_ms) text += fmt::format(" below {} ms at p99", number(*goal.p99_below_ms));
  return text;
}

std::string tune_table(const Console& console, const TuneResult& result) {
  // What fits into 80 columns; the page and the JSON have all.
  std::vector<Column> titles = {{""}};
  for (const char* title :
       {"MEMORY", "RUNS", "P50 MS", "P99 MS", "INIT MS", "USED", "FAILED", "$/MILLION", "ALL COLD"})
    titles.push_back({title, Align::kRight});
  Table table(std::move(titles), 2);
  for (size_t i = 0; i < result.sizes.size(); ++i) {
    const SizeResult& size = result.sizes[i];
    const std::vector<std::string> all = cells(size);
    table.add({result.best == i ? "*" : "", all[kMemory], all[kInvocations], all[kP50], all[kP99],
               all[kInit], all[kUsed], std::to_string(failed(size)), all[kPrice], all[kAllCold]});
  }
  std::string out = table.format(console) + "\n";
  for (const std::string& note : notes(result)) out += note + "\n";
  // That there is none is the command's error, on stderr.
  if (!result.best) return out;
  return out + console.paint(Style::kBold, tune_verdict(result)) + "\n";
}

Json tune_document(const TuneResult& result) {
  Json document = Json::object();
  if (result.best) {
    const SizeResult& best = result.sizes[*result.best];
    document["power"] = best.memory_mb;
    document["cost"] = *best.per_million / 1e6;
    document["duration"] = best.average_ms;
  }
  document["stateMachine"] = Json{{"visualization", tune::visualization_url(result.sizes)}};
  document["functionName"] = result.function;
  document["memorySize"] = result.memory_mb;
  document["architecture"] = name_of(result.architecture);
  document["strategy"] = goal_text(result.goal);
  document["applied"] = result.applied;
  if (!result.best) document["error"] = result.why_none;
  document["smallestSurviving"] =
      result.smallest ? Json(result.sizes[*result.smallest].memory_mb) : Json();
  if (!result.calibration.empty()) document["calibration"] = result.calibration;
  document["prices"] = Json{{"region", result.prices.region}, {"date", result.prices.date}};
  Json sizes = Json::array();
  for (const SizeResult& size : result.sizes) sizes.push_back(size_document(size));
  document["sizes"] = std::move(sizes);
  return document;
}

report::Page tune_page(const TuneResult& result) {
  report::Page page{.title = result.function + ": which memory size?",
                    .lead = tune_verdict(result)};
  if (result.best) {
    const SizeResult& best = result.sizes[*result.best];
    page.sections.push_back(report::Figures{
        {{"Recommended", mb(best.memory_mb), goal_text(result.goal)},
         {"Median duration", number(best.p50_ms) + " ms", "p99: " + number(best.p99_ms) + " ms"},
         {"A million invocations", "$" + number(*best.per_million),
          "the function has " + mb(result.memory_mb)}}});
  }
  std::vector<report::Highlight> marks;
  if (result.best) {
    const int64_t best = result.sizes[*result.best].memory_mb;
    marks.push_back({static_cast<double>(best), "recommended: " + mb(best)});
  }
  for (report::Chart chart : {time_chart(result), cost_chart(result)}) {
    chart.highlights = marks;
    page.sections.emplace_back(std::move(chart));
  }
  report::Table table{.title = "All sizes", .columns = tune_columns()};
  for (const SizeResult& size : result.sizes) table.rows.push_back(cells(size));
  if (result.best) table.marked = *result.best;
  page.sections.emplace_back(std::move(table));
  std::string text;
  for (const std::string& note : notes(result)) text += (text.empty() ? "" : "\n\n") + note;
  page.sections.emplace_back(report::Text{"Notes", text});
  page.foot = "Made by kiln tune.";
  return page;
}

}  // namespace kiln::cli
