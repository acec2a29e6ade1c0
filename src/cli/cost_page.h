// Bills and the difference of two of them as web pages. Pure.
#pragma once

#include <string>

#include "cli/cost_output.h"
#include "report/page.h"

namespace kiln::cli {

// `what`: "a month" or "what ran".
report::Page bill_page(const MonthBill& month, const std::string& what);
report::Page change_page(const MonthBill& before, const MonthBill& after);

}  // namespace kiln::cli
