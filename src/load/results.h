// What a load run saw: every request by kind, over time and as latencies.
//
//   Results results(Results::kPerSecond);
//   results.add({.due_ns = …, .latency_ns = …, .kind = Kind::kWarm});
//   results.count(Kind::kCold);  results.latency(Kind::kWarm, 0.99);
//
// Not thread-safe. Every latency is kept (8 bytes), so percentiles are exact.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::load {

// How a request ended.
enum class Kind {
  kWarm,       // answered by an environment that was there
  kCold,       // by one that was started for it
  kAnswered,   // answered; which of both is not known
  kAccepted,   // an event that was queued (202)
  kThrottled,  // 429
  kError,      // the function's own error
  kFailed,     // any other status, or no answer
};
inline constexpr size_t kKinds = 7;
inline constexpr std::array<Kind, kKinds> kAllKinds = {
    Kind::kWarm,      Kind::kCold,  Kind::kAnswered, Kind::kAccepted,
    Kind::kThrottled, Kind::kError, Kind::kFailed};
std::string_view name_of(Kind kind);  // "warm"

struct Entry {
  int64_t due_ns = 0;
  double latency_ms = 0;  // from when it was due
  Kind kind = Kind::kFailed;
  std::string_view reason = {};  // of a throttle or failure
};

class Results {
 public:
  void add(const Entry& entry);

  int64_t count() const { return total_; }
  int64_t count(Kind kind) const;
  // How often each reason was given, of throttles and of failures.
  const std::map<std::string, int64_t>& reasons(Kind kind) const;
  // Of one kind, or of all that were answered by the function (warm, cold, answered); 0 without
  // any.
  double latency_ms(Kind kind, double part) const;
  double answered_latency_ms(double part) const;

  struct Second {
    std::array<int64_t, kKinds> counts = {};
    double p50_ms = 0, p99_ms = 0;  // of what the function answered
  };
  // By the second in which the request was due.
  std::vector<Second> seconds() const;

 private:
  struct Slot {
    std::array<int64_t, kKinds> counts = {};
    std::vector<float> answered_ms;
  };
  int64_t total_ = 0;
  std::array<std::vector<double>, kKinds> latencies_;
  std::array<std::map<std::string, int64_t>, kKinds> reasons_;
  std::vector<Slot> slots_;
};

}  // namespace kiln::load
