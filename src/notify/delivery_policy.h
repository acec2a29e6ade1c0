// How often, and how far apart, a message for an HTTP endpoint is tried again. Pure.
//
// Phases in this order: retries without delay, retries at the least delay, growing delays, retries
// at the greatest delay. Unset members have SNS's defaults: three retries, 20 seconds apart.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace kiln::notify {

class DeliveryPolicy {
 public:
  // Of a topic: {"http": {"defaultHealthyRetryPolicy": {…}, "disableSubscriptionOverrides": false,
  // "defaultRequestPolicy": {"headerContentType": "…"}}}. Error: InvalidParameter.
  static Result<DeliveryPolicy> of_topic(const std::string& text);
  // Of a subscription: {"healthyRetryPolicy": {…}, "throttlePolicy": {"maxReceivesPerSecond": 5},
  // "requestPolicy": {…}}, over the topic's.
  static Result<DeliveryPolicy> of_subscription(const std::string& text,
                                                const DeliveryPolicy& topic);

  // What such a text is given back as: with all members, null where the text has none. Texts that
  // are no policy stay as they are.
  static std::string given_back(const std::string& text);

  // Before retry number `retry` (1 is the first); nullopt: no more.
  std::optional<Duration> delay(int retry) const;
  const std::string& content_type() const { return content_type_; }
  // Whether subscriptions may have their own.
  bool overridable() const { return overridable_; }
  // EffectiveDeliveryPolicy.
  std::string text_of_topic() const;
  std::string text_of_subscription() const;

 private:
  enum class Backoff { kLinear, kArithmetic, kGeometric, kExponential };

  Result<void> read_retries(const nlohmann::json& policy);
  Result<void> read_request(const nlohmann::json& policy);
  Result<void> read_throttle(const nlohmann::json& policy);
  nlohmann::ordered_json retries() const;
  nlohmann::ordered_json throttle() const;
  nlohmann::ordered_json request() const;

  int min_delay_s_ = 20;
  int max_delay_s_ = 20;
  int retries_ = 3;
  int no_delay_ = 0;
  int min_delay_retries_ = 0;
  int max_delay_retries_ = 0;
  Backoff backoff_ = Backoff::kLinear;
  std::string content_type_ = "text/plain; charset=UTF-8";
  bool overridable_ = true;
  int64_t max_receives_ = 0;  // a second, of a subscription; 0: none. Shown only.
};

}  // namespace kiln::notify
