// What a user asks of `kiln tune`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tune/choice.h"
#include "tune/measurement.h"
#include "tune/payloads.h"

namespace kiln::cli {

enum class Place { kKiln, kAws };
enum class Apply { kNo, kYes };

struct TuneSettings {
  std::string function = {}, qualifier = {};
  std::vector<int64_t> sizes = {};  // rising
  tune::StopRule rule = {};
  int64_t parallel = 1;
  int64_t colds = 1;  // Init phases to measure at each size
  std::vector<tune::WeightedPayload> payloads = {};
  std::string before = {}, after = {};  // commands around each invocation
  tune::Goal goal = {};
  Place place = Place::kKiln;
  Apply apply = Apply::kNo;
  std::string prices_file = {}, calibration_file = {}, html_file = {};
};

// "128,256,512". Error (Usage): no such list, or a size that Lambda doesn't have.
Result<std::vector<int64_t>> parse_sizes(const std::string& text);
// A JSON array of {"payload": …, "weight": N}, or one JSON value a line. Error (Usage).
Result<std::vector<tune::WeightedPayload>> parse_payloads(const std::string& text);

}  // namespace kiln::cli
