// The metrics of one function, gathered on its loop: a few additions and one histogram update an
// invocation, in the counters of the minute in which the invocation started. collect() makes points
// of CloudWatch's dimension sets from them.
//
// Threading: the function's loop only.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "telemetry/distribution.h"
#include "telemetry/metric.h"

namespace kiln::telemetry {

// One metric's values of one minute (or second), on their way to the metric store.
struct MetricPoint {
  MetricKey key;
  std::string unit;
  int64_t time_s = 0;
  Distribution values;
};

// A value of one of the metrics of asynchronous invocations, in the dimension sets that they have.
void add_event_points(std::vector<MetricPoint>& out, const std::string& region,
                      const std::string& function, const std::string& qualifier, const char* metric,
                      const char* unit, int64_t minute_s, double value);

class FunctionMetrics {
 public:
  FunctionMetrics(std::string region, std::string function_name)
      : region_(std::move(region)), name_(std::move(function_name)) {}

  struct Minute {
    double invocations = 0;
    double errors = 0;
    double throttles = 0;
    double provisioned_invocations = 0;
    double spillovers = 0;
    Distribution duration_ms;
    Distribution extensions_ms;
    Distribution concurrency;
    Distribution provisioned_concurrency;
    Distribution provisioned_utilization;
  };
  // How the function was called: by which qualifier, and the version that ran.
  struct Way {
    std::string qualifier;
    std::string version;
    int in_use = 0;
    std::map<int64_t, Minute> minutes;
    int64_t newest_s = -1;
    Minute* newest = nullptr;
  };
  // Valid until the object dies.
  Way& way(const std::string& qualifier, const std::string& version);

  // Samples taken when an invocation starts, it being counted in them. `provisioned_configured` 0:
  // the version has none.
  struct Load {
    int function_in_use = 0;
    int account_in_use = 0;
    int unreserved_in_use = 0;
    int claimed = 0;
    int provisioned_in_use = 0;
    int provisioned_configured = 0;
  };
  void on_start(Way& way, int64_t minute_s, const Load& load);
  void on_throttle(Way& way, int64_t minute_s) { minute(way, minute_s).throttles += 1; }
  struct End {
    double duration_ms = 0;
    bool function_error = false;
    bool provisioned = false;  // ran on provisioned concurrency
    bool spillover = false;    // its version has some, and it ran elsewhere
    // What its external extensions took after the function; below 0: it has none.
    double extensions_ms = -1;
  };
  // `minute_s`: that in which it started.
  void on_end(Way& way, int64_t minute_s, const End& end);

  // Adds the points of what was gathered since the last call.
  void collect(std::vector<MetricPoint>& out);

 private:
  struct Account {
    Distribution function_concurrency, account_concurrency, unreserved, claimed;
  };
  static Minute& minute(Way& way, int64_t minute_s);
  Account& account(int64_t minute_s);

  std::string region_;
  std::string name_;
  std::list<Way> ways_;
  std::map<int64_t, Account> account_;
  int64_t newest_account_s_ = -1;
  Account* newest_account_ = nullptr;
};

}  // namespace kiln::telemetry
