// The REPORT lines of functions that ran: in a running Kiln through its API, in the log files of a
// data folder, which are only read, or in lines exported from CloudWatch Logs.
//
// Not thread-safe. Cost: one pass over the logs of the functions that are wanted.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/api_client.h"
#include "lint/memory_use.h"
#include "logs/report_line.h"

namespace kiln::cli {

// Whether the REPORT lines of this function in this Region are wanted.
using WantsReports = std::function<bool(const std::string& region, const std::string& name)>;

struct SeenReport {
  std::string region = {}, function = {};
  int64_t time_ms = 0;     // since 1970; 0: not known
  int64_t line_bytes = 0;  // of this line
  logs::Report report = {};
};
// False: no more of this function are wanted.
using TakeReport = std::function<bool(SeenReport&& seen)>;

// A log stream of a function in a data folder.
struct FunctionStream {
  std::string region, function;
  std::string path;  // without the suffixes of its files
};
// In order of Regions, groups, and streams.
void each_stream_of_files(const std::string& data_dir,
                          const std::function<void(const FunctionStream& stream)>& take);

// Error (kInvalid, type Usage): no data folder of Kiln.
Result<void> reports_of_files(const std::string& data_dir, const WantsReports& wants,
                              const TakeReport& take);
// Of the Region in `options`. Error: as the API answered.
Result<void> reports_of_endpoint(const ApiOptions& options, const WantsReports& wants,
                                 const TakeReport& take);
// Lines as `aws logs tail` prints them, or the JSON of `aws logs filter-log-events`; all of them
// are `function`'s. Error (Usage): no REPORT line is in it.
Result<void> reports_of_export(const std::string& text, const std::string& region,
                               const std::string& function, const TakeReport& take);

// What memory they took, by function.
class MemoryUses {
 public:
  // Each function's first 10,000 count.
  bool add(const SeenReport& seen);
  std::vector<lint::MemoryUse> take() { return std::move(uses_); }

 private:
  std::vector<lint::MemoryUse> uses_;
};

}  // namespace kiln::cli
