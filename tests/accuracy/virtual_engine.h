// One function on the engine's own admission, pool, environments and provisioner, on a clock that
// moves as fast as they work: what the engine does of a traffic, without processes and without a
// machine that is busy with something else.
//
//   VirtualEngine engine(truth);            // how it behaves, who calls it, how it is set
//   const Measured seen = engine.run(600s, /*seed=*/1);
//
// The runtime is played: an Init phase and an invocation take as long as the truth says. Single
// thread.
#pragma once

#include <vector>

#include "advise/facts.h"
#include "cost/prices.h"
#include "cost/usage.h"
#include "simulate/scenario.h"

namespace kiln::tests {

inline const WallTime kBegin{std::chrono::seconds(1'767'571'200)};  // 2026-01-05T00:00:00Z
// How far what is simulated may be from what is measured.
inline constexpr double kWithin = 0.10;

struct Measured {
  double seconds = 0;
  double requests = 0, invocations = 0, cold_starts = 0, throttles = 0, timeouts = 0;
  double most_in_use = 0;
  std::vector<double> latencies_ms;  // of what was answered, in rising order
  std::vector<advise::Report> reports;
  std::vector<advise::Minute> minutes;
  cost::Usage usage;  // in these seconds

  double cold_share() const { return invocations > 0 ? cold_starts / invocations : 0; }
  double throttle_share() const { return requests > 0 ? throttles / requests : 0; }
  double latency_ms(double part) const;
  double monthly_cost(const cost::Prices& prices) const;
};

class VirtualEngine {
 public:
  explicit VirtualEngine(simulate::SimulatedFunction truth,
                         Duration idle_lifetime = std::chrono::minutes(10))
      : truth_(std::move(truth)), idle_lifetime_(idle_lifetime) {}

  simulate::SimulatedFunction& truth() { return truth_; }
  // Whether what is provisioned is ready when the first request comes; all else is cold.
  enum class Provisioned { kReady, kStarting };
  // Starts anew. Requests come at `begin` and later.
  Measured run(Duration length, uint64_t seed, WallTime begin,
               Provisioned provisioned = Provisioned::kReady) const;

 private:
  simulate::SimulatedFunction truth_;
  Duration idle_lifetime_;
};

}  // namespace kiln::tests
