// Advice for a function that is there: its settings and what it did are read, settings are tried in
// simulations, and advice can be carried out.
//
//   const auto found = advise_function(api, {.function = "orders"}, options);
//   for (const advise::Advice& advice : found->advice) apply(api, advice.setting, found->where);
//
// Not thread-safe. Cost: the calls of settings.h and seen.h, and some forty runs of the time that
// was seen.
#pragma once

#include "advise/advise.h"
#include "survey/seen.h"

namespace kiln::survey {

struct AdviceQuestion {
  std::string function;
  std::string region = "us-east-1";
  Duration since = std::chrono::hours(14 * 24);
  advise::Goals goals = {};
  std::vector<advise::TunedSize> sizes = {};  // as kiln tune measured them
  WallTime machine_now{};
};

struct FunctionAdvice {
  advise::Where where;
  int memory_mb = 0;
  advise::Observed observed;
  std::vector<advise::TunedSize> sizes;  // of which something is known
  std::vector<advise::Advice> advice;
  std::vector<std::string> notes;
};

// Error: no such function; nothing to go by (NoData); or as the API answered. `options` has prices
// of the Region.
Result<FunctionAdvice> advise_function(Api& api, const AdviceQuestion& question,
                                       const simulate::StudyOptions& options);

// Sizes that REPORT lines are of, often enough: as kiln tune would have it.
std::vector<advise::TunedSize> sizes_of(const advise::Observed& observed);

// Sets it through the APIs, and returns when it is set (provisioned concurrency may still be in
// progress). Error: as the API answered; what is called by a version's number can't be changed.
Result<void> apply(Api& api, const advise::Setting& setting, const advise::Where& where);

}  // namespace kiln::survey
