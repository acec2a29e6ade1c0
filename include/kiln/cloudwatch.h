// CloudWatch's metrics: read them over a window, write one's own.
//
//   kiln::cloudwatch::Client metrics;  // AWS_ENDPOINT_URL_CLOUDWATCH, …, or AWS's own
//   const auto now = std::chrono::system_clock::now();
//   const auto points = metrics.get_metric_statistics(
//       {{"AWS/Lambda", "Errors", {{"FunctionName", "f"}}}, now - std::chrono::minutes(5), now,
//        std::chrono::seconds(60), {"Sum"}});
//   metrics.put_metric_data("Shop", {{.name = "Orders", .value = 1, .unit = "Count"}});
//
// Points come in the order of time, which the service does not promise; a period without data has
// none. All throw aws::Error. put_metric_data is not tried again when its answer was lost: it would
// count twice.
//
// Threading: any thread. Ownership: as <kiln/aws.h>. Cost: one request each; get_metric_data one
// for each page.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kiln/aws.h"

namespace kiln::cloudwatch {

using Time = std::chrono::system_clock::time_point;

struct Metric {
  std::string metric_namespace;
  std::string name;
  std::vector<std::pair<std::string, std::string>> dimensions = {};
};

struct StatisticsQuery {
  Metric metric;
  Time start;
  Time end;
  std::chrono::seconds period{60};      // 60 or a multiple; or 1, 5, 10, 30
  std::vector<std::string> statistics;  // SampleCount, Average, Sum, Minimum, Maximum
};
struct Datapoint {
  Time time;
  std::map<std::string, double> values;  // by statistic
  std::string unit;
};

struct DataQuery {
  std::string id;                     // a small letter first
  std::optional<Metric> metric = {};  // this, with statistic and period …
  std::string statistic = {};
  std::chrono::seconds period{60};
  std::string expression = {};  // … or metric math over other ids
  bool return_data = true;
};
struct DataResult {
  std::string id;
  std::string label;
  std::string status;  // "Complete"; "InternalError", "Forbidden"
  std::vector<std::pair<Time, double>> points;
};

struct Datum {
  std::string name;
  double value = 0;
  std::string unit = "None";
  std::vector<std::pair<std::string, std::string>> dimensions = {};
  std::optional<Time> time = {};  // none: now
};

class Client {
 public:
  // Throws std::invalid_argument when the endpoint or the region can't be one.
  explicit Client(aws::Config config = aws::Config::from_environment("cloudwatch"));
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  std::vector<Datapoint> get_metric_statistics(const StatisticsQuery& query);
  // One result for each query that returns data, all pages of it.
  std::vector<DataResult> get_metric_data(const std::vector<DataQuery>& queries, Time start,
                                          Time end);
  void put_metric_data(const std::string& metric_namespace, const std::vector<Datum>& data);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::cloudwatch
