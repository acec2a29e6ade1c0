// How much memory invocations took, out of Lambda's REPORT lines.
//
//   MemoryUse use{.function_name = "orders"};
//   for (const logs::Report& report : reports) add_report(report, use);
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lint/model.h"
#include "logs/report_line.h"

namespace kiln::lint {

struct MemoryUse {
  std::string function_name = {};
  std::string region = {};
  int64_t memory_mb = 0;    // MemorySize of the invocation that took most
  int64_t max_used_mb = 0;  // Max Memory Used of that invocation
  int64_t reports = 0;      // how many REPORT lines were read
};

void add_report(const logs::Report& report, MemoryUse& use);

// Whether a function that runs as `name` is the one that the template describes: by its
// FunctionName, or by a name that a stack gave, STACK-LOGICALID-XXXXXXXXXXXX.
bool runs_as(const Function& function, const std::string& stack_name, std::string_view name);

}  // namespace kiln::lint
