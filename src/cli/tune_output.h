// The result of a tuning as a table, as JSON and as a web page. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/console.h"
#include "cli/tune_settings.h"
#include "cost/prices.h"
#include "report/page.h"

namespace kiln::cli {

struct TuneResult {
  std::string function = {};  // with its qualifier
  cost::Architecture architecture = cost::Architecture::kX86_64;
  int64_t memory_mb = 0;  // as the function has it
  std::vector<tune::SizeResult> sizes = {};
  std::optional<size_t> best = {};
  std::string why_none = {};  // when there is no best one
  std::optional<size_t> smallest = {};
  std::string calibration = {};  // how durations were fitted, or ""
  cost::Prices prices = {};
  tune::Goal goal = {};
  bool applied = false;
};

std::string tune_table(const Console& console, const TuneResult& result);
// power, cost, duration and stateMachine as aws-lambda-power-tuning answers them, and each size in
// full.
Json tune_document(const TuneResult& result);
report::Page tune_page(const TuneResult& result);

// "cheapest below 200 ms at p99"
std::string goal_text(const tune::Goal& goal);

}  // namespace kiln::cli
