#include "model/admission.h"

#include <gtest/gtest.h>

#include <vector>

namespace kiln::model {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime kStart{seconds(1'000)};

AccountQuota quota(int concurrency) {
  AccountQuota out;
  out.concurrency = concurrency;
  return out;
}

// Admits `n` invocations; answers how many of them were.
int admit_many(FunctionAdmission& function, int n, std::vector<Admission>* kept = nullptr,
               std::string_view version = "1") {
  int admitted = 0;
  for (int i = 0; i < n; ++i) {
    const Admission a = function.admit(version, kStart);
    if (a.throttle == Throttle::kNone) ++admitted;
    if (kept) kept->push_back(a);
  }
  return admitted;
}

TEST(Admission, AccountLimitIsReachedExactly) {
  AccountCapacity account(quota(3));
  FunctionAdmission a(account), b(account);
  EXPECT_EQ(admit_many(a, 2), 2);
  std::vector<Admission> kept;
  EXPECT_EQ(admit_many(b, 2, &kept), 1);
  EXPECT_EQ(kept[1].throttle, Throttle::kConcurrentInvocations);
  EXPECT_EQ(account.in_use(), 3);
  b.release("1", kept[0]);
  EXPECT_EQ(admit_many(a, 1), 1);
}

TEST(Admission, ReserveIsFloorAndCeiling) {
  AccountCapacity account(quota(10));
  account.set_claimed_by_configuration(4);
  FunctionAdmission reserved(account), other(account);
  reserved.configure(4, 0);
  std::vector<Admission> kept;
  EXPECT_EQ(admit_many(other, 9), 6);  // the reserve is not the others' to use
  EXPECT_EQ(admit_many(reserved, 6, &kept), 4);
  EXPECT_EQ(kept[4].throttle, Throttle::kReservedFunctionConcurrentInvocations);
  EXPECT_EQ(kept[0].capacity, Capacity::kReserved);
  EXPECT_EQ(account.claimed(), 10);
  EXPECT_EQ(account.unreserved_in_use(), 6);
}

TEST(Admission, ReserveOfZeroThrottlesEverything) {
  AccountCapacity account(quota(10));
  FunctionAdmission function(account);
  function.configure(0, 0);
  EXPECT_EQ(function.admit("1", kStart).throttle, Throttle::kReservedFunctionConcurrentInvocations);
  function.configure(std::nullopt, 0);
  EXPECT_EQ(function.admit("1", kStart).throttle, Throttle::kNone);
}

TEST(Admission, ProvisionedFirstThenSpillover) {
  AccountCapacity account(quota(100));
  account.set_claimed_by_configuration(3);
  FunctionAdmission function(account);
  function.configure(std::nullopt, 3);
  function.set_provisioned("1", 3, 3);
  std::vector<Admission> kept;
  EXPECT_EQ(admit_many(function, 5, &kept), 5);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(kept[i].capacity, i < 3 ? Capacity::kProvisioned : Capacity::kUnreserved);
    EXPECT_EQ(kept[i].spillover, i >= 3);
  }
  EXPECT_EQ(account.claimed(), 5);
  // Another version has none of it, and does not spill over.
  const Admission other = function.admit("2", kStart);
  EXPECT_EQ(other.capacity, Capacity::kUnreserved);
  EXPECT_FALSE(other.spillover);
}

TEST(Admission, NothingProvisionedServesUntilAllIsReady) {
  AccountCapacity account(quota(100));
  FunctionAdmission function(account);
  function.configure(std::nullopt, 3);
  function.set_provisioned("1", 3, 0);
  const Admission early = function.admit("1", kStart);
  EXPECT_EQ(early.capacity, Capacity::kUnreserved);
  EXPECT_TRUE(early.spillover);
  function.set_provisioned("1", 3, 3);
  EXPECT_EQ(function.admit("1", kStart).capacity, Capacity::kProvisioned);
}

TEST(Admission, ProvisionedCountsAgainstTheReserve) {
  AccountCapacity account(quota(100));
  FunctionAdmission function(account);
  function.configure(3, 3);
  function.set_provisioned("1", 3, 3);
  // The sum equals the reserve: $LATEST is throttled though nothing runs.
  EXPECT_EQ(function.admit("$LATEST", kStart).throttle,
            Throttle::kReservedFunctionConcurrentInvocations);
  EXPECT_EQ(admit_many(function, 4), 3);
  function.configure(4, 3);
  EXPECT_EQ(function.admit("$LATEST", kStart).throttle, Throttle::kNone);
  EXPECT_EQ(function.admit("$LATEST", kStart).throttle,
            Throttle::kReservedFunctionConcurrentInvocations);
}

TEST(Admission, ProvisionedRateSpillsOver) {
  AccountCapacity account(quota(1'000));
  FunctionAdmission function(account);
  function.configure(std::nullopt, 1);
  function.set_provisioned("1", 1, 1);
  for (int i = 0; i < 11; ++i) {
    const Admission a = function.admit("1", kStart);
    // 10 a second for one provisioned environment.
    EXPECT_EQ(a.capacity, i < 10 ? Capacity::kProvisioned : Capacity::kUnreserved) << i;
    function.release("1", a);
  }
  EXPECT_EQ(function.admit("1", kStart + milliseconds(100)).capacity, Capacity::kProvisioned);
}

TEST(Admission, RequestRatesOfAccountAndReserve) {
  AccountCapacity account(quota(2));
  FunctionAdmission plain(account), reserved(account);
  reserved.configure(1, 0);
  const auto serve = [](FunctionAdmission& function, int n, SteadyTime now) {
    Throttle last = Throttle::kNone;
    for (int i = 0; i < n; ++i) {
      const Admission a = function.admit("1", now);
      if (a.throttle == Throttle::kNone) function.release("1", a);
      last = a.throttle;
    }
    return last;
  };
  EXPECT_EQ(serve(plain, 20, kStart), Throttle::kNone);
  EXPECT_EQ(serve(plain, 1, kStart), Throttle::kFunctionInvocationRate);
  EXPECT_EQ(serve(reserved, 10, kStart), Throttle::kNone);
  EXPECT_EQ(serve(reserved, 1, kStart), Throttle::kReservedFunctionInvocationRate);
  EXPECT_EQ(serve(plain, 20, kStart + seconds(1)), Throttle::kNone);
}

TEST(Admission, ScalingRateIsATokenBucket) {
  AccountCapacity account(quota(5'000));
  FunctionAdmission function(account);
  int started = 0;
  while (function.may_start_environment(kStart)) ++started;
  EXPECT_EQ(started, 1'000);
  EXPECT_FALSE(function.may_start_environment(kStart + milliseconds(9)));
  EXPECT_TRUE(function.may_start_environment(kStart + milliseconds(10)));
  EXPECT_FALSE(function.may_start_environment(kStart + milliseconds(10)));
  // What is not used is saved up to the burst, no further.
  started = 0;
  while (function.may_start_environment(kStart + seconds(100))) ++started;
  EXPECT_EQ(started, 1'000);
}

TEST(Admission, UnitsGoBackToWhereTheyCameFrom) {
  AccountCapacity account(quota(10));
  FunctionAdmission function(account);
  const Admission unreserved = function.admit("1", kStart);
  function.configure(5, 2);
  function.set_provisioned("1", 2, 2);
  const Admission provisioned = function.admit("1", kStart);
  function.forget_provisioned("1");
  EXPECT_EQ(account.unreserved_in_use(), 1);
  function.release("1", provisioned);
  function.release("1", unreserved);
  EXPECT_EQ(account.unreserved_in_use(), 0);
  EXPECT_EQ(account.in_use(), 0);
  EXPECT_EQ(function.in_use(), 0);
}

}  // namespace
}  // namespace kiln::model
