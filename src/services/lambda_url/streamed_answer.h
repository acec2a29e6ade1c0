// The answer of a function URL whose InvokeMode is RESPONSE_STREAM: the parts that the function
// writes, as they come, behind a head that the function may give in metadata
// (application/vnd.awslambda.http-integration-response). What a function answers that doesn't
// stream is the body as it is, as on AWS.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/invocation.h"
#include "net/body_stream.h"
#include "net/http_message.h"
#include "sandbox/answer_stream.h"
#include "services/driver/reply.h"

namespace kiln::services {

// Threading: begin() and put() on the function's loop, finish() on the caller's, after these.
class UrlStreamedAnswer final : public sandbox::AnswerStream {
 public:
  // `reply` gets one answer. `failed`: what an invocation that was refused, or has failed, is
  // answered with.
  UrlStreamedAnswer(Reply reply, std::function<net::Response(const engine::InvokeReply&)> failed)
      : reply_(std::move(reply)), failed_(std::move(failed)) {}

  void begin(std::string_view executed_version, std::string_view content_type) override;
  void put(std::string&& part, std::function<void()> more) override;
  // The invocation has ended, or was refused. A body that is on its way and has failed ends early,
  // so that the caller sees it.
  void finish(engine::InvokeReply&& reply);

 private:
  enum class Head { kNotYet, kInMetadata, kSent, kWrong };

  void send(net::Response&& head);

  const Reply reply_;
  const std::function<net::Response(const engine::InvokeReply&)> failed_;
  net::BodyWriter writer_;
  Head head_ = Head::kNotYet;
  std::string metadata_;  // as far as they have come
};

}  // namespace kiln::services
