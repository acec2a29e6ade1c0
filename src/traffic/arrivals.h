// When requests come: a description of traffic, and the processes made from it.
//
//   const Traffic traffic = *Traffic::parse("daily:5/s..50/s@14:00,weekend=0.3");
//   Arrivals arrivals(traffic, seed);
//   for (Nanos at = arrivals.next(); at < end; at = arrivals.next()) …
//
// Times are nanoseconds since the beginning, which is midnight of a Monday. A Traffic is a value
// that may be shared; an Arrivals is one run through it, from one seed, and not thread-safe. next()
// allocates nothing.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "traffic/random.h"

namespace kiln::traffic {

using Nanos = int64_t;
inline constexpr Nanos kSecond = 1'000'000'000;
inline constexpr Nanos kMinute = 60 * kSecond;
inline constexpr Nanos kNever = std::numeric_limits<Nanos>::max();

// Requests that know nothing of each other, at a rate that is constant in each step.
struct RateCurve {
  Nanos step = 3600 * kSecond;
  std::vector<double> per_second;  // not negative
  bool repeats = true;             // from the beginning after the last step; else none come then
};
// A Poisson process whose rate changes at random times: each state for an exponential time, in
// turn.
struct Mmpp {
  struct State {
    double per_second = 0;
    double mean_s = 0;  // how long it lasts
  };
  std::vector<State> states;
};
// So many requests at once, or within a time, again and again.
struct Bursts {
  int64_t size = 0;
  Nanos every = 0;
  Nanos within = 0;
  double base_per_second = 0;  // and a Poisson process beside them
};
// Known numbers of requests in steps of equal length, at random moments of each.
struct Counts {
  Nanos step = 60 * kSecond;
  std::vector<uint32_t> requests;
  bool repeats = false;
};
// Known times, in order.
struct Times {
  std::vector<Nanos> at;
};

class Traffic {
 public:
  using Shape = std::variant<RateCurve, Mmpp, Bursts, Counts, Times>;

  // None at all.
  Traffic() : Traffic(Times{}) {}
  explicit Traffic(Shape shape) : shape_(std::make_shared<const Shape>(std::move(shape))) {}
  static Traffic poisson(double per_second) {
    return Traffic(RateCurve{3600 * kSecond, {per_second}, true});
  }

  // "50/s", "3000/m", "poisson:50/s", "mmpp:10/s for 5m,200/s for 30s",
  // "daily:5/s..50/s@14:00" (",weekend=0.3"), "hourly:1/s,0/s,…" (24 rates),
  // "bursts:200 every 10m within 1s on 5/s". Error (kInvalid, Usage): names the text and the forms.
  static Result<Traffic> parse(std::string_view text);

  const Shape& shape() const { return *shape_; }
  // The last moment at which a request may come; kNever when there is no end.
  Nanos length() const;
  // All requests of a known number, the mean rate of the others: for people.
  std::string text() const;
  // The traffic at `factor` times the rate. Known times can't be multiplied: an error says so.
  Result<Traffic> scaled(double factor) const;

 private:
  std::shared_ptr<const Shape> shape_;
};

class Arrivals {
 public:
  Arrivals(const Traffic& traffic, uint64_t seed);
  ~Arrivals();
  Arrivals(Arrivals&&) noexcept;
  Arrivals& operator=(Arrivals&&) noexcept;

  // The next request's time, never before the last one's; kNever: none comes any more.
  Nanos next() { return process_->next(); }

  class Process {
   public:
    virtual ~Process() = default;
    virtual Nanos next() = 0;
  };

 private:
  std::unique_ptr<Process> process_;
};

}  // namespace kiln::traffic
