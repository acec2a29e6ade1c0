#include "cli/traffic_source.h"

#include <fmt/format.h>

#include <fstream>

#include "cli/read_file.h"
#include "cli/usage.h"

namespace kiln::cli {

Result<traffic::Trace> read_trace_file(const std::string& path) {
  std::ifstream file;
  if (auto opened = open_file(path, file); !opened) return opened.error();
  Result<traffic::Trace> trace = traffic::read_trace(file, path);
  if (!trace) return usage(trace.error().message);
  if (trace->functions.empty()) return usage("'" + path + "' has no request");
  return trace;
}

Result<TracePart> read_trace_file(const std::string& path, const std::string& function) {
  Result<traffic::Trace> trace = read_trace_file(path);
  if (!trace) return trace.error();
  TracePart out;
  out.length = trace->length;
  out.notes = std::move(trace->notes);
  for (traffic::TracedFunction& one : trace->functions) {
    if (one.name != function && trace->functions.size() > 1) continue;
    out.function = std::move(one);
    return out;
  }
  return usage(fmt::format("'{}' has {} functions, and none of them is '{}'", path,
                           trace->functions.size(), function));
}

}  // namespace kiln::cli
