#include "notify/topic.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

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

Result<void> read_redrive(const std::string& text, Subscription& out) {
  out.dead_letter_arn.clear();
  if (text.empty()) return {};
  auto document = parse_json("RedrivePolicy", text);
  if (!document) return document.error();
  const auto found =
      document->is_object() ? document->find("deadLetterTargetArn") : document->end();
  if (!document->is_object() || found == document->end() || !found->is_string())
    return invalid_parameter("RedrivePolicy: deadLetterTargetArn is missing");
  const auto& arn = found->get_ref<const std::string&>();
  if (!arn.starts_with("arn:aws:sqs:") || std::count(arn.begin(), arn.end(), ':') != 5)
    return invalid_parameter("RedrivePolicy: deadLetterTargetArn is an invalid arn");
  out.dead_letter_arn = arn;
  return {};
}

}  // namespace

Result<void> apply_attributes(Topic& topic) {
  for (const auto& [name, value] : topic.attributes)
    if (!is_topic_attribute(name)) return invalid_parameter("AttributeName");
  if (get(topic.attributes, "DisplayName").size() > kMaxDisplayName)
    return invalid_parameter("DisplayName");
  if (const std::string policy = get(topic.attributes, "Policy"); !policy.empty()) {
    const json document = nests_too_deeply(policy) ? json() : json::parse(policy, nullptr, false);
    if (document.is_discarded() || !document.is_object())
      return invalid_parameter("Policy Error: null");
  }
  const std::string version = get(topic.attributes, "SignatureVersion");
  if (!version.empty() && version != "1" && version != "2")
    return invalid_parameter("SignatureVersion");
  auto delivery = DeliveryPolicy::of_topic(get(topic.attributes, "DeliveryPolicy"));
  if (!delivery) return delivery.error();
  topic.delivery = std::move(*delivery);
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
  return to_text(
      json{{"arn", topic.arn.text()}, {"attributes", topic.attributes}, {"tags", topic.tags}});
}

Result<Topic> read_topic(const std::string& text) {
  try {
    const json document = json::parse(text);
    const auto arn = TopicArn::parse(document.at("arn").get_ref<const std::string&>());
    if (!arn) return invalid_parameter("TopicArn");
    Topic out;
    out.arn = *arn;
    out.attributes = document.at("attributes").get<Attributes>();
    out.tags = document.at("tags").get<Attributes>();
    if (auto applied = apply_attributes(out); !applied) return applied.error();
    return out;
  } catch (const json::exception& e) {
    return invalid_parameter("stored topic: " + std::string(e.what()));
  }
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
  try {
    const json document = json::parse(text);
    const auto topic = TopicArn::parse(document.at("topic").get_ref<const std::string&>());
    const auto protocol = protocol_of(document.at("protocol").get_ref<const std::string&>());
    if (!topic || !protocol) return invalid_parameter("stored subscription");
    Subscription out;
    out.arn = document.at("arn");
    out.topic = *topic;
    out.protocol = *protocol;
    out.endpoint = document.at("endpoint");
    out.attributes = document.at("attributes").get<Attributes>();
    out.confirmed = document.at("confirmed");
    out.token = document.at("token");
    if (auto applied = apply_attributes(out); !applied) return applied.error();
    return out;
  } catch (const json::exception& e) {
    return invalid_parameter("stored subscription: " + std::string(e.what()));
  }
}

}  // namespace kiln::notify
