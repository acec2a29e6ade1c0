#include "traffic/trace.h"

#include "traffic/trace_lines.h"

namespace kiln::traffic {

Result<Trace> read_trace(std::istream& in, const std::string& name, const TraceLimits& limits) {
  LineReader lines(in, name, limits.line_bytes);
  const auto line = lines.next();
  if (!line && lines.failed()) return *lines.failed();
  if (!line)
    return Error{ErrorKind::kInvalid, "Trace", name + " is empty; a trace has a header and lines"};
  // The reader's buffer moves on.
  const std::string first(*line);
  Result<Trace> trace = first.starts_with("HashOwner,")  ? read_azure_2019(lines, first, limits)
                        : first.starts_with("app,func,") ? read_azure_2021(lines, limits)
                        : is_access_log(first)           ? read_access_log(lines, first, limits)
                                                         : read_csv(lines, first, limits);
  if (lines.failed()) return *lines.failed();
  if (trace && trace->functions.empty())
    return Error{ErrorKind::kInvalid, "Trace", name + " has no requests"};
  return trace;
}

}  // namespace kiln::traffic
