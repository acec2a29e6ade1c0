#include "services/driver/pending_answer.h"

#include <string_view>
#include <utility>

#include "base/dropped_request.h"
#include "base/fence.h"
#include "base/ids.h"
#include "base/memory_reserve.h"
#include "base/stopping.h"
#include "services/driver/request_name.h"
#include "wire/query_protocol.h"

namespace kiln::services {
namespace {

// What a caller gets for a request that was dropped, in the service's shape.
net::Response failure(Api api, Shape shape, const std::string& request_id, ErrorKind kind,
                      const std::string& text) {
  const bool is_defect = kind == ErrorKind::kInternal;
  const int status = is_defect ? 500 : 503;
  if (api == Api::kFunctionUrl) {
    net::Response response;
    response.status = status;
    response.body = is_defect ? R"({"Message":"Internal Server Error"})"
                              : R"({"Message":"Service Unavailable"})";
    response.headers.emplace_back("x-amzn-RequestId", request_id);
    return response;
  }
  if (shape == Shape::kRestXml)
    return wire::rest_xml_error(
        status, {kind, is_defect ? "InternalError" : "ServiceUnavailable", text}, request_id);
  // Each shape has its own name for an error without one: ServiceException, InternalFailure.
  return error_in_shape(shape, {kind, is_defect ? "" : "ServiceUnavailable", text}, request_id);
}

std::string text_of(DroppedFor why) {
  if (why == DroppedFor::kLackOfMemory)
    return "Kiln could not answer this request: " + std::string(kNoMemory) + ".";
  return "Kiln failed in an unexpected way at this request; its standard error says where. "
         "Please report it.";
}

class PendingAnswer final : public Reply::Target {
 public:
  PendingAnswer(Reply reply, const net::Request& request, const Classification& what,
                std::shared_ptr<const std::atomic<bool>> stopping)
      : reply_(std::move(reply)),
        api_(what.api),
        shape_(what.shape),
        name_(request, what.operation),
        stopping_(std::move(stopping)) {}

  ~PendingAnswer() override {
    if (answered_) return;
    // Whoever ends drops what it hasn't begun.
    const bool stops = stopping_ && *stopping_;
    const DroppedFor why =
        stops ? DroppedFor::kDefect : note_dropped_request(where(), refusals_before_);
    // Memory for the text may be missing, too.
    fenced("an answer", [&] {
      reply_(failure(api_, shape_, new_uuid(),
                     stops ? ErrorKind::kUnavailable : ErrorKind::kInternal,
                     stops ? std::string(kStopping) : text_of(why)));
    });
  }

  void give(net::Response&& response) override {
    if (answered_.exchange(true)) return note_internal_error(where(), "it was answered twice");
    reply_(std::move(response));
  }

 private:
  std::string_view where() const { return name_.text(); }

  const Reply reply_;
  const Api api_;
  const Shape shape_;
  const RequestName name_;
  const std::shared_ptr<const std::atomic<bool>> stopping_;
  const uint64_t refusals_before_ = memory_refusals();
  std::atomic<bool> answered_{false};
};

}  // namespace

Reply with_answer(Reply reply, const net::Request& request, const Classification& what,
                  std::shared_ptr<const std::atomic<bool>> stopping) {
  return Reply(
      std::make_shared<PendingAnswer>(std::move(reply), request, what, std::move(stopping)));
}

}  // namespace kiln::services
