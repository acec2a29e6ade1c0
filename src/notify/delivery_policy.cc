#include "notify/delivery_policy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "notify/json_text.h"
#include "notify/sns_error.h"

namespace kiln::notify {
namespace {

using nlohmann::json;

// SNS's limits: a policy lasts no longer than an hour.
constexpr int kMaxRetries = 100;
constexpr int kMaxDelaySeconds = 3600;
constexpr std::array<const char*, 4> kBackoffs = {"linear", "arithmetic", "geometric",
                                                  "exponential"};

Error refused_delivery(const std::string& why) {
  return invalid_parameter("DeliveryPolicy: " + why);
}

Result<int> whole(const json& policy, const char* name, int otherwise, int most) {
  const auto found = policy.find(name);
  if (found == policy.end() || found->is_null()) return otherwise;
  if (!found->is_number_integer() || json_integer(*found) < 0 || json_integer(*found) > most)
    return refused_delivery("healthyRetryPolicy." + std::string(name) + " must be between 0 and " +
                            std::to_string(most));
  return json_integer<int>(*found);
}

Result<json> object_of(const std::string& text) {
  auto document = parse_json("DeliveryPolicy", text);
  if (document && !document->is_object()) return refused_delivery("is not a JSON object");
  return document;
}

}  // namespace

Result<void> DeliveryPolicy::read_retries(const json& policy) {
  if (policy.is_null()) return {};
  if (!policy.is_object()) return refused_delivery("healthyRetryPolicy must be an object");
  const struct {
    const char* name;
    int* value;
    int most;
  } members[] = {{"minDelayTarget", &min_delay_s_, kMaxDelaySeconds},
                 {"maxDelayTarget", &max_delay_s_, kMaxDelaySeconds},
                 {"numRetries", &retries_, kMaxRetries},
                 {"numNoDelayRetries", &no_delay_, kMaxRetries},
                 {"numMinDelayRetries", &min_delay_retries_, kMaxRetries},
                 {"numMaxDelayRetries", &max_delay_retries_, kMaxRetries}};
  for (const auto& member : members) {
    auto value = whole(policy, member.name, *member.value, member.most);
    if (!value) return value.error();
    *member.value = *value;
  }
  if (min_delay_s_ > max_delay_s_)
    return refused_delivery("healthyRetryPolicy.minDelayTarget must not be above maxDelayTarget");
  if (no_delay_ + min_delay_retries_ + max_delay_retries_ > retries_)
    return refused_delivery(
        "healthyRetryPolicy.numRetries must not be below the sum of its phases");
  if (const auto found = policy.find("backoffFunction"); found != policy.end()) {
    const auto known = std::find_if(kBackoffs.begin(), kBackoffs.end(),
                                    [&](const char* b) { return *found == b; });
    if (known == kBackoffs.end())
      return refused_delivery(
          "healthyRetryPolicy.backoffFunction must be one of linear, arithmetic, geometric, "
          "exponential");
    backoff_ = static_cast<Backoff>(known - kBackoffs.begin());
  }
  return {};
}

Result<void> DeliveryPolicy::read_request(const json& policy) {
  if (policy.is_null()) return {};
  if (!policy.is_object()) return refused_delivery("requestPolicy must be an object");
  const auto found = policy.find("headerContentType");
  if (found == policy.end()) return {};
  if (!found->is_string() || json_text(*found).find_first_of("\r\n") != std::string::npos)
    return refused_delivery("requestPolicy.headerContentType must be a content type");
  content_type_ = json_text(*found);
  return {};
}

Result<void> DeliveryPolicy::read_throttle(const json& policy) {
  if (policy.is_null()) return {};
  if (policy.is_object() && !policy.contains("maxReceivesPerSecond")) {
    max_receives_ = 1;
    return {};
  }
  const json& most = json_member(policy, "maxReceivesPerSecond");
  if (!most.is_number_integer() || json_integer(most) < 1)
    return refused_delivery("throttlePolicy.maxReceivesPerSecond must be a number from 1 on");
  max_receives_ = json_integer(most);
  return {};
}

Result<DeliveryPolicy> DeliveryPolicy::of_topic(const std::string& text) {
  DeliveryPolicy out;
  if (text.empty()) return out;
  auto document = object_of(text);
  if (!document) return document.error();
  const auto http = document->find("http");
  if (http == document->end()) return out;
  if (!http->is_object()) return refused_delivery("http must be an object");
  if (auto read = out.read_retries(json_member(*http, "defaultHealthyRetryPolicy")); !read)
    return read.error();
  if (auto read = out.read_request(json_member(*http, "defaultRequestPolicy")); !read)
    return read.error();
  if (const auto fixed = http->find("disableSubscriptionOverrides"); fixed != http->end()) {
    if (!fixed->is_boolean())
      return refused_delivery("http.disableSubscriptionOverrides must be true or false");
    out.overridable_ = !json_flag(*fixed);
  }
  return out;
}

Result<DeliveryPolicy> DeliveryPolicy::of_subscription(const std::string& text,
                                                       const DeliveryPolicy& topic) {
  DeliveryPolicy out = topic;
  if (text.empty()) return out;
  auto document = object_of(text);
  if (!document) return document.error();
  const json& retries = json_member(*document, "healthyRetryPolicy");
  // One that is given stands for itself; what it leaves out has the defaults.
  if (!retries.is_null()) {
    out = DeliveryPolicy();
    out.content_type_ = topic.content_type_;
    out.overridable_ = topic.overridable_;
  }
  if (auto read = out.read_retries(retries); !read) return read.error();
  if (auto read = out.read_request(json_member(*document, "requestPolicy")); !read)
    return read.error();
  if (auto read = out.read_throttle(json_member(*document, "throttlePolicy")); !read)
    return read.error();
  return topic.overridable_ ? out : topic;
}

std::optional<Duration> DeliveryPolicy::delay(int retry) const {
  if (retry < 1 || retry > retries_) return std::nullopt;
  if (retry <= no_delay_) return Duration(0);
  const auto seconds = [](double s) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
  };
  if (retry <= no_delay_ + min_delay_retries_) return seconds(min_delay_s_);
  if (retry > retries_ - max_delay_retries_) return seconds(max_delay_s_);
  const int steps = retries_ - no_delay_ - min_delay_retries_ - max_delay_retries_;
  if (steps <= 1) return seconds(min_delay_s_);
  // From the least delay (x = 0) to the greatest (x = 1).
  const double x = static_cast<double>(retry - no_delay_ - min_delay_retries_ - 1) / (steps - 1);
  const double least = std::max(1, min_delay_s_), most = std::max(1, max_delay_s_);
  switch (backoff_) {
    case Backoff::kLinear:
      return seconds(min_delay_s_ + x * (max_delay_s_ - min_delay_s_));
    case Backoff::kArithmetic:
      return seconds(min_delay_s_ + x * (x + 1) / 2 * (max_delay_s_ - min_delay_s_));
    case Backoff::kGeometric:
      return seconds(least * std::pow(most / least, x));
    case Backoff::kExponential:
      return seconds(min_delay_s_ + (std::exp2(x * (steps - 1)) - 1) / (std::exp2(steps - 1) - 1) *
                                        (max_delay_s_ - min_delay_s_));
  }
  return std::nullopt;
}

nlohmann::ordered_json DeliveryPolicy::retries() const {
  return {{"minDelayTarget", min_delay_s_},
          {"maxDelayTarget", max_delay_s_},
          {"numRetries", retries_},
          {"numMaxDelayRetries", max_delay_retries_},
          {"numNoDelayRetries", no_delay_},
          {"numMinDelayRetries", min_delay_retries_},
          {"backoffFunction", kBackoffs[static_cast<size_t>(backoff_)]}};
}

std::string DeliveryPolicy::text_of_topic() const {
  return to_text(
      nlohmann::ordered_json{{"http",
                              {{"defaultHealthyRetryPolicy", retries()},
                               {"disableSubscriptionOverrides", !overridable_},
                               {"defaultRequestPolicy", {{"headerContentType", content_type_}}}}}});
}

nlohmann::ordered_json DeliveryPolicy::throttle() const {
  if (max_receives_ <= 0) return nullptr;
  return {{"maxReceivesPerSecond", max_receives_}};
}

nlohmann::ordered_json DeliveryPolicy::request() const {
  return {{"headerContentType", content_type_}};
}

std::string DeliveryPolicy::text_of_subscription() const {
  return to_text(nlohmann::ordered_json{{"healthyRetryPolicy", retries()},
                                        {"sicklyRetryPolicy", nullptr},
                                        {"throttlePolicy", throttle()},
                                        {"requestPolicy", request()},
                                        {"guaranteed", false}});
}

std::string DeliveryPolicy::given_back(const std::string& text) {
  const auto document = object_of(text);
  const auto policy = of_subscription(text, DeliveryPolicy());
  if (!document || !policy) return text;
  const auto said = [&](const char* name, nlohmann::ordered_json value) {
    return json_member(*document, name).is_null() ? nlohmann::ordered_json() : value;
  };
  return to_text(
      nlohmann::ordered_json{{"healthyRetryPolicy", said("healthyRetryPolicy", policy->retries())},
                             {"sicklyRetryPolicy", nullptr},
                             {"throttlePolicy", said("throttlePolicy", policy->throttle())},
                             {"requestPolicy", said("requestPolicy", policy->request())},
                             {"guaranteed", false}});
}

}  // namespace kiln::notify
