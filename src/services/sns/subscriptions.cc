// SNS's operations on subscriptions.
#include "base/arn.h"
#include "notify/sns_error.h"
#include "services/sns/documents.h"
#include "services/sns/operations.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// Who subscribes. Nobody's signature is looked at, so it is the same user always.
constexpr const char* kSubscriber = "kiln";

json summary(const notify::Subscription& s) {
  return {{"SubscriptionArn", s.confirmed ? s.arn : "PendingConfirmation"},
          {"Owner", s.topic.account},
          {"Protocol", protocol_name(s.protocol)},
          {"Endpoint", s.endpoint},
          {"TopicArn", s.topic.text()}};
}

Result<json> paged(const json& input, const std::vector<notify::SubscriptionPtr>& all) {
  std::vector<std::string> arns;
  arns.reserve(all.size());
  for (const notify::SubscriptionPtr& each : all) arns.push_back(each->arn);
  auto page = read_page(input, arns);
  if (!page) return page.error();
  json list = json::array();
  for (size_t i = page->from; i < page->to; ++i) list.push_back(summary(*all[i]));
  json out = {{"Subscriptions", std::move(list)}};
  if (!page->next.empty()) out["NextToken"] = page->next;
  return out;
}

}  // namespace

Result<json> SnsOperations::subscribe(const Call& call) {
  wire::Fields in(call.input);
  auto attributes = read_entries(call.input, "Attributes", "key", "value");
  if (!attributes) return attributes.error();
  auto made = book_.subscribe(call.region, in.text("TopicArn"), in.text("Protocol"),
                              in.text("Endpoint"), *attributes, ports_.missing_topic);
  if (!made) return made.error();
  const bool want_arn = in.boolean("ReturnSubscriptionArn").value_or(false);
  if (!(*made)->confirmed) ports_.ask_confirmation(notify::Confirmation::kSubscribe, *made);
  return json{
      {"SubscriptionArn", (*made)->confirmed || want_arn ? (*made)->arn : "pending confirmation"}};
}

Result<json> SnsOperations::confirm_subscription(const Call& call) {
  wire::Fields in(call.input);
  auto confirmed = book_.confirm(call.region, in.text("TopicArn"), in.text("Token"));
  if (!confirmed) return confirmed.error();
  return json{{"SubscriptionArn", (*confirmed)->arn}};
}

Result<json> SnsOperations::unsubscribe(const Call& call) {
  wire::Fields in(call.input);
  auto ended = book_.unsubscribe(call.region, in.text("SubscriptionArn"));
  if (!ended) return ended.error();
  if (*ended) ports_.ask_confirmation(notify::Confirmation::kUnsubscribe, *ended);
  return json::object();
}

Result<json> SnsOperations::list_subscriptions(const Call& call) {
  return paged(call.input, book_.subscriptions(call.region));
}

Result<json> SnsOperations::list_subscriptions_by_topic(const Call& call) {
  wire::Fields in(call.input);
  auto topic = book_.find_topic(call.region, in.text("TopicArn"));
  if (!topic) return topic.error();
  return paged(call.input, book_.subscriptions((*topic)->arn));
}

Result<json> SnsOperations::get_subscription_attributes(const Call& call) {
  wire::Fields in(call.input);
  auto found = book_.find_subscription(call.region, in.text("SubscriptionArn"));
  if (!found) return found.error();
  const notify::Subscription& s = **found;
  notify::Attributes out = s.attributes;
  out.emplace("RawMessageDelivery", "false");
  // As recorded: a scope stands there only beside a policy.
  if (const auto policy = out.find("FilterPolicy"); policy == out.end() || policy->second.empty()) {
    out.erase("FilterPolicy");
    out.erase("FilterPolicyScope");
  } else {
    out.emplace("FilterPolicyScope", "MessageAttributes");
  }
  if (const auto delivery = out.find("DeliveryPolicy"); delivery != out.end())
    delivery->second = notify::DeliveryPolicy::given_back(delivery->second);
  out["ConfirmationWasAuthenticated"] = s.confirmed && s.token.empty() ? "true" : "false";
  out["Endpoint"] = s.endpoint;
  out["Owner"] = s.topic.account;
  out["PendingConfirmation"] = s.confirmed ? "false" : "true";
  out["Protocol"] = protocol_name(s.protocol);
  out["SubscriptionArn"] = s.arn;
  out["SubscriptionPrincipal"] =
      global_arn_start("iam", s.topic.region) + s.topic.account + ":user/" + kSubscriber;
  out["TopicArn"] = s.topic.text();
  if (s.protocol == notify::Protocol::kHttp || s.protocol == notify::Protocol::kHttps) {
    const auto topic = book_.find_topic(call.region, s.topic.text());
    const auto given = s.attributes.find("DeliveryPolicy");
    const auto policy = notify::DeliveryPolicy::of_subscription(
        given == s.attributes.end() ? "" : given->second,
        topic ? (*topic)->delivery : notify::DeliveryPolicy());
    if (policy) out["EffectiveDeliveryPolicy"] = policy->text_of_subscription();
  }
  return json{{"Attributes", to_entries(out)}};
}

Result<json> SnsOperations::set_subscription_attributes(const Call& call) {
  wire::Fields in(call.input);
  auto done = book_.set_subscription_attribute(call.region, in.text("SubscriptionArn"),
                                               in.text("AttributeName"), in.text("AttributeValue"));
  if (!done) return done.error();
  return json::object();
}

}  // namespace kiln::services
