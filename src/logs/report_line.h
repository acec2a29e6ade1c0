// REPORT lines, Lambda's own account of an invocation: the text and the JSON form, Kiln's and
// AWS's.
//
//   for (const std::string& line : lines)
//     if (std::optional<Report> report = read_report(line)) use(*report);
//
// Pure. Lines come from functions and may be anything; a line that only looks like a REPORT is
// none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiln::logs {

struct Report {
  std::string request_id = {};
  double duration_ms = 0;
  int64_t billed_ms = 0;
  int64_t memory_mb = 0;
  int64_t max_memory_mb = 0;
  std::optional<double> init_ms = {};     // of a cold start
  std::optional<double> restore_ms = {};  // of a start from a snapshot
  std::string status = {};                // "timeout", "error"; "" or "success" when all was well
  std::string error_type = {};            // with "error": Runtime.ExitError, …

  bool is_good() const { return status.empty() || status == "success"; }
};

// A line that begins with "REPORT RequestId: ", or an event of type platform.report.
std::optional<Report> read_report(std::string_view line);

// The same, with something before it, as tools that export logs write it: a time, a stream.
std::optional<Report> find_report(std::string_view line);

}  // namespace kiln::logs
