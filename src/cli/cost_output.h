// Bills and the difference of two of them, for people and for programs. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/console.h"
#include "cost/bill.h"

namespace kiln::cli {

struct RegionBill {
  cost::Prices prices = {};
  cost::Bill bill = {};
};

// What a month costs, in one Region or several.
struct MonthBill {
  std::vector<RegionBill> regions = {};
  std::vector<std::string> notes = {};  // what the reader should know of how it was reckoned

  double total() const;
  std::map<std::string, double> by_function() const;
};

std::string bill_table(const Console& console, const MonthBill& month, const std::string& what);
Json bill_document(const MonthBill& month);

struct BillChange {
  std::string function = {};
  double before = 0, after = 0;
};
// Functions whose cost differs, the greatest change first.
std::vector<BillChange> changes(const MonthBill& before, const MonthBill& after);

std::string change_table(const Console& console, const MonthBill& before, const MonthBill& after);
Json change_document(const MonthBill& before, const MonthBill& after);

// "+$12.35 (+10.0 %)"
std::string change_text(double before, double after);

// "requests (arm64) in eu-west-1, …": what is missing in the total; "" for nothing.
std::string unpriced_text(const MonthBill& month);

// "$12.35"; small amounts with as many digits as say something.
std::string usd_text(double usd);

}  // namespace kiln::cli
