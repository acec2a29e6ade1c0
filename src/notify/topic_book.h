// All topics and subscriptions, by Region: what SNS's API reads and changes, and whom a message is
// for. Sending it is the caller's part.
//
// Not thread-safe; one thread owns it. What changes is saved before it is answered. Errors have the
// type names and texts of SNS's API.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/state_port.h"
#include "notify/fifo_log.h"
#include "notify/message.h"
#include "notify/topic.h"

namespace kiln::notify {

using SubscriptionPtr = std::shared_ptr<const Subscription>;

class TopicBook {
 public:
  static constexpr const char* kTopicKind = "sns-topic";
  static constexpr const char* kSubscriptionKind = "sns-subscription";
  // Whether documents of this kind are topics or subscriptions.
  static bool owns(const std::string& kind) {
    return kind == kTopicKind || kind == kSubscriptionKind;
  }

  // `port` outlives the book.
  TopicBook(std::string account, StatePort& port) : account_(std::move(account)), port_(port) {}

  // A document that was given to the port; those of other kinds are passed over.
  Result<void> load(const std::string& kind, const std::string& text);

  // The ARN; the same again for a topic that is there with the same attributes and tags.
  Result<std::string> create_topic(const std::string& region, const std::string& name,
                                   const Attributes& attributes, const Attributes& tags);
  // With its subscriptions. Also when there is none.
  Result<void> delete_topic(const std::string& region, const std::string& arn);
  // `member`: the name of the request's member that has the ARN, for errors.
  Result<const Topic*> find_topic(const std::string& region, const std::string& arn,
                                  const char* member = "TopicArn") const;
  const std::map<std::string, Topic>& topics(const std::string& region) const;  // by name
  Result<void> set_topic_attribute(const std::string& region, const std::string& arn,
                                   const std::string& name, const std::string& value);
  Result<void> tag_topic(const std::string& region, const std::string& arn, const Attributes& tags);
  Result<void> untag_topic(const std::string& region, const std::string& arn,
                           const std::vector<std::string>& keys);

  // Whether a topic that isn't there is said before what else is wrong, as on AWS, or after it:
  // a stack's plan asks before its topics are made.
  enum class MissingTopic { kFirst, kLast };
  // The same one again when it is there with these attributes. Functions, queues and phones are
  // confirmed at once; others by the token.
  Result<SubscriptionPtr> subscribe(const std::string& region, const std::string& topic_arn,
                                    const std::string& protocol, const std::string& endpoint,
                                    const Attributes& attributes,
                                    MissingTopic missing = MissingTopic::kFirst);
  Result<SubscriptionPtr> confirm(const std::string& region, const std::string& topic_arn,
                                  const std::string& token);
  // Also when there is none: nullptr. An HTTP endpoint's subscription is given back with a new
  // token; confirm() with it restores the subscription while this book lives. One that nobody has
  // confirmed can't be ended: it goes with its topic.
  Result<SubscriptionPtr> unsubscribe(const std::string& region, const std::string& arn);
  Result<SubscriptionPtr> find_subscription(const std::string& region,
                                            const std::string& arn) const;
  Result<void> set_subscription_attribute(const std::string& region, const std::string& arn,
                                          const std::string& name, const std::string& value);
  // In the order of their ARNs; of one topic, or of all of a Region.
  std::vector<SubscriptionPtr> subscriptions(const TopicArn& topic) const;
  std::vector<SubscriptionPtr> subscriptions(const std::string& region) const;
  const std::string& account() const { return account_; }
  FifoLog& fifo_log() { return fifo_log_; }

 private:
  const Topic* look_up(const TopicArn& arn) const;
  Topic* edit(const TopicArn& arn);
  Result<void> save(const Topic& topic);
  Result<SubscriptionPtr> save(Subscription subscription);

  std::string account_;
  StatePort& port_;
  FifoLog fifo_log_;
  std::map<std::string, std::map<std::string, Topic>> topics_;  // by Region and name
  std::map<std::string, SubscriptionPtr> subscriptions_;        // by ARN
  std::map<std::string, SubscriptionPtr> ended_;                // by token; those to restore
};

}  // namespace kiln::notify
