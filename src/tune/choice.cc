#include "tune/choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/digest.h"

namespace kiln::tune {
namespace {

static_assert(std::endian::native == std::endian::little);

bool is_candidate(const SizeResult& result) {
  return result.survives() && result.per_million && result.beyond_machine.empty();
}

Error none_survives(const std::vector<SizeResult>& results) {
  const bool any =
      std::any_of(results.begin(), results.end(), [](const SizeResult& r) { return r.survives(); });
  if (any) {
    return {ErrorKind::kInvalid, "NoSize",
            "the function works at some sizes, but this machine can't show them, or their price is "
            "not known; measure smaller sizes (--sizes), or on AWS (--aws)"};
  }
  std::string why, throttled;
  for (const SizeResult& result : results) {
    if (why.empty()) why = result.first_error;
    if (result.throttles > 0 && result.invocations == 0)
      throttled = "every invocation was throttled; raise the reserved concurrency or the account's";
  }
  const std::string step =
      why.empty() ? "" : "; `kiln invoke` shows the whole error, and --payload gives another event";
  if (why.empty()) why = throttled.empty() ? "nothing was invoked" : throttled;
  return {ErrorKind::kInvalid, "NoSize", "the function fails at every size: " + why + step};
}

Error none_fast_enough(const std::vector<SizeResult>& results, double limit_ms) {
  const SizeResult* fastest = nullptr;
  for (const SizeResult& result : results) {
    if (is_candidate(result) && (fastest == nullptr || result.p99_ms < fastest->p99_ms))
      fastest = &result;
  }
  return {ErrorKind::kInvalid, "NoSize",
          fmt::format("no size is below {:.0f} ms at p99; the fastest, {} MB, takes {:.1f} ms",
                      limit_ms, fastest->memory_mb, fastest->p99_ms)};
}

template <class Number>
std::string encoded(const std::vector<Number>& numbers) {
  std::string bytes(numbers.size() * sizeof(Number), '\0');
  if (!numbers.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return base64_encode(bytes);
}

}  // namespace

std::optional<Strategy> strategy_named(std::string_view name) {
  if (name == "cost") return Strategy::kCost;
  if (name == "speed") return Strategy::kSpeed;
  if (name == "balanced") return Strategy::kBalanced;
  return std::nullopt;
}

Result<size_t> choose(const std::vector<SizeResult>& results, const Goal& goal) {
  std::vector<size_t> candidates;
  double most_cost = 0, most_time = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!is_candidate(results[i])) continue;
    candidates.push_back(i);
    most_cost = std::max(most_cost, *results[i].per_million);
    most_time = std::max(most_time, results[i].average_ms);
  }
  if (candidates.empty()) return none_survives(results);
  if (goal.p99_below_ms) {
    std::erase_if(candidates, [&](size_t i) { return results[i].p99_ms >= *goal.p99_below_ms; });
    if (candidates.empty()) return none_fast_enough(results, *goal.p99_below_ms);
  }
  const auto badness = [&](size_t i) {
    const double cost = *results[i].per_million, time = results[i].average_ms;
    if (goal.strategy == Strategy::kCost) return cost;
    if (goal.strategy == Strategy::kSpeed) return time;
    return goal.weight * cost / std::max(most_cost, 1e-300) +
           (1 - goal.weight) * time / std::max(most_time, 1e-300);
  };
  return *std::min_element(candidates.begin(), candidates.end(),
                           [&](size_t a, size_t b) { return badness(a) < badness(b); });
}

std::optional<size_t> smallest_surviving(const std::vector<SizeResult>& results) {
  std::optional<size_t> found;
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].survives() && (!found || results[i].memory_mb < results[*found].memory_mb))
      found = i;
  }
  return found;
}

std::string visualization_url(const std::vector<SizeResult>& results) {
  std::vector<int16_t> sizes;
  std::vector<float> times, costs;
  for (const SizeResult& result : results) {
    if (result.invocations == 0 || !result.per_million) continue;
    sizes.push_back(static_cast<int16_t>(result.memory_mb));
    times.push_back(static_cast<float>(result.average_ms));
    costs.push_back(static_cast<float>(*result.per_million / 1e6));
  }
  return "https://lambda-power-tuning.show/#" + encoded(sizes) + ";" + encoded(times) + ";" +
         encoded(costs);
}

}  // namespace kiln::tune
