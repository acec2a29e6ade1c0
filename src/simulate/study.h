// Runs of one scenario from several seeds, and of many variants of it.
//
//   const auto axis = SweepAxis::parse("reserved=10..200");
//   const auto points = sweep(scenario, {*axis}, options);
//   points[best(points, wanted)].values
//
// The runs are independent: whoever has threads lends them through StudyOptions::for_each. Results
// don't depend on how they are divided.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/figures.h"
#include "simulate/simulation.h"

namespace kiln::simulate {

// Calls the function with 0 … count − 1, in any order, at the same time or not, and returns when
// all have returned.
using ForEach = std::function<void(size_t count, const std::function<void(size_t)>&)>;
void one_after_the_other(size_t count, const std::function<void(size_t)>& call);

struct StudyOptions {
  size_t seeds = 5;
  uint64_t first_seed = 1;
  Costing costing = {};
  ForEach for_each = one_after_the_other;
};

struct Study {
  Summary summary;
  RunResult example;  // of the first seed
};
Result<Study> study(const Scenario& scenario, const StudyOptions& options);

// A setting and the values to try.
struct SweepAxis {
  enum class Setting { kReserved, kProvisioned, kTarget, kMemory };
  Setting setting = Setting::kReserved;
  std::string function = {};  // "": all
  std::vector<double> values = {};

  // "reserved=10..200" (some eight values between), "reserved=10..200:10" (in steps),
  // "provisioned=0,5,20", "orders.target=0.5..0.9". Error (kInvalid, Usage).
  static Result<SweepAxis> parse(std::string_view text);
  std::string name() const;  // "orders.reserved"
};

// The scenario with another value. Error (kInvalid, Scenario): it has no such setting.
Result<Scenario> varied(const Scenario& scenario, const SweepAxis& axis, double value);

struct SweepPoint {
  std::vector<double> values;  // of the axes
  Summary summary;
  std::string refused;  // why it can't be, as more provisioned than reserved; else ""
};
// All combinations, the last axis changing fastest. Error: an axis fits nothing in the scenario, or
// there are more than 10,000 combinations.
Result<std::vector<SweepPoint>> sweep(const Scenario& scenario, const std::vector<SweepAxis>& axes,
                                      const StudyOptions& options);

// What a setting must keep to be a choice: averages of all functions together.
struct Wanted {
  double cold_share = 1;
  double throttle_share = 1;
  double p99_ms = std::numeric_limits<double>::infinity();
};
// The cheapest point that keeps it, with the fewest throttles among equally cheap ones; nullopt:
// none does.
std::optional<size_t> best(const std::vector<SweepPoint>& points, const Wanted& wanted);

}  // namespace kiln::simulate
