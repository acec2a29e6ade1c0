// Advice for functions as text, as JSON and as a web page. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/console.h"
#include "report/page.h"
#include "survey/advice.h"

namespace kiln::cli {

struct AdvisedFunction {
  survey::FunctionAdvice found;
  std::string why_not;            // there is no advice: nothing to go by
  std::set<size_t> applied = {};  // of the advice
};
struct AdviceResult {
  std::string title;
  std::vector<AdvisedFunction> functions;
  advise::Goals goals;
  std::string prices_date;
  std::string aws;  // how the AWS CLI is started for them
};

// With the lines of a template instead of commands, where `patch`.
std::string advice_text(const Console& console, const AdviceResult& result, bool patch);
Json advice_document(const AdviceResult& result);
report::Page advice_page(const AdviceResult& result);

}  // namespace kiln::cli
