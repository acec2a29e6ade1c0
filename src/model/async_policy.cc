#include "model/async_policy.h"

#include <algorithm>

namespace kiln::model {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kFirstRetry{60};
constexpr seconds kSecondRetry{120};
constexpr seconds kLongestBackoff{300};

// 1 s, 2 s, 4 s … 5 min, and down to half of that.
milliseconds backoff(int throttles, double luck) {
  const seconds longest =
      throttles > 9 ? kLongestBackoff
                    : std::min(kLongestBackoff, seconds(int64_t{1} << std::max(0, throttles - 1)));
  const double share = 1 - std::clamp(luck, 0.0, 1.0) / 2;
  return milliseconds(
      static_cast<int64_t>(static_cast<double>(milliseconds(longest).count()) * share));
}

}  // namespace

AsyncSettings async_settings(const Function& function, const std::string& qualifier) {
  AsyncSettings out;
  const auto found =
      function.event_invoke.find(qualifier.empty() ? std::string(kLatest) : qualifier);
  if (found != function.event_invoke.end()) {
    const EventInvokeConfig& config = found->second;
    out.maximum_retry_attempts = config.maximum_retry_attempts.value_or(out.maximum_retry_attempts);
    if (config.maximum_event_age_s) out.maximum_event_age = seconds(*config.maximum_event_age_s);
    out.on_success = config.on_success;
    out.on_failure = config.on_failure;
  }
  if (const ConfigPtr version = resolve_qualifier(function, qualifier, 1))
    out.dead_letter_arn = version->dead_letter_target_arn;
  out.zero_reserved = function.reserved_concurrency == 0;
  return out;
}

AsyncDecision next_async_step(const AsyncSettings& settings, const AsyncProgress& progress,
                              AsyncOutcome outcome, WallTime now) {
  // Whether the next try could still be made is asked before waiting for it.
  const auto retry_after = [&](milliseconds delay) -> AsyncDecision {
    if (now + delay > progress.received + settings.maximum_event_age)
      return {AsyncNext::kGiveUp, {}, "EventAgeExceeded"};
    return {AsyncNext::kRetry, now + delay, {}};
  };
  if (outcome == AsyncOutcome::kSuccess) return {AsyncNext::kFinished, {}, "Success"};
  if (settings.zero_reserved) return {AsyncNext::kGiveUp, {}, "ZeroReservedConcurrency"};
  if (outcome == AsyncOutcome::kNoSuchFunction) return {AsyncNext::kGiveUp, {}, "RetriesExhausted"};
  if (outcome == AsyncOutcome::kThrottled)
    return retry_after(backoff(progress.throttles, progress.luck));
  if (progress.invocations > settings.maximum_retry_attempts)
    return {AsyncNext::kGiveUp, {}, "RetriesExhausted"};
  return retry_after(progress.invocations == 1 ? kFirstRetry : kSecondRetry);
}

}  // namespace kiln::model
