#include "traffic/arrivals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>

namespace kiln::traffic {
namespace {

Nanos nanos(double seconds) {
  const double ns = seconds * 1e9;
  return ns < 9e18 ? static_cast<Nanos>(ns) : kNever;
}

// Follows the integral of the rate: the next request comes where it has grown by an exponential
// amount.
class CurveProcess final : public Arrivals::Process {
 public:
  CurveProcess(const RateCurve& curve, const Random& random) : curve_(curve), random_(random) {
    silent_ = std::all_of(curve.per_second.begin(), curve.per_second.end(),
                          [](double rate) { return rate <= 0; });
  }

  Nanos next() override {
    if (silent_) return kNever;
    double left = random_.exponential();
    for (;;) {
      const double rate = curve_.per_second[index_];
      if (rate > 0) {
        const double wait_ns = left / rate * 1e9;
        const double room_ns = static_cast<double>(step_end_ - now_);
        if (wait_ns < room_ns) return now_ += static_cast<Nanos>(wait_ns);
        left -= room_ns * rate * 1e-9;
      }
      if (kNever - step_end_ < curve_.step) return kNever;
      now_ = step_end_;
      step_end_ += curve_.step;
      if (++index_ == curve_.per_second.size()) {
        if (!curve_.repeats) return silent_ = true, kNever;
        index_ = 0;
      }
    }
  }

 private:
  const RateCurve& curve_;
  Random random_;
  size_t index_ = 0;
  Nanos now_ = 0;
  Nanos step_end_ = curve_.step;
  bool silent_ = false;
};

class MmppProcess final : public Arrivals::Process {
 public:
  MmppProcess(const Mmpp& mmpp, const Random& random) : mmpp_(mmpp), random_(random) {
    silent_ = std::all_of(mmpp.states.begin(), mmpp.states.end(),
                          [](const auto& state) { return state.per_second <= 0; });
    state_end_ = nanos(mmpp_.states[0].mean_s * random_.exponential());
  }

  Nanos next() override {
    if (silent_) return kNever;
    for (;;) {
      const double rate = mmpp_.states[state_].per_second;
      if (rate > 0) {
        const Nanos at = now_ + nanos(random_.exponential() / rate);
        if (at < state_end_) return now_ = at;
      }
      now_ = state_end_;
      state_ = (state_ + 1) % mmpp_.states.size();
      const Nanos stay = nanos(mmpp_.states[state_].mean_s * random_.exponential());
      if (kNever - state_end_ <= stay) return silent_ = true, kNever;
      state_end_ += stay;
    }
  }

 private:
  const Mmpp& mmpp_;
  Random random_;
  size_t state_ = 0;
  Nanos now_ = 0;
  Nanos state_end_ = 0;
  bool silent_ = false;
};

// `left` moments of a time in order: each the least of those that remain.
Nanos least_of(Random& random, Nanos from, Nanos until, int64_t left) {
  const double share = 1 - std::pow(random.positive_unit(), 1 / static_cast<double>(left));
  return from + static_cast<Nanos>(share * static_cast<double>(until - from));
}

class CountsProcess final : public Arrivals::Process {
 public:
  CountsProcess(const Counts& counts, const Random& random) : counts_(counts), random_(random) {
    const bool none = std::all_of(counts.requests.begin(), counts.requests.end(),
                                  [](uint32_t requests) { return requests == 0; });
    if (none)
      index_ = counts.requests.size();
    else
      left_ = counts.requests[0];
    empty_ = none;
  }

  Nanos next() override {
    if (empty_) return kNever;
    while (left_ == 0) {
      if (kNever - step_start_ < 2 * counts_.step) return kNever;
      now_ = step_start_ += counts_.step;
      if (++index_ == counts_.requests.size()) {
        if (!counts_.repeats) return empty_ = true, kNever;
        index_ = 0;
      }
      left_ = counts_.requests[index_];
    }
    return now_ = least_of(random_, now_, step_start_ + counts_.step, left_--);
  }

 private:
  const Counts& counts_;
  Random random_;
  size_t index_ = 0;
  Nanos step_start_ = 0;
  Nanos now_ = 0;
  int64_t left_ = 0;
  bool empty_ = false;
};

class BurstsProcess final : public Arrivals::Process {
 public:
  BurstsProcess(const Bursts& bursts, const Random& random) : bursts_(bursts), random_(random) {
    base_ = next_base();
    left_ = bursts.size;
    burst_ = next_of_burst();
  }

  Nanos next() override {
    if (base_ < burst_) {
      const Nanos at = base_;
      base_ = next_base();
      return at;
    }
    const Nanos at = burst_;
    if (at != kNever) burst_ = next_of_burst();
    return at;
  }

 private:
  Nanos next_base() {
    if (bursts_.base_per_second <= 0) return kNever;
    return base_ + nanos(random_.exponential() / bursts_.base_per_second);
  }
  Nanos next_of_burst() {
    if (bursts_.size <= 0) return kNever;
    if (left_ == 0) {
      if (kNever - start_ < 2 * bursts_.every) return kNever;
      start_ += bursts_.every;
      left_ = bursts_.size;
      burst_ = start_;
    }
    return least_of(random_, std::max(burst_, start_), start_ + bursts_.within, left_--);
  }

  const Bursts& bursts_;
  Random random_;
  Nanos start_ = 0;
  Nanos base_ = 0;
  Nanos burst_ = 0;
  int64_t left_ = 0;
};

class TimesProcess final : public Arrivals::Process {
 public:
  explicit TimesProcess(const Times& times) : times_(times) {}
  Nanos next() override { return index_ < times_.at.size() ? times_.at[index_++] : kNever; }

 private:
  const Times& times_;
  size_t index_ = 0;
};

// Keeps the description alive for the process that reads it.
template <class Inner>
class Owned final : public Arrivals::Process {
 public:
  template <class... Arguments>
  Owned(Traffic traffic, const Arguments&... arguments)
      : traffic_(std::move(traffic)), inner_(arguments...) {}
  Nanos next() override { return inner_.next(); }

 private:
  Traffic traffic_;
  Inner inner_;
};

}  // namespace

Arrivals::Arrivals(const Traffic& traffic, uint64_t seed) {
  const Random random(seed);
  process_ = std::visit(
      [&](const auto& shape) -> std::unique_ptr<Process> {
        using Shape = std::decay_t<decltype(shape)>;
        if constexpr (std::is_same_v<Shape, RateCurve>)
          return std::make_unique<Owned<CurveProcess>>(traffic, shape, random);
        else if constexpr (std::is_same_v<Shape, Mmpp>)
          return std::make_unique<Owned<MmppProcess>>(traffic, shape, random);
        else if constexpr (std::is_same_v<Shape, Bursts>)
          return std::make_unique<Owned<BurstsProcess>>(traffic, shape, random);
        else if constexpr (std::is_same_v<Shape, Counts>)
          return std::make_unique<Owned<CountsProcess>>(traffic, shape, random);
        else
          return std::make_unique<Owned<TimesProcess>>(traffic, shape);
      },
      traffic.shape());
}

Arrivals::~Arrivals() = default;
Arrivals::Arrivals(Arrivals&&) noexcept = default;
Arrivals& Arrivals::operator=(Arrivals&&) noexcept = default;

Nanos Traffic::length() const {
  if (const auto* times = std::get_if<Times>(&shape()))
    return times->at.empty() ? 0 : times->at.back();
  if (const auto* counts = std::get_if<Counts>(&shape()); counts && !counts->repeats)
    return static_cast<Nanos>(counts->requests.size()) * counts->step;
  if (const auto* curve = std::get_if<RateCurve>(&shape()); curve && !curve->repeats)
    return static_cast<Nanos>(curve->per_second.size()) * curve->step;
  return kNever;
}

std::string Traffic::text() const {
  const auto rate = [](double per_second) { return fmt::format("{:.4g}/s", per_second); };
  if (const auto* times = std::get_if<Times>(&shape()))
    return fmt::format("{} requests at known times", times->at.size());
  if (const auto* counts = std::get_if<Counts>(&shape()))
    return fmt::format(
        "{} requests in {} steps of {:g} s{}",
        std::accumulate(counts->requests.begin(), counts->requests.end(), uint64_t{0}),
        counts->requests.size(), static_cast<double>(counts->step) / kSecond,
        counts->repeats ? ", again and again" : "");
  if (const auto* curve = std::get_if<RateCurve>(&shape())) {
    const auto [least, most] =
        std::minmax_element(curve->per_second.begin(), curve->per_second.end());
    return *least == *most ? rate(*least) : rate(*least) + " to " + rate(*most);
  }
  if (const auto* mmpp = std::get_if<Mmpp>(&shape())) {
    std::string out;
    for (const auto& state : mmpp->states)
      out += fmt::format("{}{} for {:g} s", out.empty() ? "" : ", ", rate(state.per_second),
                         state.mean_s);
    return out;
  }
  const auto& bursts = std::get<Bursts>(shape());
  return fmt::format("{} every {:g} s within {:g} s on {}", bursts.size,
                     static_cast<double>(bursts.every) / kSecond,
                     static_cast<double>(bursts.within) / kSecond, rate(bursts.base_per_second));
}

Result<Traffic> Traffic::scaled(double factor) const {
  const Error wrong{ErrorKind::kInvalid, "Usage",
                    fmt::format("requests at known times can't come {:g} times as often; give "
                                "counts per minute or a rate",
                                factor)};
  Shape scaled = shape();
  if (factor == 1) return *this;
  if (std::holds_alternative<Times>(scaled)) return wrong;
  if (auto* counts = std::get_if<Counts>(&scaled)) {
    // Rounded so that the sum stays true.
    double carried = 0;
    for (uint32_t& requests : counts->requests) {
      const double wanted = requests * factor + carried;
      requests = static_cast<uint32_t>(std::clamp(std::round(wanted), 0.0, 4e9));
      carried = wanted - requests;
    }
  }
  if (auto* curve = std::get_if<RateCurve>(&scaled))
    for (double& rate : curve->per_second) rate *= factor;
  if (auto* mmpp = std::get_if<Mmpp>(&scaled))
    for (auto& state : mmpp->states) state.per_second *= factor;
  if (auto* bursts = std::get_if<Bursts>(&scaled)) {
    bursts->base_per_second *= factor;
    bursts->size = static_cast<int64_t>(std::llround(static_cast<double>(bursts->size) * factor));
  }
  return Traffic(std::move(scaled));
}

}  // namespace kiln::traffic
