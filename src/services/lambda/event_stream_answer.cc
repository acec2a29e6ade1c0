#include "services/lambda/event_stream_answer.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_access.h"
#include "services/driver/invoke_refusal.h"
#include "services/lambda/log_tail.h"
#include "wire/event_stream.h"

namespace kiln::services {
namespace {

// Of an answer that wasn't streamed.
constexpr size_t kChunk = 1024 * 1024;

std::string payload_chunk(std::string_view part) {
  return wire::event_stream_message("PayloadChunk", "application/octet-stream", part);
}

// The code of a function's error is its own type.
std::string complete_message(const engine::InvokeReply& reply) {
  nlohmann::json complete = nlohmann::json::object();
  if (is_refused(reply)) {  // on the way
    complete["ErrorCode"] = reply.error.type;
    complete["ErrorDetails"] = reply.error.message;
  } else if (reply.function_error || (reply.streamed && !reply.error_type.empty())) {
    const auto document = json_parse(reply.payload);
    std::string type = document.is_object() ? json_text(document, "errorType", "") : "";
    if (type.empty()) type = reply.error_type;
    complete["ErrorCode"] = type.empty() ? "Unhandled" : type;
    complete["ErrorDetails"] = reply.payload;
  }
  if (!reply.log_tail.empty()) complete["LogResult"] = log_tail_in_base64(reply.log_tail);
  return wire::event_stream_message("InvokeComplete", "application/json", json_dump(complete));
}

}  // namespace

void EventStreamAnswer::begin(std::string_view executed_version, std::string_view) {
  begun_ = true;
  net::Response response;
  response.content_type = wire::kEventStreamType;
  response.headers = std::move(headers_);
  response.headers.emplace_back("X-Amz-Executed-Version", executed_version);
  response.stream = writer_.stream();
  reply_(std::move(response));
}

void EventStreamAnswer::put(std::string&& part, std::function<void()> more) {
  writer_.put(payload_chunk(part), std::move(more));
}

void EventStreamAnswer::finish(const engine::InvokeReply& reply) {
  if (!begun_ && is_refused(reply)) return reply_(invoke_refusal(reply, request_id_));
  if (!begun_) begin(reply.executed_version, {});
  if (!reply.streamed && !reply.function_error && !is_refused(reply))
    for (std::string_view left = reply.payload; !left.empty();) {
      const std::string_view part = left.substr(0, kChunk);
      left.remove_prefix(part.size());
      writer_.put(payload_chunk(part));
    }
  writer_.put(complete_message(reply));
  writer_.end();
}

}  // namespace kiln::services
