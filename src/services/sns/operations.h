// The operations of SNS's API: documents in, documents out, over a TopicBook. Documents came as
// forms: all values are texts, maps are lists of entries with "key" and "value".
//
// Not thread-safe: as the book, it belongs to one thread at a time. Errors have the codes of the
// query protocol: InvalidParameter, NotFound, ParameterValueInvalid, ValidationError, …
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "notify/topic_book.h"

namespace kiln::services {

class SnsOperations {
 public:
  struct Ports {
    // Sends a checked message.
    std::function<notify::Published(const notify::Topic&, const notify::Message&)> publish;
    std::function<void(notify::Confirmation, const notify::SubscriptionPtr&)> ask_confirmation;
    // Sends a text message to a phone, and gives its id.
    std::function<std::string(const std::string& phone, const std::string& message)> text;
    std::string trace_header;  // of the request
    notify::TopicBook::MissingTopic missing_topic = notify::TopicBook::MissingTopic::kFirst;
  };
  SnsOperations(notify::TopicBook& book, Ports ports) : book_(book), ports_(std::move(ports)) {}

  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input,
                             const std::string& region);

 private:
  struct Call {
    const nlohmann::json& input;
    const std::string& region;
  };
  using Operation = Result<nlohmann::json> (SnsOperations::*)(const Call&);
  static Operation operation_of(const std::string& name);

  Result<nlohmann::json> create_topic(const Call& call);
  Result<nlohmann::json> delete_topic(const Call& call);
  Result<nlohmann::json> list_topics(const Call& call);
  Result<nlohmann::json> get_topic_attributes(const Call& call);
  Result<nlohmann::json> set_topic_attributes(const Call& call);
  Result<nlohmann::json> add_permission(const Call& call);
  Result<nlohmann::json> remove_permission(const Call& call);
  Result<nlohmann::json> tag_resource(const Call& call);
  Result<nlohmann::json> untag_resource(const Call& call);
  Result<nlohmann::json> list_tags_for_resource(const Call& call);

  Result<nlohmann::json> subscribe(const Call& call);
  Result<nlohmann::json> confirm_subscription(const Call& call);
  Result<nlohmann::json> unsubscribe(const Call& call);
  Result<nlohmann::json> list_subscriptions(const Call& call);
  Result<nlohmann::json> list_subscriptions_by_topic(const Call& call);
  Result<nlohmann::json> get_subscription_attributes(const Call& call);
  Result<nlohmann::json> set_subscription_attributes(const Call& call);

  Result<nlohmann::json> publish(const Call& call);
  Result<nlohmann::json> publish_text(const Call& call);
  Result<nlohmann::json> publish_batch(const Call& call);

  notify::TopicBook& book_;
  Ports ports_;
};

}  // namespace kiln::services
