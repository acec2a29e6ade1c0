// SNS's Publish and PublishBatch.
#include <algorithm>
#include <set>

#include "notify/message_checks.h"
#include "notify/sns_error.h"
#include "services/sns_documents.h"
#include "services/sns_operations.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using notify::invalid_parameter;

constexpr size_t kMaxEntries = 10;
constexpr size_t kMaxEntryId = 80;

Error batch_error(const char* code, const std::string& text) {
  return {ErrorKind::kInvalid, code, text};
}

Result<void> check_entry_id(const std::string& id) {
  if (id.size() > kMaxEntryId)
    return batch_error("InvalidBatchEntryId",
                       "The Id of a batch entry in the batch request is too long: " + id);
  const bool named = !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
  if (!named)
    return batch_error("InvalidBatchEntryId",
                       "The Id of a batch entry in the batch request contains an impermissible "
                       "character: " +
                           id);
  return {};
}

}  // namespace

Result<json> SnsOperations::publish(const Call& call) {
  wire::Fields in(call.input);
  if (in.has("PhoneNumber"))
    return invalid_parameter("PhoneNumber Reason: Kiln sends no text messages to phones");
  std::string arn = in.text("TopicArn");
  if (arn.empty()) {
    arn = in.text("TargetArn");
    if (arn.find(":endpoint/") != std::string::npos)
      return invalid_parameter("TargetArn Reason: No endpoint found for the target arn specified");
  }
  // Parts of a message are checked before its topic is looked up, as SNS does.
  auto message = read_message(call.input, "");
  if (!message) return message.error();
  if (auto fits = notify::check_size(*message); !fits) return fits.error();
  auto topic = book_.find_topic(call.region, arn);
  if (!topic) return topic.error();
  return json{{"MessageId", ports_.publish(**topic, *message)}};
}

Result<json> SnsOperations::publish_batch(const Call& call) {
  wire::Fields in(call.input);
  const json& entries = in.list("PublishBatchRequestEntries");
  if (!in.status()) return in.status().error();
  if (entries.size() > kMaxEntries)
    return batch_error("TooManyEntriesInBatchRequest",
                       "The batch request contains more entries than permissible.");
  if (entries.empty())
    return batch_error("EmptyBatchRequest", "The batch request doesn't contain any entries.");
  std::set<std::string> ids;
  for (const json& entry : entries) {
    const std::string id = wire::Fields(entry).text("Id");
    if (auto named = check_entry_id(id); !named) return named.error();
    if (!ids.insert(id).second)
      return batch_error("BatchEntryIdsNotDistinct",
                         "Two or more batch entries in the request have the same Id.");
  }
  std::vector<notify::Message> messages;
  size_t bytes = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    auto message = read_message(entries[i],
                                "publishBatchRequestEntries." + std::to_string(i + 1) + ".member.");
    if (!message) return message.error();
    bytes += message_bytes(*message);
    messages.push_back(std::move(*message));
  }
  if (bytes > notify::kMaxMessageBytes)
    return batch_error("BatchRequestTooLong",
                       "The length of all the messages put together is more than the limit.");
  auto topic = book_.find_topic(call.region, in.text("TopicArn"));
  if (!topic) return topic.error();
  json sent = json::array();
  for (size_t i = 0; i < entries.size(); ++i)
    sent.push_back({{"Id", wire::Fields(entries[i]).text("Id")},
                    {"MessageId", ports_.publish(**topic, messages[i])}});
  return json{{"Successful", std::move(sent)}, {"Failed", json::array()}};
}

}  // namespace kiln::services
