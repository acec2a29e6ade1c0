// Recorded traffic out of files, for the commands that replay it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "traffic/trace.h"

namespace kiln::cli {

// A trace with everything in it. "-" is no file. Error (Usage): it can't be read, or says what line
// is wrong.
Result<traffic::Trace> read_trace_file(const std::string& path);

struct TracePart {
  traffic::TracedFunction function;
  traffic::Nanos length = 0;
  std::vector<std::string> notes;
};
// One function's part of a trace, or all of it when only one function is in it.
Result<TracePart> read_trace_file(const std::string& path, const std::string& function);

}  // namespace kiln::cli
