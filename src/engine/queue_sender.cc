#include "engine/queue_sender.h"

#include <nlohmann/json.hpp>

#include "base/json_access.h"

namespace kiln::engine {
namespace {

using nlohmann::json;

constexpr int kArnParts = 6;
constexpr size_t kShownAnswer = 300;  // bytes of a refusal that are passed on

std::vector<std::string> split(const std::string& arn) {
  std::vector<std::string> parts(1);
  for (const char c : arn) {
    if (c == ':' && parts.size() < kArnParts)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

json attributes_of(const std::vector<notify::MessageAttribute>& attributes) {
  json out = json::object();
  for (const auto& a : attributes) {
    const bool binary = a.type.starts_with("Binary");
    // A list is a text to a queue.
    out[a.name] = {{"DataType", a.type == "String.Array" ? "String" : a.type},
                   {binary ? "BinaryValue" : "StringValue", a.value}};
  }
  return out;
}

}  // namespace

void QueueSender::send(const std::string& queue_arn, const QueueMessage& message,
                       std::function<void(Result<void>)> done) {
  if (endpoint_.empty())
    return done(Error{ErrorKind::kUnavailable, "NoQueues",
                      "no message to " + queue_arn +
                          ": Kiln has no queues; start it with --forward sqs=URL to use another "
                          "server's"});
  const auto parts = split(queue_arn);
  if (parts.size() != kArnParts)
    return done(Error{ErrorKind::kInvalid, "InvalidArn",
                      "no message to " + queue_arn + ": it is not an ARN of a queue"});
  json input = {{"QueueUrl", endpoint_ + "/" + parts[4] + "/" + parts[5]},
                {"MessageBody", message.body}};
  if (!message.attributes.empty()) input["MessageAttributes"] = attributes_of(message.attributes);
  if (!message.group_id.empty()) input["MessageGroupId"] = message.group_id;
  if (!message.deduplication_id.empty()) input["MessageDeduplicationId"] = message.deduplication_id;
  if (!message.trace_header.empty())
    input["MessageSystemAttributes"] = {
        {"AWSTraceHeader", {{"DataType", "String"}, {"StringValue", message.trace_header}}}};
  net::ClientRequest request;
  request.method = "POST";
  request.url = endpoint_ + "/";
  request.headers = {
      {"Content-Type", "application/x-amz-json-1.0"},
      {"X-Amz-Target", "AmazonSQS.SendMessage"},
      // Says for which Region the call is; servers of this kind don't check the signature.
      {"Authorization", "AWS4-HMAC-SHA256 Credential=kiln/20260101/" + parts[3] +
                            "/sqs/aws4_request, SignedHeaders=host, Signature=0"}};
  request.body = json_dump(input);
  client_.send(std::move(request), [queue_arn,
                                    done = std::move(done)](Result<net::ClientResponse> answer) {
    if (!answer)
      return done(Error{ErrorKind::kUnavailable, answer.error().type,
                        "no message to " + queue_arn + ": " + answer.error().message});
    if (answer->status / 100 == 2) return done({});
    done(Error{ErrorKind::kUnavailable, "Refused",
               "no message to " + queue_arn + ": the server answered " +
                   std::to_string(answer->status) + " " + answer->body.substr(0, kShownAnswer)});
  });
}

}  // namespace kiln::engine
