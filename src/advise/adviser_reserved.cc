// How much concurrency a function should have for itself.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "advise/adviser.h"
#include "functions/concurrency_controller/rules.h"
#include "model/provisioned_rules.h"

namespace kiln::advise {
namespace {

constexpr double kHeadroom = 1.1;

int with_headroom(int units) { return static_cast<int>(std::ceil(units * kHeadroom)); }

}  // namespace

void Adviser::advise_reserved() {
  const auto reserved = function().config.reserved_concurrency;
  if (reserved == 0) return;  // it is switched off
  if (!keeps_throttles(now_) && now_.reserve_throttles + now_.account_throttles > 0)
    raise_reserved();
  else if (reserved)
    lower_reserved();
}

// What concurrency_controller's rules make of the same numbers, and what would come of it.
std::string Adviser::simple_rule(std::optional<int> chosen) const {
  concurrency_controller::Metrics metrics;
  const double invocations = std::max(1.0, observed_.invocations());
  for (const Minute& minute : observed_.minutes)
    metrics.concurrent_executions =
        std::max(metrics.concurrent_executions, static_cast<int>(minute.most_in_use));
  metrics.invocations_per_minute = invocations / std::max(1.0, observed_.hours() * 60);
  metrics.error_rate = observed_.errors() / invocations * 100;
  metrics.throttles = static_cast<int>(std::min(observed_.throttles(), 1e9));
  concurrency_controller::Capacity capacity;
  capacity.reserved = function().config.reserved_concurrency;
  int claimed = 0;
  for (const auto& each : now_.scenario.functions)
    claimed += model::claimed_by_configuration(each.config);
  capacity.unreserved = now_.scenario.quota.concurrency - claimed;
  const auto suggestion = concurrency_controller::suggest(metrics, capacity);
  if (!suggestion) return "The rules of concurrency_controller would change nothing.";
  std::string text = fmt::format("The rules of concurrency_controller suggest {} ({})",
                                 suggestion->suggested, suggestion->reason);
  if (suggestion->suggested == chosen) return text + ": the same.";
  const auto trial = attempt([&](simulate::Scenario& scenario) {
    function(scenario).config.reserved_concurrency = suggestion->suggested;
  });
  if (!trial) return text + ", which the account or provisioned concurrency does not allow.";
  return text + fmt::format(
                    ": they go by the worst minute alone; simulated, {:.2g} % of all tries "
                    "would be throttled with it.",
                    trial->outcome.throttle_share.mean * 100);
}

void Adviser::raise_reserved() {
  const auto reserved = function().config.reserved_concurrency;
  const auto set = [this](simulate::Scenario& scenario, int units) {
    function(scenario).config.reserved_concurrency = units;
  };
  int claimed_by_others = 0;
  for (size_t i = 0; i < now_.scenario.functions.size(); ++i)
    if (i != index_)
      claimed_by_others += model::claimed_by_configuration(now_.scenario.functions[i].config);
  const auto& quota = now_.scenario.quota;
  const int room = quota.concurrency - quota.min_unreserved - claimed_by_others;
  // As many as there would be without any limit are enough.
  const auto free = attempt([&](simulate::Scenario& scenario) {
    function(scenario).config.reserved_concurrency = std::nullopt;
    scenario.quota.concurrency = 1'000'000;
  });
  if (!free) return;
  const int most = std::max(static_cast<int>(free->outcome.most_in_use.most), 1);
  const int low = reserved.value_or(0);
  const int high = std::min(room, std::max(with_headroom(most), low + 1));
  auto units = least(low, high, set, [this](const Trial& trial) { return keeps_throttles(trial); });
  Advice advice;
  if (units) {
    units = std::min(room, with_headroom(*units));
  } else {
    units = high;
    advice.trap = fmt::format(
        "The account has {}, and other functions have claimed {}: this is all that is left, and "
        "some requests stay throttled. Ask for a higher quota of concurrent executions.",
        quota.concurrency, claimed_by_others);
  }
  if (*units <= low) return;
  auto trial = attempt([&](simulate::Scenario& scenario) { set(scenario, *units); });
  if (!trial) return;
  advice.setting = SetReserved{*units};
  advice.title = reserved ? fmt::format("Reserve {} instead of {}", *units, *reserved)
                          : fmt::format("Reserve {}", *units);
  advice.reason = reserved
                      ? fmt::format(
                            "{:.1f} % of all tries are throttled by its reserve of {}; {} run at "
                            "the same time when nothing holds them back. A tenth is added.",
                            now_.reserve_throttles * 100, *reserved, most)
                      : fmt::format(
                            "{:.1f} % of all tries are throttled because the account's unreserved "
                            "concurrency is used up by all functions; a reserve is its own.",
                            now_.account_throttles * 100);
  advice.simple_rule = simple_rule(units);
  if (advice.trap.empty())
    advice.trap =
        "A reserve is taken from what all other functions share, whether it is used or not.";
  take(std::move(advice), std::move(*trial));
}

void Adviser::lower_reserved() {
  const int reserved = *function().config.reserved_concurrency;
  const int provisioned = model::provisioned_total(function().config);
  const int most = static_cast<int>(now_.outcome.most_in_use.most);
  const int wanted = std::max({static_cast<int>(std::ceil(most * 1.5)), provisioned, 1});
  if (wanted * 2 > reserved) return;
  auto trial = attempt([&](simulate::Scenario& scenario) {
    function(scenario).config.reserved_concurrency = wanted;
  });
  if (!trial || !keeps_throttles(*trial)) return;
  Advice advice;
  advice.setting = SetReserved{wanted};
  advice.title = fmt::format("Reserve {} instead of {}", wanted, reserved);
  advice.reason = fmt::format(
      "At most {} ran at the same time. The other functions of the account can't use what is "
      "reserved here: this gives {} back to them.",
      most, reserved - wanted);
  advice.simple_rule = simple_rule(wanted);
  advice.trap =
      "A reserve also limits ten times as many requests a second, and protects what the function "
      "calls from too much load: keep it higher if a peak is still to come.";
  take(std::move(advice), std::move(*trial));
}

}  // namespace kiln::advise
