// A rule of the linter, and what it finds.
//
//   for (const Finding& finding : lint(model, {.account_concurrency = 1000})) …
//
// To add a rule: a function over the model in one of the rules_*.cc, its declaration in
// rule_functions.h, and one entry in the table of rule.cc. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lint/memory_use.h"
#include "lint/model.h"

namespace kiln::lint {

enum class Severity { kInfo, kWarning, kError };
std::string_view to_text(Severity severity);  // "info", "warning", "error"

// What the template doesn't say.
struct Circumstances {
  int64_t account_concurrency = 1000;  // per Region
  int64_t min_unreserved = 100;
  std::vector<MemoryUse> memory = {};  // by function name, from REPORT lines

  int64_t reservable() const { return account_concurrency - min_unreserved; }
};

struct Rule;

struct Finding {
  const Rule* rule = nullptr;
  Severity severity = Severity::kWarning;
  Origin origin;
  cfn::Place place;     // of the property; that of the resource where there is none
  std::string message;  // what, with the values
  std::string advice;   // what to do
};

// Takes the findings of the rule that runs.
class Report {
 public:
  Report(const Rule& rule, std::vector<Finding>& findings) : rule_(rule), findings_(findings) {}
  void add(const Origin& origin, cfn::Place place, std::string message, std::string advice);
  void add(Severity severity, const Origin& origin, cfn::Place place, std::string message,
           std::string advice);

 private:
  const Rule& rule_;
  std::vector<Finding>& findings_;
};

struct Rule {
  std::string_view id;
  Severity severity = Severity::kWarning;  // unless a finding has its own
  std::string_view title;
  std::string_view why;
  void (*check)(const Model&, const Circumstances&, Report&) = nullptr;
};

std::span<const Rule> rules();

// All findings, by stack, then by place in the file.
std::vector<Finding> lint(const Model& model, const Circumstances& circumstances);

}  // namespace kiln::lint
