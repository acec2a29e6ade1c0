// How much memory invocations took, out of Lambda's REPORT lines.
//
//   MemoryUse use{.function_name = "orders"};
//   for (const std::string& line : lines) add_report_line(line, use);
//
// Pure; lines come from functions and may be anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lint/model.h"

namespace kiln::lint {

struct MemoryUse {
  std::string function_name = {};
  std::string region = {};
  int64_t memory_mb = 0;    // MemorySize of the invocation that took most
  int64_t max_used_mb = 0;  // Max Memory Used of that invocation
  int64_t reports = 0;      // how many REPORT lines were read
};

// Takes a line into account, if it is a REPORT line or a platform.report event. False: it is none.
bool add_report_line(std::string_view line, MemoryUse& use);

// Whether a function that runs as `name` is the one that the template describes: by its
// FunctionName, or by a name that a stack gave, STACK-LOGICALID-XXXXXXXXXXXX.
bool runs_as(const Function& function, const std::string& stack_name, std::string_view name);

}  // namespace kiln::lint
