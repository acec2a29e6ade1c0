// A topic and a subscription, as they are kept. Values.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "notify/delivery_policy.h"
#include "notify/filter_policy.h"
#include "notify/message.h"
#include "notify/topic_arn.h"

namespace kiln::notify {

using Attributes = std::map<std::string, std::string>;

struct Topic {
  TopicArn arn;
  Attributes attributes;  // that were given
  Attributes tags;
  DeliveryPolicy delivery;  // what the attribute says
  size_t unsubscribed = 0;  // how many subscriptions have been ended

  // The value of an attribute, "" where it wasn't given.
  std::string attribute(const std::string& name) const {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::string() : found->second;
  }
};

struct Subscription {
  std::string arn;
  TopicArn topic;
  Protocol protocol = Protocol::kLambda;
  std::string endpoint;
  Attributes attributes;  // that were given
  bool confirmed = false;
  std::string token;  // that confirms it; "" where none is needed

  // What the attributes say.
  std::optional<FilterPolicy> filter;
  Delivery delivery = Delivery::kEnvelope;
  std::string dead_letter_arn;  // of RedrivePolicy

  bool wants(const Message& message) const {
    return !filter || filter->matches(text_for(message, protocol), message.attributes);
  }
};

// {"name": …}: what is stored, and read back. Errors: InvalidParameter.
std::string topic_document(const Topic& topic);
Result<Topic> read_topic(const std::string& text);
std::string subscription_document(const Subscription& subscription);
Result<Subscription> read_subscription(const std::string& text);

// Reads what the attributes say into the other members. Errors: InvalidParameter, naming the
// attribute.
Result<void> apply_attributes(Topic& topic);
Result<void> apply_attributes(Subscription& subscription);

// The policy that every topic has until another one is set.
std::string default_policy(const TopicArn& topic);

}  // namespace kiln::notify
