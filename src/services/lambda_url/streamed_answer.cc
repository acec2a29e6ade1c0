#include "services/lambda_url/streamed_answer.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "services/driver/invoke_refusal.h"
#include "services/lambda_url/answer.h"

namespace kiln::services {
namespace {

constexpr std::string_view kWithMetadata = "application/vnd.awslambda.http-integration-response";
constexpr size_t kMaxMetadata = size_t{1} << 20;

}  // namespace

void UrlStreamedAnswer::begin(std::string_view, std::string_view content_type) {
  head_ = Head::kInMetadata;
  if (ascii::same(content_type, kWithMetadata)) return;
  net::Response head;
  head.content_type = content_type.empty() ? "application/octet-stream" : content_type;
  send(std::move(head));
}

void UrlStreamedAnswer::put(std::string&& part, std::function<void()> more) {
  if (head_ == Head::kSent) return writer_.put(std::move(part), std::move(more));
  if (head_ == Head::kInMetadata) {
    const size_t from = metadata_.size() - std::min(metadata_.size(), kEndOfMetadata.size() - 1);
    metadata_ += part;
    const size_t end = metadata_.find(kEndOfMetadata, from);
    if (end != std::string::npos) {
      auto head = url_stream_head(std::string_view(metadata_).substr(0, end));
      std::string body = metadata_.substr(end + kEndOfMetadata.size());
      std::string().swap(metadata_);
      if (head) {
        send(*std::move(head));
        return writer_.put(std::move(body), std::move(more));
      }
      head_ = Head::kWrong;
    } else if (metadata_.size() > kMaxMetadata) {
      std::string().swap(metadata_);
      head_ = Head::kWrong;
    }
  }
  more();
}

void UrlStreamedAnswer::send(net::Response&& head) {
  head_ = Head::kSent;
  head.stream = writer_.stream();
  reply_(std::move(head));
}

void UrlStreamedAnswer::finish(engine::InvokeReply&& reply) {
  const bool failed = is_refused(reply) || reply.function_error;
  if (head_ == Head::kSent)
    return failed || !reply.error_type.empty() ? writer_.break_off() : writer_.end();
  if (failed) return reply_(failed_(reply));
  if (head_ != Head::kNotYet) return reply_(url_failure());  // its metadata are wrong
  net::Response whole;
  whole.body = std::move(reply.payload);
  reply_(std::move(whole));
}

}  // namespace kiln::services
