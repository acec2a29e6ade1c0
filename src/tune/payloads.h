// The events that a tuning sends: one, or several with weights.
//
//   Payloads payloads({{R"({"n": 1})", 3}, {R"({"n": 2})", 1}});
//   payloads.next();  // three of four times the first one
//
// The order is fixed: the same tuning sends the same events. Not thread-safe.
#pragma once

#include <string>
#include <vector>

namespace kiln::tune {

struct WeightedPayload {
  std::string text = "{}";
  double weight = 1;  // above 0
};

class Payloads {
 public:
  // REQUIRES: not empty
  explicit Payloads(std::vector<WeightedPayload> payloads);
  const std::string& next();

 private:
  std::vector<WeightedPayload> payloads_;
  std::vector<double> due_;  // smooth weighted round robin: the one furthest behind is next
  double sum_ = 0;
};

}  // namespace kiln::tune
