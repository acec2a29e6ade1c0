#include "store/metric_archive.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "store/statement.h"

namespace kiln::store {
namespace {

using telemetry::Distribution;
using telemetry::Histogram;

// A point knows no period: it is as long as its tier says, by its age. The index of `time` serves
// the folding.
constexpr std::array kMetricSteps = {
    "CREATE TABLE series (id INTEGER PRIMARY KEY, region TEXT NOT NULL, namespace TEXT NOT NULL,"
    " name TEXT NOT NULL, dimensions TEXT NOT NULL, unit TEXT NOT NULL);"
    "CREATE TABLE points (series INTEGER NOT NULL, time INTEGER NOT NULL, count REAL NOT NULL,"
    " sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL, histogram BLOB NOT NULL,"
    " PRIMARY KEY (series, time)) WITHOUT ROWID;"
    "CREATE INDEX points_by_time ON points (time);",
    // The clock's time at the last write: with --speed it may be ahead of the next run's.
    "CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), now INTEGER NOT NULL);",
};

constexpr const char* kPointColumns = "series, time, count, sum, min, max, histogram";

MetricArchive::Point point_of(const Statement& row) {
  MetricArchive::Point point;
  point.series = row.integer(0);
  point.time_s = row.integer(1);
  point.values.count = row.real(2);
  point.values.sum = row.real(3);
  point.values.min = row.real(4);
  point.values.max = row.real(5);
  point.values.histogram = Histogram::from_bytes(row.text(6));
  return point;
}

Result<void> put(Statement& statement, const MetricArchive::Point& point) {
  statement.bind(1, point.series).bind(2, point.time_s);
  statement.bind(3, point.values.count).bind(4, point.values.sum);
  statement.bind(5, point.values.min).bind(6, point.values.max);
  return statement.bind_bytes(7, point.values.histogram.to_bytes()).run();
}

std::string insert_sql() {
  return std::string("INSERT OR REPLACE INTO points (") + kPointColumns +
         ") VALUES (?, ?, ?, ?, ?, ?, ?)";
}

}  // namespace

Result<std::unique_ptr<MetricArchive>> MetricArchive::open(const std::string& path) {
  auto database = Database::open(path, Schema{kMetricSteps, Schema::Check::kHeader});
  if (!database) return database.error();
  return std::unique_ptr<MetricArchive>(new MetricArchive(std::move(*database)));
}

void MetricArchive::report(const Result<void>& result) {
  if (result || complained_) return;
  complained_ = true;
  std::fprintf(stderr, "kiln: warning: metrics are not kept: %s\n", result.error().message.c_str());
}

void MetricArchive::resume(int64_t now_s) {
  report(database_->transaction([&]() -> Result<void> {
    Statement ahead(*database_,
                    "DELETE FROM points WHERE time > ?1 AND (SELECT now FROM clock) > ?1");
    if (auto done = ahead.bind(1, now_s).run(); !done) return done;
    return database_->execute(
        "DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM points WHERE series = series.id)");
  }));
}

bool MetricArchive::write(const std::vector<Point>& points, int64_t now_s) {
  if (points.empty()) return true;
  const Result<void> done = database_->transaction([&]() -> Result<void> {
    Statement insert(*database_, insert_sql());
    for (const Point& point : points)
      if (auto done = put(insert, point); !done) return done;
    Statement clock(*database_, "INSERT OR REPLACE INTO clock VALUES (1, ?)");
    return clock.bind(1, now_s).run();
  });
  report(done);
  return static_cast<bool>(done);
}

void MetricArchive::read(int64_t series, int64_t start_s, int64_t end_s,
                         const std::function<void(Point&&)>& visit) {
  Statement select(*database_, std::string("SELECT ") + kPointColumns +
                                   " FROM points WHERE series = ? AND time >= ? AND time < ?");
  select.bind(1, series).bind(2, start_s).bind(3, end_s);
  while (select.step()) visit(point_of(select));
  report(select.status());
}

int64_t MetricArchive::add_series(const telemetry::MetricKey& key, const std::string& unit) {
  Statement insert(*database_,
                   "INSERT INTO series (region, namespace, name, dimensions, unit)"
                   " VALUES (?, ?, ?, ?, ?) RETURNING id");
  insert.bind(1, key.region).bind(2, key.metric_namespace).bind(3, key.name);
  insert.bind(4, json_dump(nlohmann::json(key.dimensions))).bind(5, unit);
  int64_t id = 0;
  while (insert.step()) id = insert.integer(0);
  report(insert.status());
  return id;
}

// What is older than `before_s` and finer than `period_s` becomes one point for each period.
Result<void> MetricArchive::fold(int64_t before_s, int64_t period_s) {
  Statement select(*database_, std::string("SELECT ") + kPointColumns +
                                   " FROM points WHERE time < ? AND time % ? != 0");
  std::vector<Point> fine;
  select.bind(1, before_s).bind(2, period_s);
  while (select.step()) fine.push_back(point_of(select));
  if (!select.status() || fine.empty()) return select.status();
  std::map<std::pair<int64_t, int64_t>, Distribution> folded;
  for (const Point& point : fine)
    folded[{point.series, point.time_s - point.time_s % period_s}].merge(point.values);
  for (auto& [where, values] : folded)
    read(where.first, where.second, where.second + 1,
         [&, target = &values](Point&& start) { target->merge(start.values); });
  Statement erase(*database_, "DELETE FROM points WHERE series = ? AND time = ?");
  for (const Point& point : fine)
    if (auto done = erase.bind(1, point.series).bind(2, point.time_s).run(); !done) return done;
  Statement insert(*database_, insert_sql());
  for (auto& [where, values] : folded)
    if (auto done = put(insert, {where.first, where.second, std::move(values)}); !done) return done;
  return {};
}

void MetricArchive::compact(int64_t now_s) {
  using namespace telemetry;
  report(database_->transaction([&]() -> Result<void> {
    // A period is folded when all of it has aged.
    const auto before = [now_s](int64_t age, int64_t period) {
      const int64_t limit = now_s - age;
      return limit - limit % period;
    };
    if (auto done = fold(before(kSecondsOfSubMinute, 60), 60); !done) return done;
    if (auto done = fold(before(kSecondsOfMinutes, 300), 300); !done) return done;
    if (auto done = fold(before(kSecondsOfFiveMinutes, 3600), 3600); !done) return done;
    Statement erase(*database_, "DELETE FROM points WHERE time < ?");
    return erase.bind(1, now_s - kSecondsOfHours).run();
  }));
}

std::vector<telemetry::MetricArchive::SeriesInfo> MetricArchive::load_series() {
  std::vector<SeriesInfo> out;
  Statement select(*database_,
                   "SELECT id, region, namespace, name, dimensions, unit,"
                   " (SELECT max(time) FROM points WHERE series = id) FROM series");
  while (select.step()) {
    SeriesInfo info;
    info.series = select.integer(0);
    info.key.region = select.text(1);
    info.key.metric_namespace = select.text(2);
    info.key.name = select.text(3);
    const auto dimensions = json_parse(select.text(4));
    if (dimensions.is_array())
      for (const auto& pair : dimensions)
        if (pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string())
          info.key.dimensions.emplace_back(pair[0], pair[1]);
    info.unit = select.text(5);
    info.last_s = select.integer(6);
    out.push_back(std::move(info));
  }
  report(select.status());
  return out;
}

}  // namespace kiln::store
