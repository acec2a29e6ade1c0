#include "sdk/clients/aws/retry.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace kiln::aws {
namespace {

constexpr double kBaseMs = 100;
constexpr double kLongestMs = 5'000;

// The codes that AWS's clients take for throttling, whatever their status.
constexpr std::array<std::string_view, 14> kThrottles = {"Throttling",
                                                         "ThrottlingException",
                                                         "ThrottledException",
                                                         "RequestThrottledException",
                                                         "RequestThrottled",
                                                         "TooManyRequestsException",
                                                         "ProvisionedThroughputExceededException",
                                                         "TransactionInProgressException",
                                                         "RequestLimitExceeded",
                                                         "BandwidthLimitExceeded",
                                                         "LimitExceededException",
                                                         "SlowDown",
                                                         "PriorRequestNotComplete",
                                                         "EC2ThrottledException"};

}  // namespace

bool is_throttle(int status, std::string_view code) {
  return status == 429 || std::find(kThrottles.begin(), kThrottles.end(), code) != kThrottles.end();
}

bool worth_retry(int status, std::string_view code, Repeat repeat) {
  if (is_throttle(status, code)) return true;
  if (repeat == Repeat::kOnce) return status == 503;
  return status >= 500 || code == "RequestTimeout" || code == "RequestTimeoutException";
}

bool worth_retry(http::Error::Kind kind, Repeat repeat) {
  using Kind = http::Error::Kind;
  if (kind == Kind::kConnect) return true;
  return repeat == Repeat::kTwice && (kind == Kind::kTimeout || kind == Kind::kBroken);
}

std::chrono::milliseconds backoff(int retry, double part) {
  const double longest = std::min(kLongestMs, kBaseMs * std::exp2(std::clamp(retry - 1, 0, 30)));
  return std::chrono::milliseconds(static_cast<int64_t>(longest * std::clamp(part, 0.0, 1.0)));
}

}  // namespace kiln::aws
