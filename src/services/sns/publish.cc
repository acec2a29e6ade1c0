// SNS's Publish and PublishBatch.
#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "base/digest.h"
#include "notify/endpoint.h"
#include "notify/message_checks.h"
#include "notify/sns_error.h"
#include "services/sns/documents.h"
#include "services/sns/operations.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using notify::invalid_parameter;

constexpr size_t kMaxEntries = 10;
constexpr size_t kMaxEntryId = 80;
constexpr size_t kMaxFifoId = 128;

Error batch_error(const char* code, const std::string& text) {
  return {ErrorKind::kInvalid, code, text};
}

Result<void> check_entry_id(const std::string& id) {
  if (id.size() > kMaxEntryId)
    return batch_error("InvalidBatchEntryId",
                       "The Id of a batch entry in the batch request is too long: " + id);
  const bool named = !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_';
  });
  if (!named)
    return batch_error("InvalidBatchEntryId",
                       "The Id of a batch entry in the batch request contains an impermissible "
                       "character: " +
                           id);
  return {};
}

// 1 to 128 letters, digits and punctuation marks.
Result<void> check_id(const json& entry, const char* member) {
  wire::Fields in(entry);
  if (!in.has(member)) return {};
  const std::string id = in.text(member);
  const bool good = !id.empty() && id.size() <= kMaxFifoId &&
                    std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (good) return {};
  return invalid_parameter(std::string(member) + " Reason: " + member +
                           " can only include alphanumeric and punctuation characters. 1 to 128 in "
                           "length");
}

// What a topic's kind wants of a message; reads the group and the id against duplicates.
Result<void> read_order(const json& entry, const notify::Topic& topic, notify::Message& message) {
  wire::Fields in(entry);
  for (const char* member : {"MessageGroupId", "MessageDeduplicationId"})
    if (auto checked = check_id(entry, member); !checked) return checked;
  message.group_id = in.text("MessageGroupId");
  message.deduplication_id = in.text("MessageDeduplicationId");
  if (!topic.arn.is_fifo()) {
    if (message.deduplication_id.empty()) return {};
    return invalid_parameter(
        "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that "
        "is not valid for this topic type");
  }
  if (message.group_id.empty())
    return invalid_parameter("The MessageGroupId parameter is required for FIFO topics");
  if (!message.deduplication_id.empty()) return {};
  if (topic.attribute("ContentBasedDeduplication") != "true")
    return invalid_parameter(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
        "provided explicitly");
  message.deduplication_id = sha256_hex(message.text);
  return {};
}

// A message goes to one of the three; which one of two was meant, nobody knows.
Result<void> check_one_target(wire::Fields in) {
  std::string given;
  int count = 0;
  for (const char* member : {"TopicArn", "TargetArn", "PhoneNumber"}) {
    if (in.text(member).empty()) continue;
    given += (count++ == 0 ? "" : " and ") + std::string(member);
  }
  if (count <= 1) return {};
  return invalid_parameter(given + " Reason: a message goes to one target; give one of them");
}

json published(const notify::Published& what) {
  json out = {{"MessageId", what.message_id}};
  if (!what.sequence_number.empty()) out["SequenceNumber"] = what.sequence_number;
  return out;
}

}  // namespace

Result<json> SnsOperations::publish(const Call& call) {
  wire::Fields in(call.input);
  if (auto target = check_one_target(in); !target) return target.error();
  if (in.has("PhoneNumber")) return publish_text(call);
  if (!in.has("TopicArn") && !in.has("TargetArn"))
    return invalid_parameter("TopicArn or TargetArn Reason: no value for required parameter");
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
  if (auto fits = read_order(call.input, **topic, *message); !fits) return fits.error();
  message->trace_header = ports_.trace_header;
  return published(ports_.publish(**topic, *message));
}

Result<json> SnsOperations::publish_text(const Call& call) {
  wire::Fields in(call.input);
  const std::string phone = in.text("PhoneNumber");
  if (!notify::is_phone_number(phone))
    return invalid_parameter("PhoneNumber Reason: " + phone + " is not valid to publish to");
  auto message = read_message(call.input, "");
  if (!message) return message.error();
  if (auto fits = notify::check_size(*message); !fits) return fits.error();
  return json{{"MessageId", ports_.text(phone, text_for(*message, notify::Protocol::kSms))}};
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
  for (size_t i = 0; i < entries.size(); ++i) {
    if (auto fits = read_order(entries[i], **topic, messages[i]); !fits) return fits.error();
    messages[i].trace_header = ports_.trace_header;
  }
  json sent = json::array();
  for (size_t i = 0; i < entries.size(); ++i) {
    json one = published(ports_.publish(**topic, messages[i]));
    one["Id"] = wire::Fields(entries[i]).text("Id");
    sent.push_back(std::move(one));
  }
  return json{{"Successful", std::move(sent)}, {"Failed", json::array()}};
}

}  // namespace kiln::services
