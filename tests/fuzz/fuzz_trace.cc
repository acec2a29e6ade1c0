// Traces and texts of traffic: what is accepted comes in order of time and ends, and a refusal says
// why.
#include <cstdint>
#include <sstream>

#include "base/check.h"
#include "traffic/trace.h"

namespace {

void run_through(const kiln::traffic::Traffic& traffic) {
  kiln::traffic::Arrivals arrivals(traffic, 1);
  kiln::traffic::Nanos last = 0;
  for (int i = 0; i < 1000; ++i) {
    const kiln::traffic::Nanos at = arrivals.next();
    KILN_CHECK(at >= last);
    last = at;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kiln::traffic::TimeModel;
  using kiln::traffic::TraceLimits;
  using kiln::traffic::Traffic;
  const std::string text(reinterpret_cast<const char*>(data), size);
  TraceLimits limits;
  limits.functions = 50;
  limits.requests = 10'000;
  std::istringstream in(text);
  if (const auto trace = kiln::traffic::read_trace(in, "t", limits))
    for (const auto& function : trace->functions) run_through(function.traffic);
  else
    KILN_CHECK(!trace.error().message.empty());
  if (const auto traffic = Traffic::parse(text)) run_through(*traffic);
  kiln::traffic::Random random(1);
  if (const auto time = TimeModel::parse(text)) KILN_CHECK(time->draw_ms(random) >= 0);
  return 0;
}
