#include "cli/tuned_sizes.h"

#include <fmt/format.h>

#include <algorithm>

#include "advise/facts.h"
#include "base/json.h"
#include "cli/read_file.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

constexpr size_t kLargestTuneResult = 16U << 20;

traffic::TimeModel times_of(const TunedSize& size) {
  constexpr double kFastest = 0.9;  // of the median: the least is not in the result
  return traffic::TimeModel::quantiles({{0.0, size.p50_ms * kFastest},
                                        {0.5, size.p50_ms},
                                        {0.95, std::max(size.p95_ms, size.p50_ms)},
                                        {0.99, std::max(size.p99_ms, size.p95_ms)}});
}

}  // namespace

Result<std::vector<TunedSize>> read_tuned_sizes(const std::string& path) {
  const Result<std::string> text = read_file(path, kLargestTuneResult);
  if (!text) return text.error();
  const Json document = Json::parse_or_null(*text);
  std::vector<TunedSize> out;
  for (const Json& item : document["sizes"]) {
    TunedSize size{.memory_mb = item.integer_or("power", 0),
                   .p50_ms = item.number_or("p50", 0),
                   .p95_ms = item.number_or("p95", 0),
                   .p99_ms = item.number_or("p99", 0)};
    if (const auto init = item["initMs"].number()) size.init_ms = *init;
    if (item.boolean_or("survives", false) && size.memory_mb > 0 && size.p50_ms > 0)
      out.push_back(size);
  }
  if (out.empty())
    return usage("'" + path + "' has no sizes that survived; make it with kiln tune NAME --json");
  return out;
}

Result<void> set_tuned_sizes(simulate::SimulatedFunction& function,
                             const std::vector<TunedSize>& sizes) {
  const int memory_mb = function.config.latest->memory_mb;
  const auto own = std::find_if(sizes.begin(), sizes.end(),
                                [&](const TunedSize& size) { return size.memory_mb == memory_mb; });
  if (own == sizes.end())
    return usage(fmt::format("{} has {} MB, and kiln tune did not measure that size",
                             function.config.name(), memory_mb));
  if (function.behaviour.duration.mean_ms() == 0) {
    function.behaviour.duration = times_of(*own);
    if (own->init_ms && function.behaviour.init.mean_ms() == 0)
      function.behaviour.init = traffic::TimeModel::fixed(*own->init_ms);
  }
  std::vector<advise::TunedSize> medians;
  for (const TunedSize& size : sizes)
    medians.push_back({size.memory_mb, size.p50_ms, size.init_ms});
  advise::set_tuned(function, medians);
  return {};
}

}  // namespace kiln::cli
