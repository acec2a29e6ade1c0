#include "telemetry/metric_query.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/ascii.h"
#include "telemetry/insights_query.h"
#include "telemetry/metric_label.h"
#include "telemetry/metric_math.h"
#include "telemetry/query_find.h"
#include "telemetry/query_run.h"

namespace kiln::telemetry {
namespace {

// What the queries mean together: expressions as trees, in an order in which each comes after what
// it refers to.
struct Plan {
  std::map<size_t, MathNode> trees;         // by index of the query
  std::map<size_t, InsightsQuery> selects;  // likewise
  std::vector<size_t> order;                // of expressions
  MathNames names;
};

Error in_expression(const std::string& id, const std::string& message) {
  return math_error("Error in expression '" + id + "': " + message);
}

bool is_id(const std::string& text) {
  const auto is_lower = ascii::is_lower;
  return !text.empty() && is_lower(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_lower(c) || ascii::is_upper(c) || ascii::is_digit(c) || c == '_';
  });
}

// Each query on its own: a line for everything that is wrong, as the API answers.
Result<void> check_parameters(const std::vector<MetricQuery>& queries) {
  std::string problems;
  for (size_t i = 0; i < queries.size(); ++i) {
    const MetricQuery& query = queries[i];
    const std::string parameter = "MetricDataQueries.member." + std::to_string(i + 1);
    if (query.id.empty()) {
      problems += "The parameter " + parameter + ".Id is required.\n";
    } else if (!is_id(query.id)) {
      problems += "The value " + query.id + " for parameter " + parameter +
                  ".Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.\n";
    }
    if (query.metric_stat && !query.expression.empty()) {
      problems += "The parameters " + parameter + ".MetricStat and " + parameter +
                  ".Expression are mutually exclusive and you have specified both.\n";
    } else if (!query.metric_stat && query.expression.empty()) {
      problems += "The parameter " + parameter + ".MetricStat is required.\n";
    }
  }
  if (!problems.empty()) return math_error(problems);

  std::set<std::string> ids;
  for (const MetricQuery& query : queries) {
    if (ids.insert(query.id).second) continue;
    return math_error("Invalid metrics list: two or more metrics have the same Id '" + query.id +
                      "'");
  }
  return {};
}

// A cycle among the queries of `waiting`, each of which refers to one of them: "e1 -> e2 -> e1".
Error cycle_error(const std::map<std::string, std::string>& waiting) {
  std::vector<std::string> path = {waiting.begin()->first};
  auto seen = path.end();
  while (seen == path.end()) {
    const std::string next = waiting.at(path.back());
    path.push_back(next);
    seen = std::find(path.begin(), path.end() - 1, next);
    if (seen == path.end() - 1) seen = path.end();
  }
  std::string text;
  for (auto at = seen; at != path.end(); ++at) text += (at == seen ? "" : " -> ") + *at;
  return in_expression(*seen, "It refers to itself: " + text);
}

// Fills in plan.order.
Result<void> sort_expressions(const std::vector<MetricQuery>& queries, Plan& plan) {
  std::map<std::string, std::set<std::string>> references;
  for (const auto& [index, tree] : plan.trees) {
    references[queries[index].id] = referred_ids(tree);
  }
  std::set<std::string> done;
  // Ids that are no expression, or none at all, wait for nothing.
  const auto waits_for = [&](const std::string& id) {
    return references.contains(id) && !done.contains(id);
  };
  while (done.size() < plan.trees.size()) {
    const size_t before = done.size();
    std::map<std::string, std::string> waiting;  // Id → one that it waits for
    for (const auto& [index, tree] : plan.trees) {
      const std::string& id = queries[index].id;
      if (done.contains(id)) continue;
      const auto& needed = references[id];
      const auto missing = std::find_if(needed.begin(), needed.end(), waits_for);
      if (missing != needed.end()) {
        waiting[id] = *missing;
      } else {
        plan.order.push_back(index);
        done.insert(id);
      }
    }
    if (done.size() == before) return cycle_error(waiting);
  }
  return {};
}

Result<Plan> make_plan(const std::vector<MetricQuery>& queries) {
  if (const auto checked = check_parameters(queries); !checked) return checked.error();
  Plan plan;
  for (size_t i = 0; i < queries.size(); ++i) {
    if (queries[i].metric_stat) {
      plan.names[queries[i].id] = {MathType::kSeries, MathArgument::Origin::kMetric};
      continue;
    }
    if (InsightsQuery::is_one(queries[i].expression)) {
      auto select = InsightsQuery::parse(queries[i].expression);
      if (!select) return in_expression(queries[i].id, select.error().message);
      if (!plan.selects.empty())
        return in_expression(queries[i].id,
                             "A request can have one Metrics Insights query, and there is another "
                             "one before it; send them one by one");
      plan.names[queries[i].id] = {select->group_by.empty() ? MathType::kSeries : MathType::kList,
                                   MathArgument::Origin::kOther};
      plan.selects.emplace(i, *std::move(select));
      continue;
    }
    auto tree = parse_math(queries[i].expression);
    if (!tree) return in_expression(queries[i].id, tree.error().message);
    plan.trees.emplace(i, *std::move(tree));
  }
  if (const auto sorted = sort_expressions(queries, plan); !sorted) return sorted.error();
  for (const size_t index : plan.order) {
    const MetricQuery& query = queries[index];
    const auto type = check_math(plan.trees.at(index), plan.names);
    if (!type) return in_expression(query.id, type.error().message);
    if (query.return_data && *type == MathType::kScalar) {
      return in_expression(query.id,
                           "The result is a scalar; what returns data must be a time series or an "
                           "array of time series, as TIME_SERIES makes of a scalar");
    }
    plan.names[query.id] = {*type, MathArgument::Origin::kOther};
  }
  return plan;
}

bool is_dynamic(const std::string& label) { return label.find("${") != label.npos; }

// The metrics of series that were searched for, by their labels.
using FoundMetrics = std::map<std::string, MetricStat>;

std::string labeled(const MetricQuery& query, const Series& series, const std::string& otherwise,
                    const QuerySources& sources, const MetricStat* found = nullptr) {
  if (!is_dynamic(query.label)) return query.label;
  return fill_label(query.label, {&series, query.metric_stat ? &*query.metric_stat : found,
                                  otherwise, sources.account, sources.now_s});
}

void fetch_metrics(const std::vector<MetricQuery>& queries, const QuerySources& sources,
                   MathScope& scope) {
  std::vector<const MetricStat*> metrics;
  for (const MetricQuery& query : queries)
    if (query.metric_stat) metrics.push_back(&*query.metric_stat);
  const auto labels = default_labels(metrics);
  auto label = labels.begin();
  std::map<std::tuple<MetricKey, int, std::string, std::string>, Series> fetched;
  for (const MetricQuery& query : queries) {
    if (!query.metric_stat) continue;
    const MetricStat& stat = *query.metric_stat;
    const auto key = std::make_tuple(stat.metric, stat.period_s, stat.stat, stat.unit);
    auto found = fetched.find(key);
    if (found == fetched.end()) {
      found = fetched.emplace(key, sources.fetch(stat, scope.start_s, scope.end_s)).first;
    }
    Series series = found->second;
    series.label = *label++;
    if (!query.label.empty()) series.label = labeled(query, series, series.label, sources);
    scope.metric_ids.push_back(query.id);
    scope.values[query.id] = std::move(series);
  }
}

// The period of what expressions make up: the longest of their metrics'.
class Periods {
 public:
  explicit Periods(const std::vector<MetricQuery>& queries) {
    for (const MetricQuery& query : queries) {
      if (!query.metric_stat) continue;
      periods_[query.id] = query.metric_stat->period_s;
      longest_ = std::max(longest_, query.metric_stat->period_s);
    }
  }
  // In the order of the plan.
  int add(const MetricQuery& query, const MathNode& tree) {
    // A search's own period goes before that of its query.
    int period = search_period(tree).value_or(query.period_s);
    if (period <= 0 && !calls(tree, "METRICS")) {
      for (const std::string& id : referred_ids(tree)) period = std::max(period, periods_[id]);
    }
    if (period <= 0) period = longest_ > 0 ? longest_ : 60;
    return periods_[query.id] = period;
  }
  // Of Metrics Insights, whose data is of whole minutes.
  int add_select(const MetricQuery& query) {
    constexpr int kMinute = 60;
    const int period = query.period_s > 0 ? query.period_s : longest_;
    return periods_[query.id] = std::max(1, (period + kMinute - 1) / kMinute) * kMinute;
  }

 private:
  std::map<std::string, int> periods_;  // by Id
  int longest_ = 0;
};

// Of an expression: its own label, or its Id, before those of what it gives several of.
void add_results(const MetricQuery& query, MathValue value, bool dropped,
                 const QuerySources& sources, const FoundMetrics& found,
                 std::vector<DetailedResult>& results) {
  const auto add = [&](Series series, std::string shown) {
    series.label = std::move(shown);
    std::string label = series.label;
    results.push_back({{query.id, std::move(label), std::move(series)},
                       query.metric_stat ? &*query.metric_stat : nullptr,
                       dropped});
  };
  const std::string& own = query.label.empty() ? query.id : query.label;
  const auto source_of = [&](const Series& series) {
    const auto at = found.find(series.label);
    return at == found.end() ? nullptr : &at->second;
  };
  if (Series* series = std::get_if<Series>(&value)) {
    std::string shown = query.metric_stat ? series->label
                        : query.label.empty()
                            ? query.id
                            : labeled(query, *series, query.id, sources, source_of(*series));
    return add(std::move(*series), std::move(shown));
  }
  for (Series& series : std::get<std::vector<Series>>(value)) {
    const MetricStat* metric = source_of(series);
    // What was searched for is told apart by its metrics alone.
    const bool alone = query.label.empty() && metric != nullptr;
    std::string shown = is_dynamic(query.label)
                            ? labeled(query, series, series.label, sources, metric)
                        : series.label.empty() ? own
                        : alone                ? series.label
                                               : own + " " + series.label;
    add(std::move(series), std::move(shown));
  }
}

std::vector<Series> take_found(std::vector<FoundSeries> list, FoundMetrics& found) {
  std::vector<Series> out;
  for (FoundSeries& one : list) {
    found.insert_or_assign(one.series.label, std::move(one.source));
    out.push_back(std::move(one.series));
  }
  return out;
}

}  // namespace

Result<void> check_queries(const std::vector<MetricQuery>& queries) {
  const auto plan = make_plan(queries);
  if (!plan) return plan.error();
  return {};
}

Result<MathType> returned_type(const std::vector<MetricQuery>& queries) {
  const auto plan = make_plan(queries);
  if (!plan) return plan.error();
  for (const MetricQuery& query : queries)
    if (query.return_data) return plan->names.at(query.id).type;
  return MathType::kSeries;
}

Result<std::vector<QueryResult>> run_queries(const std::vector<MetricQuery>& queries,
                                             int64_t start_s, int64_t end_s,
                                             const FetchSeries& fetch) {
  auto detailed = run_detailed(queries, start_s, end_s, {fetch, "", end_s});
  if (!detailed) return detailed.error();
  std::vector<QueryResult> results;
  for (DetailedResult& one : *detailed) results.push_back(std::move(one.result));
  return results;
}

Result<std::vector<DetailedResult>> run_detailed(const std::vector<MetricQuery>& queries,
                                                 int64_t start_s, int64_t end_s,
                                                 const QuerySources& sources) {
  const auto plan = make_plan(queries);
  if (!plan) return plan.error();
  MathScope scope;
  scope.start_s = start_s;
  scope.end_s = end_s;
  fetch_metrics(queries, sources, scope);
  Periods periods(queries);
  FoundMetrics found;
  for (const auto& [index, select] : plan->selects) {
    auto list = take_found(
        select_series(select, periods.add_select(queries[index]), start_s, end_s, sources), found);
    auto& value = scope.values[queries[index].id];
    if (select.group_by.empty())
      value = std::move(list.front());
    else
      value = std::move(list);
  }
  scope.search = [&](const std::string& text, const std::string& stat, int period_s) {
    return take_found(search_series(text, stat, period_s, start_s, end_s, sources), found);
  };
  std::map<std::string, bool> dropped;  // by Id
  for (const size_t index : plan->order) {
    const MetricQuery& query = queries[index];
    const MathNode& tree = plan->trees.at(index);
    scope.period_s = periods.add(query, tree);
    scope.dropped = false;
    auto value = evaluate_math(tree, scope);
    if (!value) return in_expression(query.id, value.error().message);
    scope.values[query.id] = *std::move(value);
    dropped[query.id] = scope.dropped;
  }
  std::vector<DetailedResult> results;
  for (const MetricQuery& query : queries) {
    if (!query.return_data) continue;
    add_results(query, std::move(scope.values.at(query.id)), dropped[query.id], sources, found,
                results);
  }
  return results;
}

}  // namespace kiln::telemetry
