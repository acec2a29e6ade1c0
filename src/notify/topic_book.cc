#include "notify/topic_book.h"

#include <algorithm>
#include <functional>

#include "base/arn.h"
#include "base/ascii.h"
#include "base/ids.h"
#include "notify/endpoint.h"
#include "notify/sns_error.h"

namespace kiln::notify {
namespace {

constexpr size_t kMaxTopicName = 256;
constexpr size_t kMaxTags = 50;
constexpr size_t kMaxEnded = 10'000;  // subscriptions that can be restored
constexpr int kTokenBytes = 128;

// A FIFO topic's name ends in .fifo, no other name has a point.
bool is_topic_name(std::string_view name, bool fifo) {
  constexpr std::string_view kFifoEnding = ".fifo";
  if (name.size() > kMaxTopicName || (fifo && !name.ends_with(kFifoEnding))) return false;
  if (fifo) name.remove_suffix(kFifoEnding.size());
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_';
  });
}

// Whether a topic has an attribute that is asked for, if only by default.
bool has_attribute(const Topic& topic, const std::string& name, const std::string& value) {
  const auto found = topic.attributes.find(name);
  if (found != topic.attributes.end()) return found->second == value;
  return name == "ContentBasedDeduplication" && value == "false";
}

// Whether a subscription has what is asked for; what isn't asked for may be as it is.
bool has_attributes(const Subscription& subscription, const Attributes& asked) {
  static const Attributes kDefaults = {{"RawMessageDelivery", "false"},
                                       {"FilterPolicyScope", "MessageAttributes"}};
  return std::all_of(asked.begin(), asked.end(), [&](const auto& attribute) {
    for (const Attributes& from : {std::cref(subscription.attributes), std::cref(kDefaults)}) {
      const auto found = from.find(attribute.first);
      if (found != from.end()) return found->second == attribute.second;
    }
    return attribute.second.empty();
  });
}

bool is_hex(const std::string& text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

}  // namespace

Result<void> TopicBook::load(const std::string& kind, const std::string& text) {
  if (kind == kTopicKind) {
    auto topic = read_topic(text);
    if (!topic) return topic.error();
    const TopicArn arn = topic->arn;
    topics_[arn.region].insert_or_assign(arn.name, std::move(*topic));
  } else if (kind == kSubscriptionKind) {
    auto subscription = read_subscription(text);
    if (!subscription) return subscription.error();
    const std::string arn = subscription->arn;
    subscriptions_[arn] = std::make_shared<const Subscription>(std::move(*subscription));
  }
  return {};
}

Result<void> TopicBook::save(const Topic& topic) {
  return port_.save(kTopicKind, topic.arn.region, topic.arn.name, topic_document(topic));
}

Result<std::string> TopicBook::create_topic(const std::string& region, const std::string& name,
                                            const Attributes& attributes, const Attributes& tags) {
  const auto given = attributes.find("FifoTopic");
  const bool fifo = given != attributes.end() && given->second == "true";
  if (!is_topic_name(name, fifo)) return invalid_parameter("Topic Name");
  if (tags.size() > kMaxTags)
    return Error{ErrorKind::kInvalid, "TagLimitExceeded",
                 "Could not complete request: tag quota of per resource exceeded"};
  Topic topic;
  topic.arn = {region, account_, name};
  topic.attributes = attributes;
  if (!fifo) topic.attributes.erase("FifoTopic");  // false is what the topic is without it
  topic.tags = tags;
  if (auto applied = apply_attributes(topic); !applied) return among_attributes(applied.error());
  if (const Topic* there = look_up(topic.arn)) {
    for (const auto& [key, value] : topic.attributes) {
      if (!has_attribute(*there, key, value))
        return invalid_parameter(
            "Attributes Reason: Topic already exists with different attributes");
    }
    // Some of its tags are enough.
    for (const auto& [key, value] : tags)
      if (const auto found = there->tags.find(key);
          found == there->tags.end() || found->second != value)
        return invalid_parameter("Tags Reason: Topic already exists with different tags");
    return there->arn.text();
  }
  if (auto saved = save(topic); !saved) return saved.error();
  const std::string arn = topic.arn.text();
  topics_[region].emplace(name, std::move(topic));
  return arn;
}

Result<void> TopicBook::delete_topic(const std::string& region, const std::string& arn) {
  if (auto checked = check_arn(arn, "TopicArn"); !checked) return checked;
  const auto parsed = TopicArn::parse(arn);
  if (!parsed || parsed->region != region) return invalid_parameter("TopicArn");
  if (!look_up(*parsed)) return {};
  const auto ends = subscriptions(*parsed);
  std::vector<StatePort::Place> places{{kTopicKind, region, parsed->name}};
  for (const auto& subscription : ends)
    places.push_back({kSubscriptionKind, subscription->topic.region, subscription->arn});
  if (auto erased = port_.erase_all(places); !erased) return erased;
  for (const auto& subscription : ends) subscriptions_.erase(subscription->arn);
  fifo_log_.forget(*parsed);
  topics_[region].erase(parsed->name);
  return {};
}

const Topic* TopicBook::look_up(const TopicArn& arn) const {
  if (arn.account != account_) return nullptr;
  const auto region = topics_.find(arn.region);
  if (region == topics_.end()) return nullptr;
  const auto found = region->second.find(arn.name);
  return found == region->second.end() ? nullptr : &found->second;
}

Topic* TopicBook::edit(const TopicArn& arn) { return const_cast<Topic*>(look_up(arn)); }

Result<const Topic*> TopicBook::find_topic(const std::string& region, const std::string& arn,
                                           const char* member) const {
  if (auto checked = check_arn(arn, member); !checked) return checked.error();
  const auto parsed = TopicArn::parse(arn);
  if (!parsed || parsed->region != region) return invalid_parameter(member);
  const Topic* found = look_up(*parsed);
  if (!found) return topic_not_found();
  return found;
}

const std::map<std::string, Topic>& TopicBook::topics(const std::string& region) const {
  static const std::map<std::string, Topic> kNone;
  const auto found = topics_.find(region);
  return found == topics_.end() ? kNone : found->second;
}

Result<void> TopicBook::set_topic_attribute(const std::string& region, const std::string& arn,
                                            const std::string& name, const std::string& value) {
  auto found = find_topic(region, arn);
  if (!found) return found.error();
  if (name == "FifoTopic") return invalid_parameter("AttributeName");  // a topic stays what it is
  Topic changed = **found;
  changed.attributes[name] = value;
  if (auto applied = apply_attributes(changed); !applied) return applied;
  if (value.empty() && name == "DeliveryPolicy") changed.attributes.erase(name);
  if (auto saved = save(changed); !saved) return saved;
  *edit(changed.arn) = std::move(changed);
  return {};
}

Result<void> TopicBook::tag_topic(const std::string& region, const std::string& arn,
                                  const Attributes& tags) {
  auto found = find_topic(region, arn, "ResourceArn");
  if (!found) return found.error();
  Topic changed = **found;
  for (const auto& [key, value] : tags) changed.tags[key] = value;
  if (changed.tags.size() > kMaxTags)
    return Error{ErrorKind::kInvalid, "TagLimitExceeded",
                 "Could not complete request: tag quota of per resource exceeded"};
  if (auto saved = save(changed); !saved) return saved;
  *edit(changed.arn) = std::move(changed);
  return {};
}

Result<void> TopicBook::untag_topic(const std::string& region, const std::string& arn,
                                    const std::vector<std::string>& keys) {
  auto found = find_topic(region, arn, "ResourceArn");
  if (!found) return found.error();
  Topic changed = **found;
  for (const auto& key : keys) changed.tags.erase(key);
  if (auto saved = save(changed); !saved) return saved;
  *edit(changed.arn) = std::move(changed);
  return {};
}

Result<SubscriptionPtr> TopicBook::save(Subscription subscription) {
  if (auto saved = port_.save(kSubscriptionKind, subscription.topic.region, subscription.arn,
                              subscription_document(subscription));
      !saved)
    return saved.error();
  auto kept = std::make_shared<const Subscription>(std::move(subscription));
  subscriptions_[kept->arn] = kept;
  return SubscriptionPtr(kept);
}

Result<SubscriptionPtr> TopicBook::subscribe(const std::string& region,
                                             const std::string& topic_arn,
                                             const std::string& protocol,
                                             const std::string& endpoint,
                                             const Attributes& attributes, MissingTopic missing) {
  const auto topic = find_topic(region, topic_arn);
  const auto arn = TopicArn::parse(topic_arn);
  const bool waits = missing == MissingTopic::kLast && arn;
  if (!topic && (topic.error().kind != ErrorKind::kNotFound || !waits)) return topic.error();
  const auto known = protocol_of(protocol);
  if (!known) {
    if (protocol == "application" || protocol == "firehose")
      return invalid_parameter(
          "Protocol Reason: Kiln has no " + protocol +
          " subscriptions; it has lambda, http, https, sqs, email, email-json, sms");
    return invalid_parameter("Amazon SNS does not support this protocol string: " + protocol);
  }
  if (arn->is_fifo() && *known != Protocol::kSqs)
    return invalid_parameter("Invalid protocol type: " + protocol);
  if (auto checked = check_endpoint(*known, endpoint); !checked) return checked.error();
  Subscription wanted;
  wanted.topic = *arn;
  wanted.protocol = *known;
  wanted.endpoint = endpoint;
  wanted.attributes = attributes;
  // Here, not where it is set later, "True" is taken.
  if (const auto raw = wanted.attributes.find("RawMessageDelivery"); raw != wanted.attributes.end())
    std::transform(raw->second.begin(), raw->second.end(), raw->second.begin(),
                   [](char c) { return ascii::lower(c); });
  if (*known == Protocol::kSqs && endpoint.ends_with(".fifo") && !wanted.topic.is_fifo())
    return invalid_parameter(
        "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS "
        "topics");
  if (auto applied = apply_attributes(wanted); !applied) return among_attributes(applied.error());
  if (!topic) return topic.error();
  for (const auto& there : subscriptions(wanted.topic)) {
    if (there->protocol != wanted.protocol || there->endpoint != endpoint) continue;
    if (!has_attributes(*there, wanted.attributes))
      return invalid_parameter(
          "Attributes Reason: Subscription already exists with different attributes");
    return SubscriptionPtr(there);
  }
  wanted.arn = topic_arn + ":" + new_uuid();
  wanted.confirmed =
      *known == Protocol::kLambda || *known == Protocol::kSqs || *known == Protocol::kSms;
  if (!wanted.confirmed) wanted.token = new_hex(kTokenBytes);
  return save(std::move(wanted));
}

Result<SubscriptionPtr> TopicBook::confirm(const std::string& region, const std::string& topic_arn,
                                           const std::string& token) {
  const auto parsed = TopicArn::parse(topic_arn);
  if (!parsed || parsed->region != region) return invalid_parameter("Topic");
  if (!is_hex(token)) return Error{ErrorKind::kInvalid, "InvalidParameter", "Invalid token"};
  if (token.size() != 2 * kTokenBytes) return invalid_parameter("Token");
  if (const auto ended = ended_.find(token); ended != ended_.end()) {
    const Subscription restored = *ended->second;
    if (restored.topic.region != region) return invalid_parameter("Topic");
    if (look_up(restored.topic)) {
      auto saved = save(restored);
      if (saved) ended_.erase(token);
      return saved;
    }
    ended_.erase(ended);
    return topic_not_found();
  }
  // The token alone says which one it is: SNS looks at the Region of the topic only.
  for (const auto& [arn, there] : subscriptions_) {
    if (there->token != token) continue;
    if (there->topic.region != region) return invalid_parameter("Topic");
    if (there->confirmed) return SubscriptionPtr(there);
    Subscription changed = *there;
    changed.confirmed = true;
    return save(std::move(changed));
  }
  return invalid_parameter("Token");
}

Result<SubscriptionPtr> TopicBook::find_subscription(const std::string& region,
                                                     const std::string& arn) const {
  if (auto checked = check_arn(arn, "SubscriptionArn"); !checked) return checked.error();
  const size_t id = arn.rfind(':');
  const auto topic = TopicArn::parse(arn.substr(0, id));
  if (!topic || arn.size() - id != 37) return invalid_parameter("SubscriptionId");
  if (topic->region != region) return invalid_parameter("SubscriptionArn");
  const auto found = subscriptions_.find(arn);
  if (found == subscriptions_.end()) return subscription_not_found();
  return SubscriptionPtr(found->second);
}

Result<SubscriptionPtr> TopicBook::unsubscribe(const std::string& region, const std::string& arn) {
  auto found = find_subscription(region, arn);
  if (!found && found.error().kind == ErrorKind::kNotFound) return SubscriptionPtr();
  if (!found) return found.error();
  const SubscriptionPtr gone = *found;
  if (!gone->confirmed)
    return invalid_parameter(
        "SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation");
  if (auto erased = port_.erase(kSubscriptionKind, gone->topic.region, arn); !erased)
    return erased.error();
  subscriptions_.erase(arn);
  // How many have been ended may be one less after a restart: the subscription itself is gone.
  if (Topic* there = edit(gone->topic)) {
    ++there->unsubscribed;
    (void)save(*there);
  }
  const bool asks = gone->protocol == Protocol::kHttp || gone->protocol == Protocol::kHttps;
  if (!asks) return SubscriptionPtr();
  auto ended = std::make_shared<Subscription>(*gone);
  ended->token = new_hex(kTokenBytes);
  if (ended_.size() >= kMaxEnded) ended_.erase(ended_.begin());
  ended_[ended->token] = ended;
  return SubscriptionPtr(ended);
}

Result<void> TopicBook::set_subscription_attribute(const std::string& region,
                                                   const std::string& arn, const std::string& name,
                                                   const std::string& value) {
  auto found = find_subscription(region, arn);
  if (!found) return found.error();
  Subscription changed = **found;
  // An empty value takes the attribute away, but for the one that is true or false.
  if (value.empty() && name != "RawMessageDelivery") {
    if (!changed.attributes.erase(name)) changed.attributes[name] = value;
  } else {
    changed.attributes[name] = value;
  }
  if (auto applied = apply_attributes(changed); !applied) return applied;
  if (auto saved = save(std::move(changed)); !saved) return saved.error();
  return {};
}

std::vector<SubscriptionPtr> TopicBook::subscriptions(const TopicArn& topic) const {
  std::vector<SubscriptionPtr> out;
  const std::string prefix = topic.text() + ":";
  for (auto it = subscriptions_.lower_bound(prefix);
       it != subscriptions_.end() && it->first.starts_with(prefix); ++it)
    out.push_back(it->second);
  return out;
}

std::vector<SubscriptionPtr> TopicBook::subscriptions(const std::string& region) const {
  std::vector<SubscriptionPtr> out;
  const std::string prefix = arn_start("sns", region);
  for (auto it = subscriptions_.lower_bound(prefix);
       it != subscriptions_.end() && it->first.starts_with(prefix); ++it)
    out.push_back(it->second);
  return out;
}

}  // namespace kiln::notify
