// Retries of HTTP deliveries: which phase a retry is in, how long each backoff waits, what is
// shown.
#include "notify/delivery_policy.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln::notify {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

DeliveryPolicy topic_policy(const std::string& text) {
  auto policy = DeliveryPolicy::of_topic(text);
  EXPECT_TRUE(policy.ok()) << text << ": " << policy.error().message;
  return policy.ok() ? *policy : DeliveryPolicy();
}

DeliveryPolicy with_retries(const std::string& members) {
  return topic_policy(R"({"http": {"defaultHealthyRetryPolicy": {)" + members + "}}}");
}

std::string delivery_refusal(const std::string& text) {
  const auto policy = DeliveryPolicy::of_topic(text);
  return policy ? "accepted" : policy.error().message;
}

std::string retry_refusal(const std::string& members) {
  return delivery_refusal(R"({"http": {"defaultHealthyRetryPolicy": {)" + members + "}}}");
}

// Before each retry, in milliseconds.
std::vector<int64_t> delays(const DeliveryPolicy& policy) {
  std::vector<int64_t> out;
  for (int retry = 1; const auto delay = policy.delay(retry); ++retry) {
    out.push_back(std::chrono::round<std::chrono::milliseconds>(*delay).count());
  }
  return out;
}

using Delays = std::vector<int64_t>;

TEST(DeliveryPolicy, ThreeRetriesTwentySecondsApartByDefault) {
  for (const char* text :
       {"", "{}", R"({"http": {}})", R"({"http": {"defaultHealthyRetryPolicy": null}})",
        R"({"http": {"defaultHealthyRetryPolicy": {"numRetries": null}}})"}) {
    EXPECT_EQ(delays(topic_policy(text)), (Delays{20'000, 20'000, 20'000})) << text;
    EXPECT_EQ(topic_policy(text).content_type(), "text/plain; charset=UTF-8");
    EXPECT_TRUE(topic_policy(text).overridable());
  }
}

TEST(DeliveryPolicy, NothingBeforeTheFirstRetryAndAfterTheLast) {
  const DeliveryPolicy policy = with_retries(R"("numRetries": 2)");
  EXPECT_FALSE(policy.delay(0));
  EXPECT_FALSE(policy.delay(-1));
  EXPECT_TRUE(policy.delay(2));
  EXPECT_FALSE(policy.delay(3));
  EXPECT_FALSE(with_retries(R"("numRetries": 0)").delay(1));
}

TEST(DeliveryPolicy, PhasesFollowEachOther) {
  const DeliveryPolicy policy = with_retries(
      R"("minDelayTarget": 1, "maxDelayTarget": 9, "numRetries": 9, "numNoDelayRetries": 2,
         "numMinDelayRetries": 2, "numMaxDelayRetries": 2)");
  EXPECT_EQ(delays(policy), (Delays{0, 0, 1000, 1000, 1000, 5000, 9000, 9000, 9000}));
}

TEST(DeliveryPolicy, OnePhaseAlone) {
  EXPECT_EQ(delays(with_retries(R"("numRetries": 2, "numNoDelayRetries": 2)")), (Delays{0, 0}));
  EXPECT_EQ(
      delays(with_retries(
          R"("minDelayTarget": 3, "maxDelayTarget": 7, "numRetries": 2, "numMinDelayRetries": 2)")),
      (Delays{3000, 3000}));
  EXPECT_EQ(
      delays(with_retries(
          R"("minDelayTarget": 3, "maxDelayTarget": 7, "numRetries": 2, "numMaxDelayRetries": 2)")),
      (Delays{7000, 7000}));
  EXPECT_EQ(delays(with_retries(R"("minDelayTarget": 3, "maxDelayTarget": 7, "numRetries": 1)")),
            (Delays{3000}));
}

TEST(DeliveryPolicy, BackoffsGrowFromTheLeastToTheGreatestDelay) {
  const struct {
    const char* function;
    Delays delays;
  } cases[] = {
      {"linear", {1000, 5000, 9000, 13000, 17000}},
      {"arithmetic", {1000, 3500, 7000, 11500, 17000}},
      {"geometric", {1000, 2031, 4123, 8372, 17000}},
      {"exponential", {1000, 2067, 4200, 8467, 17000}},
  };
  for (const auto& c : cases) {
    const DeliveryPolicy policy = with_retries(
        R"("minDelayTarget": 1, "maxDelayTarget": 17, "numRetries": 5, "backoffFunction": ")" +
        std::string(c.function) + "\"");
    EXPECT_EQ(delays(policy), c.delays) << c.function;
  }
}

TEST(DeliveryPolicy, BackoffsStayWithinTheDelaysOverManyRetries) {
  for (const char* function : {"linear", "arithmetic", "geometric", "exponential"}) {
    const Delays all = delays(with_retries(
        R"("minDelayTarget": 0, "maxDelayTarget": 3600, "numRetries": 100, "backoffFunction": ")" +
        std::string(function) + "\""));
    ASSERT_EQ(all.size(), 100U) << function;
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end())) << function;
    EXPECT_LE(all.front(), 1000) << function;
    EXPECT_EQ(all.back(), 3'600'000) << function;
  }
}

TEST(DeliveryPolicy, LimitsOnBothSides) {
  const std::string start = "Invalid parameter: DeliveryPolicy: ";
  const struct {
    const char* members;
    const char* answer;  // after `start`, or "accepted"
  } cases[] = {
      {R"("numRetries": 100)", "accepted"},
      {R"("numRetries": 101)", "healthyRetryPolicy.numRetries must be between 0 and 100"},
      {R"("numRetries": -1)", "healthyRetryPolicy.numRetries must be between 0 and 100"},
      {R"("numRetries": 1.5)", "healthyRetryPolicy.numRetries must be between 0 and 100"},
      {R"("numRetries": "3")", "healthyRetryPolicy.numRetries must be between 0 and 100"},
      {R"("numRetries": 18446744073709551615)",
       "healthyRetryPolicy.numRetries must be between 0 and 100"},
      {R"("maxDelayTarget": 3600)", "accepted"},
      {R"("maxDelayTarget": 3601)", "healthyRetryPolicy.maxDelayTarget must be between 0 and 3600"},
      {R"("minDelayTarget": 20)", "accepted"},
      {R"("minDelayTarget": 21)",
       "healthyRetryPolicy.minDelayTarget must not be above maxDelayTarget"},
      {R"("minDelayTarget": 3600, "maxDelayTarget": 3600)", "accepted"},
      {R"("minDelayTarget": 3601)", "healthyRetryPolicy.minDelayTarget must be between 0 and 3600"},
      {R"("numNoDelayRetries": 1, "numMinDelayRetries": 1, "numMaxDelayRetries": 1)", "accepted"},
      {R"("numNoDelayRetries": 2, "numMinDelayRetries": 1, "numMaxDelayRetries": 1)",
       "healthyRetryPolicy.numRetries must not be below the sum of its phases"},
      {R"("numNoDelayRetries": 101)",
       "healthyRetryPolicy.numNoDelayRetries must be between 0 and 100"},
      {R"("numMinDelayRetries": 101)",
       "healthyRetryPolicy.numMinDelayRetries must be between 0 and 100"},
      {R"("numMaxDelayRetries": 101)",
       "healthyRetryPolicy.numMaxDelayRetries must be between 0 and 100"},
      {R"("backoffFunction": "quadratic")",
       "healthyRetryPolicy.backoffFunction must be one of linear, arithmetic, geometric, "
       "exponential"},
      {R"("backoffFunction": 1)",
       "healthyRetryPolicy.backoffFunction must be one of linear, arithmetic, geometric, "
       "exponential"},
  };
  for (const auto& c : cases) {
    const std::string want = std::string(c.answer) == "accepted" ? c.answer : start + c.answer;
    EXPECT_EQ(retry_refusal(c.members), want) << c.members;
  }
}

TEST(DeliveryPolicy, RefusesWhatHasAnotherShape) {
  const std::string start = "Invalid parameter: DeliveryPolicy: ";
  const struct {
    std::string text;
    const char* why;
  } cases[] = {
      {"{", "failed to parse JSON. Unexpected text at line: 1, column: 2"},
      {"[]", "is not a JSON object"},
      {R"({"http": 1})", "http must be an object"},
      {R"({"http": {"defaultHealthyRetryPolicy": 1}})", "healthyRetryPolicy must be an object"},
      {R"({"http": {"defaultRequestPolicy": 1}})", "requestPolicy must be an object"},
      {R"({"http": {"defaultRequestPolicy": {"headerContentType": 1}}})",
       "requestPolicy.headerContentType must be a content type"},
      {R"({"http": {"defaultRequestPolicy": {"headerContentType": "a\r\nX: y"}}})",
       "requestPolicy.headerContentType must be a content type"},
      {R"({"http": {"disableSubscriptionOverrides": "yes"}})",
       "http.disableSubscriptionOverrides must be true or false"},
      {R"({"http": {"defaultHealthyRetryPolicy": )" + std::string(100'000, '[') +
           std::string(100'000, ']') + "}}",
       "failed to parse JSON. It is nested too deeply"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(delivery_refusal(c.text), start + c.why) << c.text.substr(0, 80);
}

// As SNS shows them.
TEST(DeliveryPolicy, EffectiveTextOfATopic) {
  const struct {
    const char* given;
    const char* effective;
  } cases[] = {
      {"",
       R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}})"},
      {R"({"http": {"defaultRequestPolicy": {"headerContentType": "application/json"}}})",
       R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"application/json"}}})"},
      {R"({"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1}}})",
       R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":6,"numRetries":1,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}})"},
  };
  for (const auto& c : cases) EXPECT_EQ(topic_policy(c.given).text_of_topic(), c.effective);
}

TEST(DeliveryPolicy, EffectiveTextOfASubscription) {
  const auto topic = topic_policy(
      R"({"http": {"defaultRequestPolicy": {"headerContentType": "application/json"}}})");
  const std::string retries =
      R"("healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":0,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"sicklyRetryPolicy":null)";
  const std::string request =
      R"("requestPolicy":{"headerContentType":"application/json"},"guaranteed":false})";
  const std::string own =
      R"({"healthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 0})";
  const auto text = [&](const std::string& given) {
    const auto policy = DeliveryPolicy::of_subscription(given, topic);
    return policy ? policy->text_of_subscription() : policy.error().message;
  };
  EXPECT_EQ(
      text(
          own +
          R"(, "sicklyRetryPolicy": null, "throttlePolicy": {"maxReceivesPerSecond": 1000}, "requestPolicy": null, "guaranteed": false})"),
      "{" + retries + R"(,"throttlePolicy":{"maxReceivesPerSecond":1000},)" + request);
  EXPECT_EQ(text(own + "}"), "{" + retries + R"(,"throttlePolicy":null,)" + request);
  const std::string refused =
      "Invalid parameter: DeliveryPolicy: throttlePolicy.maxReceivesPerSecond must be a number "
      "from 1 on";
  EXPECT_EQ(text(R"({"throttlePolicy": {"maxReceivesPerSecond": 0}})"), refused);
  EXPECT_EQ(text(R"({"throttlePolicy": 5})"), refused);
}

TEST(DeliveryPolicy, ASubscriptionsStandsOverTheTopics) {
  const auto topic = topic_policy(
      R"({"http": {"defaultHealthyRetryPolicy": {"numRetries": 5, "minDelayTarget": 1, "maxDelayTarget": 1},
                   "defaultRequestPolicy": {"headerContentType": "a/b"}}})");
  const auto of = [&](const std::string& text) {
    auto policy = DeliveryPolicy::of_subscription(text, topic);
    EXPECT_TRUE(policy.ok()) << policy.error().message;
    return *policy;
  };
  EXPECT_EQ(delays(of("")).size(), 5U);
  EXPECT_EQ(of("").content_type(), "a/b");
  // What its retry policy leaves out has the defaults, not the topic's.
  EXPECT_EQ(delays(of(R"({"healthyRetryPolicy": {"numRetries": 1}})")), (Delays{20'000}));
  EXPECT_EQ(of(R"({"healthyRetryPolicy": {"numRetries": 1}})").content_type(), "a/b");
  EXPECT_EQ(delays(of(R"({"requestPolicy": {"headerContentType": "c/d"}})")).size(), 5U);
  EXPECT_EQ(of(R"({"requestPolicy": {"headerContentType": "c/d"}})").content_type(), "c/d");
}

TEST(DeliveryPolicy, ATopicMayForbidThat) {
  const auto topic = topic_policy(
      R"({"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}, "disableSubscriptionOverrides": true}})");
  EXPECT_FALSE(topic.overridable());
  const std::string own =
      R"({"healthyRetryPolicy": {"numRetries": 1}, "requestPolicy": {"headerContentType": "c/d"}})";
  const auto policy = DeliveryPolicy::of_subscription(own, topic);
  ASSERT_TRUE(policy.ok());
  EXPECT_EQ(delays(*policy).size(), 5U);
  EXPECT_EQ(policy->content_type(), "text/plain; charset=UTF-8");
  EXPECT_FALSE(
      DeliveryPolicy::of_subscription(R"({"healthyRetryPolicy": {"numRetries": 101}})", topic));
}

TEST(DeliveryPolicy, ASubscriptionGivesBackWhatItWasGivenWithAllMembers) {
  EXPECT_EQ(DeliveryPolicy::given_back(R"({"requestPolicy": {"headerContentType": "text/csv"}})"),
            R"({"healthyRetryPolicy":null,"sicklyRetryPolicy":null,"throttlePolicy":null,)"
            R"("requestPolicy":{"headerContentType":"text/csv"},"guaranteed":false})");
  EXPECT_EQ(
      DeliveryPolicy::given_back(R"({"throttlePolicy": {"maxReceivesPerSecond": 1000},)"
                                 R"( "healthyRetryPolicy": {"minDelayTarget": 1,)"
                                 R"( "maxDelayTarget": 1, "numRetries": 0}})"),
      R"({"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":0,)"
      R"("numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,)"
      R"("backoffFunction":"linear"},"sicklyRetryPolicy":null,)"
      R"("throttlePolicy":{"maxReceivesPerSecond":1000},"requestPolicy":null,"guaranteed":false})");
  EXPECT_EQ(DeliveryPolicy::given_back("no JSON"), "no JSON");
}

}  // namespace
}  // namespace kiln::notify
