// SNS: topics, subscriptions, topic policies.
#include <algorithm>
#include <array>
#include <set>

#include "base/arn.h"
#include "base/json_access.h"
#include "stack/form_tags.h"
#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

Result<json> call_sns(const Scope& scope, const std::string& action, const AwsApi::Form& form) {
  return scope.api.query("sns", action, form);
}

// One that nobody has confirmed can't be ended. CloudFormation takes it as deleted all the same; it
// goes with its topic.
Result<void> unsubscribed(const AwsApi& api, const std::string& arn) {
  const auto answer = api.query("sns", "Unsubscribe", {{"SubscriptionArn", arn}});
  if (!answer && answer.error().message.ends_with("pending confirmation")) return {};
  return gone(answer);
}

// An attribute's value is a text; documents are given as their JSON.
std::string value_text(const json& value) {
  return value.is_string() ? json_text(value) : json_dump(value);
}

constexpr Property kTopicProperties[] = {
    {"ArchivePolicy"},  {"ContentBasedDeduplication"}, {"DataProtectionPolicy"},
    {"DisplayName"},    {"FifoThroughputScope"},       {"FifoTopic", kReplace},
    {"KmsMasterKeyId"}, {"SignatureVersion"},          {"Subscription"},
    {"Tags"},           {"TopicName", kReplace},       {"TracingConfig"},
};

// The properties that are attributes in the API, each with what stands for "not in the template".
constexpr std::pair<const char*, const char*> kTopicAttributes[] = {
    {"ArchivePolicy", ""},           {"ContentBasedDeduplication", "false"},
    {"DataProtectionPolicy", ""},    {"DisplayName", ""},
    {"FifoThroughputScope", ""},     {"FifoTopic", "false"},
    {"KmsMasterKeyId", ""},          {"SignatureVersion", "1"},
    {"TracingConfig", "PassThrough"}};

// Those of the properties that are attributes.
template <size_t N>
void add_attributes(AwsApi::Form& form, const json& properties,
                    const std::pair<const char*, const char*> (&attributes)[N]) {
  int number = 0;
  for (const auto& [attribute, otherwise] : attributes) {
    const auto value = properties.find(attribute);
    if (value == properties.end()) continue;
    const std::string at = "Attributes.entry." + std::to_string(++number);
    form.emplace_back(at + ".key", attribute);
    form.emplace_back(at + ".value", value_text(*value));
  }
}

class TopicType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::SNS::Topic"; }
  std::span<const Property> properties() const override { return kTopicProperties; }
  std::vector<std::string_view> attributes() const override { return {"TopicArn", "TopicName"}; }
  std::string_view name_property() const override { return "TopicName"; }
  size_t max_name() const override { return 256; }
  std::string_view name_end(const json& properties) const override {
    const auto fifo = properties.find("FifoTopic");
    return fifo != properties.end() && value_text(*fifo) == "true" ? ".fifo" : "";
  }

  Result<void> check(const AwsApi& trial, const std::string& name,
                     const json& properties) const override {
    const json known = known_part(properties, json::object());
    if (lacks(known, properties, {"FifoTopic"})) return {};  // the name follows from it
    return verdict(trial.query("sns", "CreateTopic", creation(name, known)));
  }
  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    // CreateTopic gives a topic that is there already, as if it had made it.
    if (call_sns(scope, "GetTopicAttributes", {{"TopicArn", arn_of(scope, name)}}))
      return already_exists(this->name(), arn_of(scope, name));
    const auto form = creation(name, properties);
    if (const auto made = call_sns(scope, "CreateTopic", form); !made) return made.error();
    if (auto done = subscribe(scope, name, json::object(), properties); !done) {
      (void)remove(scope, name, properties);
      return done.error();
    }
    return made(scope, name);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    const std::string name = name_of(id);
    for (const auto& [attribute, otherwise] : kTopicAttributes) {
      if (!differs(before, after, attribute)) continue;
      const auto value = after.find(attribute);
      const auto done =
          call_sns(scope, "SetTopicAttributes",
                   {{"TopicArn", id},
                    {"AttributeName", attribute},
                    {"AttributeValue", value == after.end() ? otherwise : value_text(*value)}});
      if (!done) return done.error();
    }
    if (auto done = subscribe(scope, name, before, after); !done) return done.error();
    if (differs(before, after, "Tags"))
      if (auto done = retag(scope, id, before, after); !done) return done.error();
    return made(scope, name);
  }
  Result<void> remove(const Scope& scope, const std::string& id, const json&) const override {
    return gone(call_sns(scope, "DeleteTopic", {{"TopicArn", arn_of(scope, name_of(id))}}));
  }

 private:
  static AwsApi::Form creation(const std::string& name, const json& properties) {
    AwsApi::Form form = {{"Name", name}};
    add_attributes(form, properties, kTopicAttributes);
    add_tags(form, tag_change({}, properties).wanted);
    return form;
  }
  static std::string name_of(const std::string& id) { return id.substr(id.rfind(':') + 1); }
  static std::string arn_of(const Scope& scope, const std::string& name) {
    return arn_start("sns", scope.region) + scope.account + ":" + name;
  }
  static Made made(const Scope& scope, const std::string& name) {
    const std::string arn = arn_of(scope, name);
    return {arn, {{"TopicArn", arn}, {"TopicName", name}}};
  }

  // The topic's own list of subscriptions.
  static Result<void> subscribe(const Scope& scope, const std::string& name, const json& before,
                                const json& after) {
    const json& old = json_list(before, "Subscription");
    const json& now = json_list(after, "Subscription");
    const std::string topic = arn_of(scope, name);
    for (const json& one : now) {
      if (std::find(old.begin(), old.end(), one) != old.end()) continue;
      const auto done = call_sns(scope, "Subscribe",
                                 {{"TopicArn", topic},
                                  {"Protocol", text_of(one, "Protocol")},
                                  {"Endpoint", text_of(one, "Endpoint")}});
      if (!done) return done.error();
    }
    for (const json& one : old) {
      if (std::find(now.begin(), now.end(), one) != now.end()) continue;
      if (auto done = unsubscribe(scope, topic, one); !done) return done.error();
    }
    return {};
  }

  static Result<void> unsubscribe(const Scope& scope, const std::string& topic, const json& one) {
    std::string token;
    do {
      AwsApi::Form form = {{"TopicArn", topic}};
      if (!token.empty()) form.emplace_back("NextToken", token);
      const auto page = call_sns(scope, "ListSubscriptionsByTopic", form);
      if (!page) return gone(page);
      // An empty list is an empty element, which reads as a text.
      for (const json& real : json_list(*page, "Subscriptions")) {
        if (!real.is_object() || text_of(real, "Protocol") != text_of(one, "Protocol") ||
            text_of(real, "Endpoint") != text_of(one, "Endpoint"))
          continue;
        const auto arn = arn_of_subscription(scope, topic, real);
        if (!arn) return arn.error();
        return unsubscribed(scope.api, *arn);
      }
      token = text_of(*page, "NextToken");
    } while (!token.empty());
    return {};
  }
  // Lists don't give the ARN of one that nobody has confirmed; subscribing once more does.
  static Result<std::string> arn_of_subscription(const Scope& scope, const std::string& topic,
                                                 const json& listed) {
    std::string arn = text_of(listed, "SubscriptionArn");
    if (arn.starts_with("arn:")) return arn;
    const auto again = call_sns(scope, "Subscribe",
                                {{"TopicArn", topic},
                                 {"Protocol", text_of(listed, "Protocol")},
                                 {"Endpoint", text_of(listed, "Endpoint")},
                                 {"ReturnSubscriptionArn", "true"}});
    if (!again) return again.error();
    return text_of(*again, "SubscriptionArn");
  }

  static Result<void> retag(const Scope& scope, const std::string& arn, const json& before,
                            const json& after) {
    const TagChange change = tag_change(before, after);
    if (!change.removed.empty()) {
      AwsApi::Form form = {{"ResourceArn", arn}};
      int number = 0;
      for (const std::string& key : change.removed)
        form.emplace_back("TagKeys.member." + std::to_string(++number), key);
      if (const auto done = call_sns(scope, "UntagResource", form); !done) return done.error();
    }
    if (change.wanted.empty()) return {};
    AwsApi::Form form = {{"ResourceArn", arn}};
    add_tags(form, change.wanted);
    if (const auto done = call_sns(scope, "TagResource", form); !done) return done.error();
    return {};
  }
};

constexpr Property kSubscriptionProperties[] = {
    {"DeliveryPolicy"},
    {"Endpoint", kReplace},
    {"FilterPolicy"},
    {"FilterPolicyScope"},
    {"Protocol", kReplace, kRequired},
    {"RawMessageDelivery"},
    {"RedrivePolicy"},
    {"Region"},
    {"SubscriptionRoleArn"},
    {"TopicArn", kReplace, kRequired},
};

constexpr std::pair<const char*, const char*> kSubscriptionAttributes[] = {
    {"FilterPolicyScope", "MessageAttributes"},
    {"FilterPolicy", "{}"},
    {"DeliveryPolicy", "{}"},
    {"RawMessageDelivery", "false"},
    {"RedrivePolicy", ""},
    {"SubscriptionRoleArn", ""}};

class SubscriptionType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::SNS::Subscription"; }
  std::span<const Property> properties() const override { return kSubscriptionProperties; }
  std::vector<std::string_view> attributes() const override { return {"Arn"}; }

  Result<void> check(const AwsApi& trial, const std::string&,
                     const json& properties) const override {
    // FIFO queues are for FIFO topics alone.
    const bool fifo = text_of(properties, "Protocol") == "sqs" &&
                      text_of(properties, "Endpoint").ends_with(".fifo");
    const std::string topic = fifo ? "000000000000:later.fifo" : "000000000000:later";
    const AwsApi there = api_of_topic(trial, properties);
    const json known =
        known_part(properties, {{"TopicArn", arn_start("sns", there.region()) + topic}});
    if (lacks(known, properties, {"Protocol", "Endpoint", "FilterPolicyScope", "Region"}))
      return {};
    return verdict(there.query("sns", "Subscribe", creation(known)));
  }
  Result<Made> create(const Scope& scope, const std::string&,
                      const json& properties) const override {
    const auto made =
        api_of_topic(scope.api, properties).query("sns", "Subscribe", creation(properties));
    if (!made) return made.error();
    const std::string arn = text_of(*made, "SubscriptionArn");
    return Made{arn, {{"Arn", arn}}};
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    for (const auto& [attribute, otherwise] : kSubscriptionAttributes) {
      if (!differs(before, after, attribute)) continue;
      const auto value = after.find(attribute);
      const auto done =
          api_of_topic(scope.api, after)
              .query("sns", "SetSubscriptionAttributes",
                     {{"SubscriptionArn", id},
                      {"AttributeName", attribute},
                      {"AttributeValue", value == after.end() ? otherwise : value_text(*value)}});
      if (!done) return done.error();
    }
    return Made{id, {{"Arn", id}}};
  }
  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    std::string arn = id;
    if (!arn.starts_with("arn:")) {
      // Its making was cut short or refused. Asking for the same once more tells which it is: what
      // is there is given again.
      const auto again = create(scope, id, properties);
      if (!again) return {};
      arn = again->id;
    }
    return unsubscribed(api_of_topic(scope.api, properties), arn);
  }

 private:
  // Region is the topic's, where that is not the stack's.
  static AwsApi api_of_topic(const AwsApi& api, const json& properties) {
    const std::string region = text_of(properties, "Region");
    return api.in_region(region.empty() ? api.region() : region);
  }
  static AwsApi::Form creation(const json& properties) {
    AwsApi::Form form = {{"TopicArn", text_of(properties, "TopicArn")},
                         {"Protocol", text_of(properties, "Protocol")},
                         {"Endpoint", text_of(properties, "Endpoint")},
                         {"ReturnSubscriptionArn", "true"}};
    add_attributes(form, properties, kSubscriptionAttributes);
    return form;
  }
};

constexpr Property kTopicPolicyProperties[] = {
    {"PolicyDocument", OnChange::kUpdate, kRequired},
    {"Topics", OnChange::kUpdate, kRequired},
};

class TopicPolicyType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::SNS::TopicPolicy"; }
  std::span<const Property> properties() const override { return kTopicPolicyProperties; }
  std::vector<std::string_view> attributes() const override { return {"Id"}; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    std::vector<std::string> done;
    for (const std::string& topic : topics_of(properties)) {
      if (auto set_it = set(scope, topic, properties["PolicyDocument"]); !set_it) {
        for (const std::string& other : done) (void)reset(scope, other);
        return set_it.error();
      }
      done.push_back(topic);
    }
    return Made{name, {{"Id", name}}};
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    const auto wanted = topics_of(after);
    for (const std::string& topic : topics_of(before))
      if (!wanted.contains(topic))
        if (auto done = reset(scope, topic); !done) return done.error();
    return create(scope, id, after);
  }
  Result<void> remove(const Scope& scope, const std::string&,
                      const json& properties) const override {
    for (const std::string& topic : topics_of(properties))
      if (auto done = reset(scope, topic); !done) return done;
    return {};
  }

 private:
  static std::set<std::string> topics_of(const json& properties) {
    std::set<std::string> topics;
    for (const json& topic : json_list(properties, "Topics"))
      if (topic.is_string()) topics.insert(json_text(topic));
    return topics;
  }
  static Result<void> set(const Scope& scope, const std::string& topic, const json& policy) {
    const auto done = call_sns(
        scope, "SetTopicAttributes",
        {{"TopicArn", topic}, {"AttributeName", "Policy"}, {"AttributeValue", value_text(policy)}});
    if (!done) return done.error();
    return {};
  }
  // The policy that a topic has from the start.
  static Result<void> reset(const Scope& scope, const std::string& topic) {
    const json policy = {
        {"Version", "2008-10-17"},
        {"Id", "__default_policy_ID"},
        {"Statement",
         {{{"Sid", "__default_statement_ID"},
           {"Effect", "Allow"},
           {"Principal", {{"AWS", "*"}}},
           {"Action",
            {"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
             "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
             "SNS:ListSubscriptionsByTopic", "SNS:Publish"}},
           {"Resource", topic},
           {"Condition", {{"StringEquals", {{"AWS:SourceOwner", scope.account}}}}}}}}};
    const Result<void> done = set(scope, topic, policy);
    return gone(done ? Result<json>(json()) : Result<json>(done.error()));
  }
};

constexpr Property kInlinePolicyProperties[] = {
    {"PolicyDocument", OnChange::kUpdate, kRequired},
    {"TopicArn", OnChange::kReplace, kRequired},
};

// The policy of one topic.
class TopicInlinePolicyType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::SNS::TopicInlinePolicy"; }
  std::span<const Property> properties() const override { return kInlinePolicyProperties; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    auto made = many_.create(scope, name, as_many(properties));
    if (!made) return made;
    return Made{text_of(properties, "TopicArn"), json::object()};
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    auto made = many_.update(scope, id, as_many(before), as_many(after));
    if (!made) return made;
    return Made{id, json::object()};
  }
  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    return many_.remove(scope, id, as_many(properties));
  }

 private:
  static json as_many(const json& properties) {
    const json& document = json_member(properties, "PolicyDocument");
    return {{"PolicyDocument", document.is_null() ? json::object() : document},
            {"Topics", {text_of(properties, "TopicArn")}}};
  }

  const TopicPolicyType many_{};
};

}  // namespace

std::span<const ResourceType* const> sns_types() {
  static const TopicType topic{};
  static const SubscriptionType subscription{};
  static const TopicPolicyType policy{};
  static const TopicInlinePolicyType inline_policy{};
  static constexpr std::array<const ResourceType*, 4> all = {&topic, &subscription, &policy,
                                                             &inline_policy};
  return all;
}

}  // namespace kiln::stack
