// What a sweep of settings says as a table, as JSON and as a web page. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/simulate_output.h"

namespace kiln::cli {

struct SweepResult {
  std::string title;
  std::vector<simulate::SweepAxis> axes = {};
  std::vector<simulate::SweepPoint> points = {};
  simulate::Wanted wanted = {};
  std::optional<size_t> best = {};
  cost::Prices prices;
  size_t seeds = 0;
  double took_s = 0;
  std::vector<std::string> notes = {};
};

std::string sweep_table(const Console& console, const SweepResult& result);
Json sweep_document(const SweepResult& result);
report::Page sweep_page(const SweepResult& result);

}  // namespace kiln::cli
