// What InvokeWithResponseStream answers: AWS's event stream, with a PayloadChunk for each part that
// the function writes, then InvokeComplete with the log's end, or with an error's code and details.
// A function that doesn't stream has its answer in it, too.
#pragma once

#include <string>
#include <string_view>

#include "engine/invocation.h"
#include "net/body_stream.h"
#include "net/http_message.h"
#include "sandbox/answer_stream.h"
#include "services/driver/reply.h"

namespace kiln::services {

// Threading: begin() and put() on the function's loop, finish() on the caller's, after these.
class EventStreamAnswer final : public sandbox::AnswerStream {
 public:
  // `headers`: of the answer, what names the executed version apart.
  EventStreamAnswer(Reply reply, std::string request_id, net::Headers headers)
      : reply_(std::move(reply)),
        request_id_(std::move(request_id)),
        headers_(std::move(headers)) {}

  void begin(std::string_view executed_version, std::string_view content_type) override;
  void put(std::string&& part, std::function<void()> more) override;
  // The invocation has ended, or was refused.
  void finish(const engine::InvokeReply& reply);

 private:
  const Reply reply_;
  const std::string request_id_;
  net::Headers headers_;
  net::BodyWriter writer_;
  bool begun_ = false;
};

}  // namespace kiln::services
