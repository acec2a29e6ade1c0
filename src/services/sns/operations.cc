#include "services/sns/operations.h"

#include <map>

#include "services/sns/documents.h"
#include "wire/fields.h"

namespace kiln::services {

using nlohmann::json;

namespace {

// What must be there, whatever else the request says. ARNs that are absent have texts of their own.
struct RequiredMember {
  std::string_view operation;
  const char* member;
  const char* name;  // in AWS's text
};
constexpr RequiredMember kRequired[] = {
    {"AddPermission", "Label", "label"},
    {"AddPermission", "AWSAccountId", "aWSAccountId"},
    {"AddPermission", "ActionName", "actionName"},
    {"RemovePermission", "Label", "label"},
    {"SetTopicAttributes", "AttributeName", "attributeName"},
    {"SetSubscriptionAttributes", "AttributeName", "attributeName"},
    {"Subscribe", "Protocol", "protocol"},
    {"TagResource", "Tags", "tags"},
    {"UntagResource", "TagKeys", "tagKeys"},
};

Result<void> check_required(std::string_view operation, const json& input) {
  wire::Fields in(input);
  std::string wrong;
  size_t count = 0;
  for (const RequiredMember& required : kRequired) {
    if (required.operation != operation || in.has(required.member)) continue;
    wrong += (count++ > 0 ? "; Value null at '" : "Value null at '") + std::string(required.name) +
             "' failed to satisfy constraint: Member must not be null";
  }
  if (count == 0) return {};
  return Error{ErrorKind::kInvalid, "ValidationError",
               std::to_string(count) +
                   (count == 1 ? " validation error detected: " : " validation errors detected: ") +
                   wrong};
}

}  // namespace

SnsOperations::Operation SnsOperations::operation_of(const std::string& name) {
  using S = SnsOperations;
  static const std::map<std::string, Operation> kOperations = {
      {"CreateTopic", &S::create_topic},
      {"DeleteTopic", &S::delete_topic},
      {"ListTopics", &S::list_topics},
      {"GetTopicAttributes", &S::get_topic_attributes},
      {"SetTopicAttributes", &S::set_topic_attributes},
      {"AddPermission", &S::add_permission},
      {"RemovePermission", &S::remove_permission},
      {"TagResource", &S::tag_resource},
      {"UntagResource", &S::untag_resource},
      {"ListTagsForResource", &S::list_tags_for_resource},
      {"Subscribe", &S::subscribe},
      {"ConfirmSubscription", &S::confirm_subscription},
      {"Unsubscribe", &S::unsubscribe},
      {"ListSubscriptions", &S::list_subscriptions},
      {"ListSubscriptionsByTopic", &S::list_subscriptions_by_topic},
      {"GetSubscriptionAttributes", &S::get_subscription_attributes},
      {"SetSubscriptionAttributes", &S::set_subscription_attributes},
      {"Publish", &S::publish},
      {"PublishBatch", &S::publish_batch},
  };
  const auto found = kOperations.find(name);
  return found == kOperations.end() ? nullptr : found->second;
}

Result<json> SnsOperations::run(const std::string& operation, const json& input,
                                const std::string& region) {
  const Operation what = operation_of(operation);
  if (!what)
    return Error{ErrorKind::kInvalid, "InvalidAction",
                 "Kiln's SNS has no operation " + operation +
                     "; docs/compatibility.md lists what there is."};
  if (auto whole = check_required(operation, input); !whole) return whole.error();
  return (this->*what)(Call{input, region});
}

}  // namespace kiln::services
