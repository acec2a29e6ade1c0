// The result of a load run as a table, as JSON, as a web page, and as a file for other commands.
// Pure.
#pragma once

#include <ostream>
#include <string>

#include "base/json.h"
#include "cli/console.h"
#include "cli/load_run.h"
#include "report/page.h"

namespace kiln::cli {

// What is loaded and how, for titles: "orders, poisson:50/s for 30 s".
struct LoadTitle {
  std::string target = {}, traffic = {};
};

std::string load_table(const Console& console, const LoadTitle& title, const LoadOutcome& outcome);
Json load_document(const LoadTitle& title, const LoadOutcome& outcome);
report::Page load_page(const LoadTitle& title, const LoadOutcome& outcome);

// CSV by rising time, a request a line: time (s since the start), function, duration_ms, kind,
// latency_ms, init_ms, billed_ms, memory_mb, max_memory_mb. A field that is not known is empty.
void write_requests(std::ostream& out, const std::string& function, const LoadOutcome& outcome);

}  // namespace kiln::cli
