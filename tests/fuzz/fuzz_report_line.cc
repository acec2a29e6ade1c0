// REPORT lines: what is taken for one has sensible numbers; the payloads of a tuning are JSON.
#include <cstdint>

#include "base/check.h"
#include "base/json.h"
#include "cli/report_lines.h"
#include "cli/tune_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto read = kiln::cli::reports_of_export(text, "r", "f", [](kiln::cli::SeenReport&& seen) {
    KILN_CHECK(seen.report.duration_ms >= 0 && seen.report.billed_ms >= 0);
    KILN_CHECK(seen.report.memory_mb >= 0 && seen.report.max_memory_mb >= 0);
    KILN_CHECK(seen.report.init_ms.value_or(0) >= 0);
    return true;
  });
  if (!read) KILN_CHECK(read.error().type == "Usage");
  const auto payloads = kiln::cli::parse_payloads(text);
  if (!payloads) return 0;
  for (const auto& payload : *payloads) {
    KILN_CHECK(payload.weight > 0);
    KILN_CHECK(kiln::Json::parse(payload.text).ok());
  }
  if (const auto sizes = kiln::cli::parse_sizes(text)) KILN_CHECK(sizes->front() >= 128);
  return 0;
}
