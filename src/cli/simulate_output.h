// What a simulation says as a table, as JSON and as a web page. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/console.h"
#include "cost/prices.h"
#include "report/page.h"
#include "simulate/study.h"

namespace kiln::cli {

struct SimulateResult {
  std::string title;
  simulate::Scenario scenario;
  traffic::Nanos length = 0;
  simulate::Study study;
  cost::Prices prices;
  bool free_tier = false;
  double took_s = 0;
  std::vector<std::string> notes;
};

std::string simulate_table(const Console& console, const SimulateResult& result);
Json simulate_document(const SimulateResult& result);
report::Page simulate_page(const SimulateResult& result);

// One figure as people read it: "12.3 %", "$4.56", with its half width where there are several
// runs.
std::string figure_text(const simulate::FigureName& name, const Estimate& estimate);
// {"coldShare": {"mean": …, "halfWidth": …, "least": …, "most": …}, …}
Json figures_document(const simulate::Summary& summary, size_t function);
std::string length_text(traffic::Nanos length);

}  // namespace kiln::cli
