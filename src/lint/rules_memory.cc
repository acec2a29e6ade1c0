// MemorySize against what REPORT lines show.
#include "lint/rule_functions.h"

namespace kiln::lint {
namespace {

constexpr int64_t kLeastMemory = 128;  // MB, as below
constexpr int64_t kFewReports = 20;    // fewer say little about what a function doesn't need
constexpr int64_t kTightPercent = 90;
constexpr int64_t kLoosePercent = 25;

struct Measured {
  const Function* function;
  int64_t memory_mb;
  MemoryUse use;
};

// Functions whose memory is known and that have run, in any of their deployments.
std::vector<Measured> measured(const Model& model, const Circumstances& circumstances) {
  std::vector<Measured> found;
  for (const Function& function : model.functions) {
    const StackInfo& stack = model.stacks[function.origin.stack];
    const std::optional<int64_t> memory = function.memory_mb.value_or(kLeastMemory);
    if (!memory) continue;
    MemoryUse all;
    for (const MemoryUse& use : circumstances.memory) {
      if (use.region != stack.region || !runs_as(function, stack.name, use.function_name)) continue;
      all.reports += use.reports;
      if (use.max_used_mb > all.max_used_mb) {
        all.max_used_mb = use.max_used_mb;
        all.memory_mb = use.memory_mb;
      }
    }
    if (all.reports > 0) found.push_back({&function, *memory, std::move(all)});
  }
  return found;
}

std::string says(const Measured& m) {
  return m.function->origin.logical_id + " has " + std::to_string(m.memory_mb) + " MB; of " +
         std::to_string(m.use.reports) + " invocations one used " +
         std::to_string(m.use.max_used_mb) + " MB";
}

cfn::Place place_of(const Measured& m) {
  return m.function->memory_mb.is_absent() ? m.function->origin.place
                                           : m.function->memory_mb.place();
}

}  // namespace

void memory_too_small(const Model& model, const Circumstances& circumstances, Report& report) {
  for (const Measured& m : measured(model, circumstances)) {
    if (m.use.max_used_mb * 100 <= m.memory_mb * kTightPercent) continue;
    const bool exhausted = m.use.max_used_mb >= m.memory_mb;
    report.add(exhausted ? Severity::kError : Severity::kWarning, m.function->origin, place_of(m),
               says(m) + (exhausted ? ", which is all of it" : ""),
               "set MemorySize to at least " + std::to_string((m.use.max_used_mb * 100 + 69) / 70) +
                   ", or find out what the function keeps");
  }
}

void memory_mostly_unused(const Model& model, const Circumstances& circumstances, Report& report) {
  for (const Measured& m : measured(model, circumstances)) {
    if (m.use.reports < kFewReports || m.memory_mb <= kLeastMemory ||
        m.use.max_used_mb * 100 >= m.memory_mb * kLoosePercent) {
      continue;
    }
    report.add(m.function->origin, place_of(m), says(m) + " at most",
               "try less, with `kiln invoke` and its REPORT lines: CPU follows MemorySize, so a "
               "function that computes gets slower");
  }
}

}  // namespace kiln::lint
