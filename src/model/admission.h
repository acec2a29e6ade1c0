// Which concurrency an invocation runs on, or why it is throttled: Lambda's rules for the account's
// pool, reserved and provisioned concurrency, request rates and the scaling rate.
//
// AccountCapacity is shared by all loops (atomics). A FunctionAdmission belongs to one function and
// to the thread that owns the function. Pure: time comes in as an argument.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "model/rate_limit.h"

namespace kiln::model {

// AWS's defaults; new accounts start lower.
struct AccountQuota {
  int concurrency = 1'000;
  int min_unreserved = 100;      // what reserving must leave
  int requests_per_unit = 10;    // requests a second for each unit of any concurrency
  int scaling_burst = 1'000;     // new environments of a function at once
  int scaling_per_second = 100;  // and then each second
};

// Concurrency of one account in one Region.
class AccountCapacity {
 public:
  explicit AccountCapacity(const AccountQuota& quota);

  const AccountQuota& quota() const { return quota_; }
  // What configuration claims: reserved concurrency, and provisioned concurrency of functions
  // without a reserve.
  void set_claimed_by_configuration(int units) { configured_ = units; }
  int claimed_by_configuration() const { return configured_; }

  // A unit of the unreserved pool. False: the account's limit is reached.
  bool take_unreserved();
  void release_unreserved() { --unreserved_; }
  RateLimit& unreserved_rate() { return unreserved_rate_; }

  void begin() { ++in_use_; }
  void end() { --in_use_; }
  int in_use() const { return in_use_; }  // of all functions, on any capacity
  int unreserved_in_use() const { return unreserved_; }
  int claimed() const { return configured_ + unreserved_; }

 private:
  AccountQuota quota_;
  std::atomic<int> configured_{0};
  std::atomic<int> unreserved_{0};
  std::atomic<int> in_use_{0};
  RateLimit unreserved_rate_;
};

enum class Capacity { kProvisioned, kReserved, kUnreserved };

// `Reason` of a 429.
enum class Throttle {
  kNone,
  kConcurrentInvocations,                  // the account's pool
  kFunctionInvocationRate,                 // request rate or scaling rate
  kReservedFunctionConcurrentInvocations,  // the function's reserve
  kReservedFunctionInvocationRate,
};
std::string_view to_text(Throttle reason);
// 429 TooManyRequestsException with AWS's message; the Reason is in Error::message's place of the
// API's body (see wire/).
Error throttled(Throttle reason);

// What was admitted. Goes back to release() when the invocation has ended.
struct Admission {
  Throttle throttle = Throttle::kNone;  // kNone: admitted
  Capacity capacity = Capacity::kUnreserved;
  // The version has provisioned concurrency, and this invocation does not run on it.
  bool spillover = false;
};

class FunctionAdmission {
 public:
  // `account` outlives it.
  explicit FunctionAdmission(AccountCapacity& account);

  // Provisioned concurrency of all of the function's versions, as configured, counts against its
  // reserve from the moment that it is configured.
  void configure(std::optional<int> reserved, int provisioned_configured);
  // How many provisioned environments of a version are ready to serve; 0 = none, though
  // `configured` says how many are wanted.
  void set_provisioned(const std::string& version, int configured, int ready);
  void forget_provisioned(const std::string& version);

  Admission admit(std::string_view version, SteadyTime now);
  void release(std::string_view version, const Admission& admission);
  // A token of the scaling rate. False: the invocation that needs a new environment is throttled.
  bool may_start_environment(SteadyTime now) { return scaling_rate_.take(now); }
  // It needs none after all.
  void on_start_dropped() { scaling_rate_.put_back(); }
  // Why a throttle for the scaling rate is one.
  Throttle scaling_throttle() const;

  int in_use() const { return in_use_; }
  std::optional<int> reserved() const { return reserved_; }
  // nullptr: the version has none configured.
  struct Provisioned {
    int configured = 0;
    int ready = 0;
    int in_use = 0;
    RateLimit rate;
  };
  const Provisioned* provisioned(std::string_view version) const;

 private:
  AccountCapacity& account_;
  std::optional<int> reserved_;
  int provisioned_configured_ = 0;
  int in_use_ = 0;
  int on_demand_in_use_ = 0;
  RateLimit reserved_rate_;
  RateLimit scaling_rate_;
  std::map<std::string, Provisioned, std::less<>> provisioned_;
};

}  // namespace kiln::model
