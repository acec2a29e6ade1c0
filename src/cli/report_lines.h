// The REPORT lines of functions that ran in Kiln: from a running one through its API, or from the
// log files of a data folder, which are only read.
//
// Not thread-safe. Cost: one pass over the logs of the functions that are wanted.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/api_client.h"
#include "lint/memory_use.h"

namespace kiln::cli {

// Whether the REPORT lines of this function in this Region are wanted.
using WantsReports = std::function<bool(const std::string& region, const std::string& name)>;

// Error (kInvalid, type Usage): no data folder of Kiln.
Result<std::vector<lint::MemoryUse>> reports_of_files(const std::string& data_dir,
                                                      const WantsReports& wants);

// Of the Region in `options`; of each function the first 10,000 lines that it has kept. Error: as
// the API answered.
Result<std::vector<lint::MemoryUse>> reports_of_endpoint(const ApiOptions& options,
                                                         const WantsReports& wants);

}  // namespace kiln::cli
