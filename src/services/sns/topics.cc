// SNS's operations on topics.
#include <algorithm>

#include "base/arn.h"
#include "base/characters.h"
#include "base/json_access.h"
#include "base/system_tags.h"
#include "notify/json_text.h"
#include "notify/sns_error.h"
#include "services/sns/documents.h"
#include "services/sns/operations.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using notify::invalid_parameter;

std::string policy_of(const notify::Topic& topic) {
  const auto found = topic.attributes.find("Policy");
  return found == topic.attributes.end() || found->second.empty()
             ? notify::default_policy(topic.arn)
             : found->second;
}

// "" where a policy that a user wrote has anything else.
std::string sid_of(const ordered_json& statement) {
  const auto found = statement.is_object() ? statement.find("Sid") : statement.end();
  return found != statement.end() && found->is_string() ? json_text(*found) : "";
}

constexpr size_t kMaxTopicTagKey = 128, kMaxTopicTagValue = 256;

bool is_topic_tag_key(const std::string& key) {
  return !key.empty() && characters(key) <= kMaxTopicTagKey;
}

Error bad_topic_tag(const std::string& key) {
  return invalid_parameter("Tags Reason: the tag '" + key.substr(0, kMaxTopicTagKey) +
                           "' must have a key of 1 to 128 characters and a value of at most 256");
}

Result<void> check_topic_tag_key(const std::string& key) {
  if (!is_topic_tag_key(key)) return bad_topic_tag(key);
  if (!system_tags::is_reserved(key)) return {};
  return invalid_parameter("Tags Reason: the tag '" + key +
                           "' begins with 'aws:', which is reserved; use another prefix");
}

Result<notify::Attributes> read_topic_tags(const json& input) {
  auto tags = read_entries(input, "Tags", "Key", "Value");
  if (!tags) return tags;
  for (const auto& [key, value] : *tags) {
    if (auto fits = check_topic_tag_key(key); !fits) return fits.error();
    if (characters(value) > kMaxTopicTagValue) return bad_topic_tag(key);
  }
  return tags;
}

}  // namespace

Result<json> SnsOperations::create_topic(const Call& call) {
  wire::Fields in(call.input);
  auto attributes = read_entries(call.input, "Attributes", "key", "value");
  if (!attributes) return attributes.error();
  auto tags = read_topic_tags(call.input);
  if (!tags) return tags.error();
  auto arn = book_.create_topic(call.region, in.text("Name"), *attributes, *tags);
  if (!arn) return arn.error();
  return json{{"TopicArn", *arn}};
}

Result<json> SnsOperations::delete_topic(const Call& call) {
  wire::Fields in(call.input);
  if (auto done = book_.delete_topic(call.region, in.text("TopicArn")); !done) return done.error();
  return json::object();
}

Result<json> SnsOperations::list_topics(const Call& call) {
  const auto& topics = book_.topics(call.region);
  std::vector<std::string> names;
  names.reserve(topics.size());
  for (const auto& [name, topic] : topics) names.push_back(name);
  auto page = read_page(call.input, names);
  if (!page) return page.error();
  json list = json::array();
  size_t i = 0;
  for (const auto& [name, topic] : topics) {
    if (i >= page->from && i < page->to) list.push_back({{"TopicArn", topic.arn.text()}});
    ++i;
  }
  json out = {{"Topics", std::move(list)}};
  if (!page->next.empty()) out["NextToken"] = page->next;
  return out;
}

Result<json> SnsOperations::get_topic_attributes(const Call& call) {
  wire::Fields in(call.input);
  auto topic = book_.find_topic(call.region, in.text("TopicArn"));
  if (!topic) return topic.error();
  notify::Attributes out = (*topic)->attributes;
  out.emplace("DisplayName", "");
  if ((*topic)->arn.is_fifo()) out.emplace("ContentBasedDeduplication", "false");
  out["Policy"] = policy_of(**topic);
  out["EffectiveDeliveryPolicy"] = (*topic)->delivery.text_of_topic();
  out["Owner"] = book_.account();
  out["TopicArn"] = (*topic)->arn.text();
  const auto subscriptions = book_.subscriptions((*topic)->arn);
  const auto confirmed = std::count_if(subscriptions.begin(), subscriptions.end(),
                                       [](const auto& s) { return s->confirmed; });
  out["SubscriptionsConfirmed"] = std::to_string(confirmed);
  out["SubscriptionsPending"] =
      std::to_string(static_cast<ptrdiff_t>(subscriptions.size()) - confirmed);
  out["SubscriptionsDeleted"] = std::to_string((*topic)->unsubscribed);
  return json{{"Attributes", to_entries(out)}};
}

Result<json> SnsOperations::set_topic_attributes(const Call& call) {
  wire::Fields in(call.input);
  auto done = book_.set_topic_attribute(call.region, in.text("TopicArn"), in.text("AttributeName"),
                                        in.text("AttributeValue"));
  if (!done) return done.error();
  return json::object();
}

Result<json> SnsOperations::add_permission(const Call& call) {
  wire::Fields in(call.input);
  const std::string arn = in.text("TopicArn"), label = in.text("Label");
  auto topic = book_.find_topic(call.region, arn);
  if (!topic) return topic.error();
  auto policy = json_parse<ordered_json>(policy_of(**topic));
  if (!policy.is_object() || !policy["Statement"].is_array()) return invalid_parameter("Policy");
  for (const auto& statement : policy["Statement"])
    if (sid_of(statement) == label) return invalid_parameter("Statement already exists");
  const auto one_or_all = [](const ordered_json& list) {
    return list.size() == 1 ? list[0] : list;
  };
  ordered_json principals = ordered_json::array(), actions = ordered_json::array();
  for (const auto& account : in.texts("AWSAccountId"))
    principals.push_back(global_arn_start("iam", call.region) + account + ":root");
  for (const auto& action : in.texts("ActionName")) {
    if (!SnsOperations::operation_of(action))
      return invalid_parameter("Policy statement action out of service scope!");
    actions.push_back("SNS:" + action);
  }
  if (label.empty() || principals.empty() || actions.empty())
    return invalid_parameter("Label, AWSAccountId and ActionName must be given");
  policy["Statement"].push_back({{"Sid", label},
                                 {"Effect", "Allow"},
                                 {"Principal", {{"AWS", one_or_all(principals)}}},
                                 {"Action", one_or_all(actions)},
                                 {"Resource", arn}});
  auto done = book_.set_topic_attribute(call.region, arn, "Policy", notify::to_text(policy));
  if (!done) return done.error();
  return json::object();
}

Result<json> SnsOperations::remove_permission(const Call& call) {
  wire::Fields in(call.input);
  const std::string arn = in.text("TopicArn"), label = in.text("Label");
  auto topic = book_.find_topic(call.region, arn);
  if (!topic) return topic.error();
  auto policy = json_parse<ordered_json>(policy_of(**topic));
  if (!policy.is_object() || !policy["Statement"].is_array()) return invalid_parameter("Policy");
  auto& statements = policy["Statement"];
  for (size_t i = statements.size(); i-- > 0;)
    if (sid_of(statements[i]) == label) statements.erase(i);
  auto done = book_.set_topic_attribute(call.region, arn, "Policy", notify::to_text(policy));
  if (!done) return done.error();
  return json::object();
}

Result<json> SnsOperations::tag_resource(const Call& call) {
  wire::Fields in(call.input);
  auto tags = read_topic_tags(call.input);
  if (!tags) return tags.error();
  if (auto done = book_.tag_topic(call.region, in.text("ResourceArn"), *tags); !done)
    return done.error();
  return json::object();
}

Result<json> SnsOperations::untag_resource(const Call& call) {
  wire::Fields in(call.input);
  const auto keys = in.texts("TagKeys");
  for (const std::string& key : keys)
    if (auto fits = check_topic_tag_key(key); !fits) return fits.error();
  if (auto done = book_.untag_topic(call.region, in.text("ResourceArn"), keys); !done)
    return done.error();
  return json::object();
}

Result<json> SnsOperations::list_tags_for_resource(const Call& call) {
  wire::Fields in(call.input);
  auto topic = book_.find_topic(call.region, in.text("ResourceArn"), "ResourceArn");
  if (!topic) return topic.error();
  json tags = json::array();
  for (const auto& [key, value] : (*topic)->tags) tags.push_back({{"Key", key}, {"Value", value}});
  return json{{"Tags", std::move(tags)}};
}

}  // namespace kiln::services
