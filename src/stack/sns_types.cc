// SNS: topics, subscriptions, topic policies.
#include <algorithm>
#include <array>
#include <set>

#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

constexpr auto kReplace = OnChange::kReplace;
constexpr auto kRequired = Need::kRequired;

Result<json> call(const Scope& scope, const std::string& action, const AwsApi::Form& form) {
  return scope.api.query("sns", action, form);
}

// An attribute's value is a text; documents are given as their JSON.
std::string value_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void add_tags(AwsApi::Form& form, const std::map<std::string, std::string>& tags) {
  int number = 0;
  for (const auto& [key, value] : tags) {
    const std::string at = "Tags.member." + std::to_string(++number);
    form.emplace_back(at + ".Key", key);
    form.emplace_back(at + ".Value", value);
  }
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

class TopicType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::SNS::Topic"; }
  std::span<const Property> properties() const override { return kTopicProperties; }
  std::vector<std::string_view> attributes() const override { return {"TopicArn", "TopicName"}; }
  std::string_view name_property() const override { return "TopicName"; }
  size_t max_name() const override { return 256; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    // CreateTopic gives a topic that is there already, as if it had made it.
    if (call(scope, "GetTopicAttributes", {{"TopicArn", arn_of(scope, name)}}))
      return already_exists(this->name(), arn_of(scope, name));
    AwsApi::Form form = {{"Name", name}};
    int number = 0;
    for (const auto& [attribute, otherwise] : kTopicAttributes) {
      const auto value = properties.find(attribute);
      if (value == properties.end()) continue;
      const std::string at = "Attributes.entry." + std::to_string(++number);
      form.emplace_back(at + ".key", attribute);
      form.emplace_back(at + ".value", value_text(*value));
    }
    add_tags(form, tag_change({}, properties).wanted);
    if (const auto made = call(scope, "CreateTopic", form); !made) return made.error();
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
          call(scope, "SetTopicAttributes",
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
    return gone(call(scope, "DeleteTopic", {{"TopicArn", arn_of(scope, name_of(id))}}));
  }

 private:
  static std::string name_of(const std::string& id) { return id.substr(id.rfind(':') + 1); }
  static std::string arn_of(const Scope& scope, const std::string& name) {
    return "arn:aws:sns:" + scope.region + ":" + scope.account + ":" + name;
  }
  static Made made(const Scope& scope, const std::string& name) {
    const std::string arn = arn_of(scope, name);
    return {arn, {{"TopicArn", arn}, {"TopicName", name}}};
  }

  // The topic's own list of subscriptions.
  static Result<void> subscribe(const Scope& scope, const std::string& name, const json& before,
                                const json& after) {
    const json old = before.value("Subscription", json::array());
    const json now = after.value("Subscription", json::array());
    const std::string topic = arn_of(scope, name);
    for (const json& one : now) {
      if (std::find(old.begin(), old.end(), one) != old.end()) continue;
      const auto done = call(scope, "Subscribe",
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
      const auto page = call(scope, "ListSubscriptionsByTopic", form);
      if (!page) return gone(page);
      // An empty list is an empty element, which reads as a text.
      const json subscriptions = page->value("Subscriptions", json::array());
      for (const json& real : subscriptions) {
        if (!real.is_object() || text_of(real, "Protocol") != text_of(one, "Protocol") ||
            text_of(real, "Endpoint") != text_of(one, "Endpoint"))
          continue;
        const auto arn = arn_of_subscription(scope, topic, real);
        if (!arn) return arn.error();
        return gone(call(scope, "Unsubscribe", {{"SubscriptionArn", *arn}}));
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
    const auto again = call(scope, "Subscribe",
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
      if (const auto done = call(scope, "UntagResource", form); !done) return done.error();
    }
    if (change.wanted.empty()) return {};
    AwsApi::Form form = {{"ResourceArn", arn}};
    add_tags(form, change.wanted);
    if (const auto done = call(scope, "TagResource", form); !done) return done.error();
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

  Result<Made> create(const Scope& scope, const std::string&,
                      const json& properties) const override {
    AwsApi::Form form = {{"TopicArn", text_of(properties, "TopicArn")},
                         {"Protocol", text_of(properties, "Protocol")},
                         {"Endpoint", text_of(properties, "Endpoint")},
                         {"ReturnSubscriptionArn", "true"}};
    int number = 0;
    for (const auto& [attribute, otherwise] : kSubscriptionAttributes) {
      const auto value = properties.find(attribute);
      if (value == properties.end()) continue;
      const std::string at = "Attributes.entry." + std::to_string(++number);
      form.emplace_back(at + ".key", attribute);
      form.emplace_back(at + ".value", value_text(*value));
    }
    const auto made = call(scope, "Subscribe", form);
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
          call(scope, "SetSubscriptionAttributes",
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
    return gone(call(scope, "Unsubscribe", {{"SubscriptionArn", arn}}));
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
    for (const json& topic : properties.value("Topics", json::array()))
      if (topic.is_string()) topics.insert(topic);
    return topics;
  }
  static Result<void> set(const Scope& scope, const std::string& topic, const json& policy) {
    const auto done = call(
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

}  // namespace

std::span<const ResourceType* const> sns_types() {
  static const TopicType topic{};
  static const SubscriptionType subscription{};
  static const TopicPolicyType policy{};
  static constexpr std::array<const ResourceType*, 3> all = {&topic, &subscription, &policy};
  return all;
}

}  // namespace kiln::stack
