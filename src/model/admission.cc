#include "model/admission.h"

#include <algorithm>

#include "base/check.h"

namespace kiln::model {

AccountCapacity::AccountCapacity(const AccountQuota& quota) : quota_(quota) {
  const double rate = static_cast<double>(quota.concurrency) * quota.requests_per_unit;
  unreserved_rate_.configure(rate, rate);
}

bool AccountCapacity::take_unreserved() {
  if (++unreserved_ + configured_ <= quota_.concurrency) return true;
  --unreserved_;
  return false;
}

std::string_view to_text(Throttle reason) {
  switch (reason) {
    case Throttle::kNone:
      break;
    case Throttle::kConcurrentInvocations:
      return "ConcurrentInvocationLimitExceeded";
    case Throttle::kFunctionInvocationRate:
      return "FunctionInvocationRateLimitExceeded";
    case Throttle::kReservedFunctionConcurrentInvocations:
      return "ReservedFunctionConcurrentInvocationLimitExceeded";
    case Throttle::kReservedFunctionInvocationRate:
      return "ReservedFunctionInvocationRateLimitExceeded";
  }
  return "";
}

Error throttled(Throttle) {
  return {ErrorKind::kThrottled, "TooManyRequestsException", "Rate Exceeded."};
}

FunctionAdmission::FunctionAdmission(AccountCapacity& account)
    : account_(account),
      scaling_rate_(account.quota().scaling_per_second, account.quota().scaling_burst) {}

void FunctionAdmission::configure(std::optional<int> reserved, int provisioned_configured) {
  // Units move between the pools with the invocations that hold them: each is given back to where
  // it was taken from.
  reserved_ = reserved;
  provisioned_configured_ = provisioned_configured;
  const double rate =
      static_cast<double>(reserved.value_or(0)) * account_.quota().requests_per_unit;
  reserved_rate_.configure(rate, rate);
}

void FunctionAdmission::set_provisioned(const std::string& version, int configured, int ready) {
  Provisioned& p = provisioned_[version];
  p.configured = configured;
  p.ready = ready;
  const double rate = static_cast<double>(ready) * account_.quota().requests_per_unit;
  p.rate.configure(rate, rate);
}

void FunctionAdmission::forget_provisioned(const std::string& version) {
  const auto found = provisioned_.find(version);
  if (found == provisioned_.end()) return;
  found->second.configured = found->second.ready = 0;
  if (found->second.in_use == 0) provisioned_.erase(found);
}

const FunctionAdmission::Provisioned* FunctionAdmission::provisioned(
    std::string_view version) const {
  const auto found = provisioned_.find(version);
  return found == provisioned_.end() || found->second.configured == 0 ? nullptr : &found->second;
}

Throttle FunctionAdmission::scaling_throttle() const {
  return reserved_ ? Throttle::kReservedFunctionInvocationRate : Throttle::kFunctionInvocationRate;
}

Admission FunctionAdmission::admit(std::string_view version, SteadyTime now) {
  Admission out;
  const auto admitted = [&](Capacity capacity) {
    out.capacity = capacity;
    ++in_use_;
    account_.begin();
    return out;
  };
  const auto refused = [&](Throttle reason) {
    out.throttle = reason;
    return out;
  };
  if (!provisioned_.empty()) {
    const auto found = provisioned_.find(version);
    if (found != provisioned_.end() && found->second.configured > 0) {
      Provisioned& p = found->second;
      if (p.in_use < p.ready && p.rate.take(now)) {
        ++p.in_use;
        return admitted(Capacity::kProvisioned);
      }
      out.spillover = true;
    }
  }
  if (reserved_) {
    if (on_demand_in_use_ >= *reserved_ - provisioned_configured_)
      return refused(Throttle::kReservedFunctionConcurrentInvocations);
    if (!reserved_rate_.take(now)) return refused(Throttle::kReservedFunctionInvocationRate);
    ++on_demand_in_use_;
    return admitted(Capacity::kReserved);
  }
  if (!account_.take_unreserved()) return refused(Throttle::kConcurrentInvocations);
  if (!account_.unreserved_rate().take(now)) {
    account_.release_unreserved();
    return refused(Throttle::kFunctionInvocationRate);
  }
  ++on_demand_in_use_;
  return admitted(Capacity::kUnreserved);
}

void FunctionAdmission::release(std::string_view version, const Admission& admission) {
  KILN_REQUIRE(admission.throttle == Throttle::kNone);
  --in_use_;
  account_.end();
  switch (admission.capacity) {
    case Capacity::kProvisioned: {
      const auto found = provisioned_.find(version);
      if (found == provisioned_.end()) return;
      if (--found->second.in_use == 0 && found->second.configured == 0) provisioned_.erase(found);
      return;
    }
    case Capacity::kUnreserved:
      account_.release_unreserved();
      break;
    case Capacity::kReserved:
      break;
  }
  --on_demand_in_use_;
}

}  // namespace kiln::model
