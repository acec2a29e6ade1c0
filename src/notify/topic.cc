#include "notify/topic.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/arn.h"
#include "base/document_reader.h"
#include "base/json_access.h"
#include "notify/json_text.h"
#include "notify/sns_error.h"

namespace kiln::notify {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using std::string_view_literals::operator""sv;

constexpr std::array kTopicAttributes = {
    "DisplayName"sv,    "Policy"sv,           "DeliveryPolicy"sv,
    "KmsMasterKeyId"sv, "SignatureVersion"sv, "TracingConfig"sv,
};
constexpr std::array kFifoAttributes = {"FifoTopic"sv, "ContentBasedDeduplication"sv,
                                        "FifoThroughputScope"sv};
// Delivery status logging: taken and shown; Kiln writes each failed delivery to its own log.
constexpr std::array kFeedbackEndings = {"SuccessFeedbackRoleArn"sv, "FailureFeedbackRoleArn"sv,
                                         "SuccessFeedbackSampleRate"sv};
constexpr std::array kSubscriptionAttributes = {
    "DeliveryPolicy"sv,     "FilterPolicy"sv,  "FilterPolicyScope"sv,
    "RawMessageDelivery"sv, "RedrivePolicy"sv, "SubscriptionRoleArn"sv,
};
constexpr size_t kMaxDisplayName = 100;

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_topic_attribute(std::string_view name) {
  return contains(kTopicAttributes, name) ||
         std::any_of(kFeedbackEndings.begin(), kFeedbackEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

std::string get(const Attributes& attributes, const char* name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::string() : found->second;
}

// As SNS gives it back: what is null is left out, and disableSubscriptionOverrides is always said.
// REQUIRES: DeliveryPolicy::of_topic took the text.
std::string normalized_delivery(const std::string& text) {
  const ordered_json given = json_parse<ordered_json>(text);
  if (!given.is_object() || !given.contains("http") || !given["http"].is_object()) return text;
  const ordered_json& http = given["http"];
  ordered_json out = ordered_json::object();
  const auto take = [&](const char* name) {
    if (http.contains(name) && !http[name].is_null()) out[name] = http[name];
  };
  take("defaultHealthyRetryPolicy");
  take("defaultSicklyRetryPolicy");
  const auto overrides = http.find("disableSubscriptionOverrides");
  out["disableSubscriptionOverrides"] = overrides != http.end() && json_flag(*overrides);
  take("defaultThrottlePolicy");
  take("defaultRequestPolicy");
  return to_text(ordered_json{{"http", out}});
}

Result<void> check_fifo_attributes(const Topic& topic) {
  const std::string by_content = get(topic.attributes, "ContentBasedDeduplication");
  if (!by_content.empty() && by_content != "true" && by_content != "false")
    return invalid_parameter("ContentBasedDeduplication: Invalid value [" + by_content +
                             "]. Must be true or false.");
  const std::string scope = get(topic.attributes, "FifoThroughputScope");
  if (!scope.empty() && scope != "Topic" && scope != "MessageGroup")
    return invalid_parameter("FifoThroughputScope: Invalid value [" + scope +
                             "]. Must be Topic or MessageGroup.");
  return {};
}

Result<void> read_redrive(const std::string& text, Subscription& out) {
  out.dead_letter_arn.clear();
  if (text.empty()) return {};
  auto document = parse_json("RedrivePolicy", text);
  if (!document) return document.error();
  const auto found =
      document->is_object() ? document->find("deadLetterTargetArn") : document->end();
  if (!document->is_object() || found == document->end() || !found->is_string())
    return invalid_parameter("RedrivePolicy: deadLetterTargetArn is missing");
  const auto& arn = json_text(*found);
  if (!is_arn_of(arn, "sqs") || std::count(arn.begin(), arn.end(), ':') != 5)
    return invalid_parameter("RedrivePolicy: deadLetterTargetArn is an invalid arn");
  // What has an order must not lose it at its end.
  if (out.topic.is_fifo() && out.endpoint.ends_with(".fifo") && !arn.ends_with(".fifo"))
    return invalid_parameter(
        "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.");
  out.dead_letter_arn = arn;
  return {};
}

}  // namespace

Result<void> apply_attributes(Topic& topic) {
  for (const auto& [name, value] : topic.attributes)
    if (!is_topic_attribute(name) && !(topic.arn.is_fifo() && contains(kFifoAttributes, name)))
      return invalid_parameter("AttributeName");
  if (auto checked = check_fifo_attributes(topic); !checked) return checked;
  if (get(topic.attributes, "DisplayName").size() > kMaxDisplayName)
    return invalid_parameter("DisplayName");
  if (const std::string policy = get(topic.attributes, "Policy"); !policy.empty()) {
    const json document = nests_too_deeply(policy) ? json() : json_parse(policy);
    if (document.is_discarded() || !document.is_object())
      return invalid_parameter("Policy Error: null");
  }
  const std::string version = get(topic.attributes, "SignatureVersion");
  if (!version.empty() && version != "1" && version != "2")
    return invalid_parameter("SignatureVersion");
  auto delivery = DeliveryPolicy::of_topic(get(topic.attributes, "DeliveryPolicy"));
  if (!delivery) return delivery.error();
  topic.delivery = std::move(*delivery);
  if (const auto given = topic.attributes.find("DeliveryPolicy");
      given != topic.attributes.end() && !given->second.empty())
    given->second = normalized_delivery(given->second);
  return {};
}

Result<void> apply_attributes(Subscription& out) {
  for (const auto& [name, value] : out.attributes)
    if (!contains(kSubscriptionAttributes, name)) return invalid_parameter("AttributeName");
  if (const auto raw = out.attributes.find("RawMessageDelivery"); raw != out.attributes.end()) {
    if (raw->second != "true" && raw->second != "false")
      return invalid_parameter("RawMessageDelivery: Invalid value [" + raw->second +
                               "]. Must be true or false.");
    out.delivery = raw->second == "true" ? Delivery::kRaw : Delivery::kEnvelope;
    const bool can = out.protocol == Protocol::kHttp || out.protocol == Protocol::kHttps ||
                     out.protocol == Protocol::kSqs;
    if (out.delivery == Delivery::kRaw && !can)
      return invalid_parameter(std::string("Delivery protocol [") + protocol_name(out.protocol) +
                               "] does not support raw message delivery.");
  }
  auto scope = FilterPolicy::Scope::kMessageAttributes;
  if (const std::string text = get(out.attributes, "FilterPolicyScope"); text == "MessageBody")
    scope = FilterPolicy::Scope::kMessageBody;
  else if (!text.empty() && text != "MessageAttributes")
    return invalid_parameter("FilterPolicyScope: Invalid value [" + text +
                             "]. Please use either MessageBody or MessageAttributes");
  out.filter.reset();
  const std::string filter = get(out.attributes, "FilterPolicy");
  if (!filter.empty() && filter != "{}") {
    auto policy = FilterPolicy::parse(filter, scope);
    if (!policy) return policy.error();
    out.filter = std::move(*policy);
  }
  if (auto read = read_redrive(get(out.attributes, "RedrivePolicy"), out); !read) return read;
  auto delivery =
      DeliveryPolicy::of_subscription(get(out.attributes, "DeliveryPolicy"), DeliveryPolicy());
  return delivery ? Result<void>() : delivery.error();
}

std::string default_policy(const TopicArn& topic) {
  return to_text(ordered_json{
      {"Version", "2008-10-17"},
      {"Id", "__default_policy_ID"},
      {"Statement",
       ordered_json::array(
           {{{"Sid", "__default_statement_ID"},
             {"Effect", "Allow"},
             {"Principal", {{"AWS", "*"}}},
             {"Action",
              {"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
               "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
               "SNS:ListSubscriptionsByTopic", "SNS:Publish"}},
             {"Resource", topic.text()},
             {"Condition", {{"StringEquals", {{"AWS:SourceOwner", topic.account}}}}}}})}});
}

std::string topic_document(const Topic& topic) {
  return to_text(json{{"arn", topic.arn.text()},
                      {"attributes", topic.attributes},
                      {"tags", topic.tags},
                      {"unsubscribed", topic.unsubscribed}});
}

Result<Topic> read_topic(const std::string& text) {
  std::string problem;
  const json document = json_parse(text);
  const DocumentReader in(document, problem);
  Topic out;
  const auto arn = TopicArn::parse(in.get<std::string>("arn"));
  in.read("attributes", out.attributes);
  in.read("tags", out.tags);
  in.read_if("unsubscribed", out.unsubscribed);  // older documents do without
  if (!problem.empty()) return invalid_parameter("stored topic: " + problem);
  if (!arn) return invalid_parameter("TopicArn");
  out.arn = *arn;
  if (auto applied = apply_attributes(out); !applied) return applied.error();
  return out;
}

std::string subscription_document(const Subscription& s) {
  return to_text(json{{"arn", s.arn},
                      {"topic", s.topic.text()},
                      {"protocol", protocol_name(s.protocol)},
                      {"endpoint", s.endpoint},
                      {"attributes", s.attributes},
                      {"confirmed", s.confirmed},
                      {"token", s.token}});
}

Result<Subscription> read_subscription(const std::string& text) {
  std::string problem;
  const json document = json_parse(text);
  const DocumentReader in(document, problem);
  Subscription out;
  const auto topic = TopicArn::parse(in.get<std::string>("topic"));
  const auto protocol = protocol_of(in.get<std::string>("protocol"));
  in.read("arn", out.arn);
  in.read("endpoint", out.endpoint);
  in.read("attributes", out.attributes);
  in.read("confirmed", out.confirmed);
  in.read("token", out.token);
  if (!problem.empty()) return invalid_parameter("stored subscription: " + problem);
  if (!topic || !protocol) return invalid_parameter("stored subscription");
  out.topic = *topic;
  out.protocol = *protocol;
  if (auto applied = apply_attributes(out); !applied) return applied.error();
  return out;
}

}  // namespace kiln::notify
