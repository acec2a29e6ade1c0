#include "cli/load_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/statistics.h"
#include "cli/ms_text.h"
#include "cli/table.h"
#include "report/markup.h"

namespace kiln::cli {
namespace {

using load::kAllKinds;
using load::Kind;
using load::Results;
using report::number;

std::string share(int64_t count, int64_t all) {
  if (all == 0) return "-";
  return fmt::format("{:.2f} %", static_cast<double>(count) / static_cast<double>(all) * 100);
}

bool was_answered(const Results& results) {
  return results.count(Kind::kWarm) + results.count(Kind::kCold) + results.count(Kind::kAnswered) >
         0;
}

const std::vector<report::Column>& columns() {
  using report::Align;
  static const std::vector<report::Column> list = {{"KIND"},
                                                   {"REQUESTS", Align::kRight},
                                                   {"SHARE", Align::kRight},
                                                   {"P50 MS", Align::kRight},
                                                   {"P95 MS", Align::kRight},
                                                   {"P99 MS", Align::kRight},
                                                   {"MAX MS", Align::kRight}};
  return list;
}

std::vector<std::vector<std::string>> rows(const Results& results) {
  std::vector<std::vector<std::string>> list;
  const auto add = [&](std::string name, int64_t count, const auto& latency) {
    list.push_back({std::move(name), number(static_cast<double>(count)),
                    share(count, results.count()), ms(latency(0.5)), ms(latency(0.95)),
                    ms(latency(0.99)), ms(latency(1))});
  };
  for (const Kind kind : kAllKinds) {
    if (results.count(kind) == 0) continue;
    add(std::string(name_of(kind)), results.count(kind),
        [&](double part) { return results.latency_ms(kind, part); });
  }
  const int64_t answered =
      results.count(Kind::kWarm) + results.count(Kind::kCold) + results.count(Kind::kAnswered);
  if (results.count(Kind::kWarm) > 0 && results.count(Kind::kCold) > 0) {
    add("warm and cold", answered, [&](double part) { return results.answered_latency_ms(part); });
  }
  return list;
}

double seconds(const LoadOutcome& outcome) {
  return static_cast<double>(outcome.progress.elapsed_ns) / 1e9;
}

std::vector<std::string> notes(const LoadOutcome& outcome) {
  std::vector<std::string> list = outcome.notes;
  for (const Kind kind : {Kind::kThrottled, Kind::kError, Kind::kFailed}) {
    for (const auto& [reason, count] : outcome.results.reasons(kind))
      list.push_back(fmt::format("{}: {} times {}", name_of(kind), count, reason));
  }
  if (outcome.completed > 0 && outcome.results.count(Kind::kAccepted) > 0) {
    std::string text =
        fmt::format("{} of {} events have ended, {} of them in an error", outcome.completed,
                    outcome.results.count(Kind::kAccepted), outcome.failed_events);
    if (!outcome.completion_ms.empty()) {
      text += fmt::format("; from when they were due to their end: {} ms at the median, {} at p99",
                          ms(percentile(outcome.completion_ms, 0.5)),
                          ms(percentile(outcome.completion_ms, 0.99)));
    }
    list.push_back(std::move(text));
  }
  constexpr double kLateMs = 50;
  const double late = static_cast<double>(outcome.progress.latest_ns) / 1e6;
  if (late > kLateMs) {
    list.push_back(
        fmt::format("a request was sent {} ms after it was due: the machine is busy, or "
                    "--connections is too low. "
                    "Latencies count from when requests were due",
                    ms(late)));
  }
  if (outcome.progress.interrupted)
    list.emplace_back("interrupted; these are the results until then");
  return list;
}

Json kind_document(const Results& results, Kind kind) {
  Json document{{"count", results.count(kind)}};
  if (results.count(kind) > 0) {
    document["p50"] = results.latency_ms(kind, 0.5);
    document["p95"] = results.latency_ms(kind, 0.95);
    document["p99"] = results.latency_ms(kind, 0.99);
    document["max"] = results.latency_ms(kind, 1);
  }
  if (!results.reasons(kind).empty()) document["reasons"] = Json(results.reasons(kind));
  return document;
}

report::Chart rate_chart(const LoadOutcome& outcome) {
  report::Chart chart{.title = "Requests per second",
                      .summary = "By the second in which they were due, and how they ended."};
  chart.x = {.title = "Time", .scale = report::Scale::kTime};
  chart.y.title = "Requests";
  const std::vector<Results::Second> all = outcome.results.seconds();
  for (const Kind kind : kAllKinds) {
    if (outcome.results.count(kind) == 0) continue;
    report::Series series{.name = std::string(name_of(kind)), .mark = report::Mark::kStep};
    for (size_t i = 0; i < all.size(); ++i) {
      series.points.push_back(
          {static_cast<double>(i), static_cast<double>(all[i].counts[static_cast<size_t>(kind)])});
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

report::Chart latency_over_time(const LoadOutcome& outcome) {
  report::Chart chart{.title = "Latency",
                      .summary = "Of what the function answered, from when each request was due."};
  chart.x = {.title = "Time", .scale = report::Scale::kTime};
  chart.y = {.title = "Latency (ms)", .scale = report::Scale::kLog};
  report::Series p50{.name = "p50"}, p99{.name = "p99"};
  const std::vector<Results::Second> all = outcome.results.seconds();
  for (size_t i = 0; i < all.size(); ++i) {
    constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
    const auto x = static_cast<double>(i);
    p50.points.push_back({x, all[i].p50_ms > 0 ? all[i].p50_ms : kGap});
    p99.points.push_back({x, all[i].p99_ms > 0 ? all[i].p99_ms : kGap});
  }
  chart.series = {std::move(p50), std::move(p99)};
  return chart;
}

std::string optional(const std::optional<double>& value) {
  return value ? fmt::format("{:.3f}", *value) : "";
}

// Names are quoted where CSV needs it.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string load_table(const Console& console, const LoadTitle& title, const LoadOutcome& outcome) {
  std::vector<Column> titles;
  for (const report::Column& column : columns()) {
    titles.push_back(
        {column.title, column.align == report::Align::kRight ? Align::kRight : Align::kLeft});
  }
  Table table(std::move(titles));
  for (std::vector<std::string>& row : rows(outcome.results)) table.add(std::move(row));
  std::string out = table.format(console) + "\n";
  for (const std::string& note : notes(outcome)) out += note + "\n";
  return out +
         console.paint(Style::kBold,
                       fmt::format("{}: {} requests in {:.1f} s, {:.1f} a second", title.target,
                                   outcome.results.count(), seconds(outcome),
                                   static_cast<double>(outcome.results.count()) /
                                       std::max(seconds(outcome), 1e-9))) +
         "\n";
}

Json load_document(const LoadTitle& title, const LoadOutcome& outcome) {
  Json kinds = Json::object();
  for (const Kind kind : kAllKinds) kinds[name_of(kind)] = kind_document(outcome.results, kind);
  Json document{{"target", title.target},
                {"traffic", title.traffic},
                {"requests", outcome.results.count()},
                {"seconds", seconds(outcome)},
                {"latestSendMs", static_cast<double>(outcome.progress.latest_ns) / 1e6},
                {"interrupted", outcome.progress.interrupted},
                {"kinds", std::move(kinds)}};
  if (was_answered(outcome.results)) {
    document["answered"] = Json{{"p50", outcome.results.answered_latency_ms(0.5)},
                                {"p95", outcome.results.answered_latency_ms(0.95)},
                                {"p99", outcome.results.answered_latency_ms(0.99)},
                                {"max", outcome.results.answered_latency_ms(1)}};
  }
  if (outcome.results.count(Kind::kAccepted) > 0) {
    Json events{{"completed", outcome.completed}, {"failed", outcome.failed_events}};
    if (!outcome.completion_ms.empty()) {
      events["p50"] = percentile(outcome.completion_ms, 0.5);
      events["p99"] = percentile(outcome.completion_ms, 0.99);
    }
    document["events"] = std::move(events);
  }
  Json list = Json::array();
  for (const Results::Second& second : outcome.results.seconds()) {
    Json counts = Json::object();
    for (const Kind kind : kAllKinds) {
      if (const int64_t count = second.counts[static_cast<size_t>(kind)]; count > 0)
        counts[name_of(kind)] = count;
    }
    counts["p50"] = second.p50_ms;
    counts["p99"] = second.p99_ms;
    list.push_back(std::move(counts));
  }
  document["bySecond"] = std::move(list);
  document["notes"] = Json(outcome.notes);
  return document;
}

report::Page load_page(const LoadTitle& title, const LoadOutcome& outcome) {
  report::Page page{
      .title = title.target + " under load",
      .lead = fmt::format("{}: {} requests in {:.1f} s", title.traffic,
                          number(static_cast<double>(outcome.results.count())), seconds(outcome))};
  const Results& results = outcome.results;
  report::Figures figures;
  if (was_answered(results)) {
    figures.figures.push_back({"Median latency", number(results.answered_latency_ms(0.5)) + " ms",
                               "p99: " + number(results.answered_latency_ms(0.99)) + " ms"});
    figures.figures.push_back(
        {"Cold starts", share(results.count(Kind::kCold), results.count()),
         number(static_cast<double>(results.count(Kind::kCold))) + " requests"});
  }
  figures.figures.push_back(
      {"Throttled", share(results.count(Kind::kThrottled), results.count()),
       number(static_cast<double>(results.count(Kind::kThrottled))) + " requests"});
  page.sections.emplace_back(std::move(figures));
  page.sections.emplace_back(rate_chart(outcome));
  if (was_answered(results)) page.sections.emplace_back(latency_over_time(outcome));
  page.sections.emplace_back(
      report::Table{.title = "By kind", .columns = columns(), .rows = rows(results)});
  std::string text;
  for (const std::string& note : notes(outcome)) text += (text.empty() ? "" : "\n\n") + note;
  if (!text.empty()) page.sections.emplace_back(report::Text{"Notes", text});
  page.foot =
      "Made by kiln load. Requests were sent in an open loop; latencies count from when each "
      "was due.";
  return page;
}

void write_requests(std::ostream& out, const std::string& function, const LoadOutcome& outcome) {
  std::vector<const LoadRequest*> order;
  order.reserve(outcome.requests.size());
  for (const LoadRequest& request : outcome.requests) order.push_back(&request);
  std::stable_sort(order.begin(), order.end(), [](const LoadRequest* a, const LoadRequest* b) {
    return a->due_ns < b->due_ns;
  });
  out << "time,function,duration_ms,kind,latency_ms,init_ms,billed_ms,memory_mb,max_memory_mb\n";
  for (const LoadRequest* request : order) {
    const logs::Report report = request->report.value_or(logs::Report());
    const bool known = request->report.has_value();
    const auto whole = [&](int64_t value) { return known ? std::to_string(value) : ""; };
    out << fmt::format(
        "{:.6f},{},{},{},{:.3f},{},{},{},{}\n", static_cast<double>(request->due_ns) / 1e9,
        field(function), known ? fmt::format("{:.2f}", report.duration_ms) : "",
        name_of(request->kind), request->latency_ms, optional(report.init_ms),
        whole(report.billed_ms), whole(report.memory_mb), whole(report.max_memory_mb));
  }
}

}  // namespace kiln::cli
