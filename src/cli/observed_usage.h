// What functions used, out of their REPORT lines and of what a running engine says of them.
//
// Not thread-safe. Cost: a few sums for each function.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/api_client.h"
#include "cli/report_lines.h"
#include "cost/usage.h"

namespace kiln::cli {

// What REPORT lines don't say.
struct FunctionFacts {
  cost::Architecture architecture = cost::Architecture::kX86_64;
  int64_t storage_mb = 512;
  int64_t memory_mb = 128;
  int64_t provisioned = 0;       // environments configured
  double provisioned_share = 0;  // of the invocations
  std::optional<int64_t> log_bytes = {};
};

class ObservedUsage {
 public:
  void add(const SeenReport& seen);
  void set_log_bytes(const std::string& region, const std::string& function, int64_t bytes);

  bool empty() const { return functions_.empty(); }
  // Seconds from the first to the last one; 0 when times are not known.
  double span_s() const;
  // Region and name of each.
  std::vector<std::pair<std::string, std::string>> functions() const;
  // What was used in `window_s` seconds. REQUIRES: the function is there
  cost::Usage usage(const std::string& region, const std::string& function,
                    const FunctionFacts& facts, double window_s) const;

 private:
  struct Sums {
    double requests = 0, gb_seconds = 0, billed_ms = 0, restored_gb = 0;
    std::optional<int64_t> log_bytes;
  };
  std::map<std::pair<std::string, std::string>, Sums> functions_;
  int64_t first_ms_ = std::numeric_limits<int64_t>::max(), last_ms_ = 0;
};

// From a running Kiln, or AWS. A function that is gone has the defaults.
Result<FunctionFacts> facts_of(ApiClient& client, const std::string& function);
// Alarms' metrics and custom metrics of the Region, as a usage of "(alarms)" and "(metrics)".
Result<std::vector<cost::Usage>> monitoring_usage(ApiClient& client);
// Bytes in the log files of each function: region and name.
void add_log_bytes_of_files(const std::string& data_dir, ObservedUsage& usage);

}  // namespace kiln::cli
