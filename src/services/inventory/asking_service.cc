#include "services/inventory/asking_service.h"

#include <future>

#include "base/ids.h"
#include "base/stopping.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"

namespace kiln::services {
namespace {

constexpr std::chrono::seconds kLongestWait(30);

net::Response unavailable(const Error& error) {
  return error_in_shape(Shape::kJson10, error, new_uuid());
}

net::Response wait_for(const AskingService::Ask& ask, net::Request&& request) {
  const auto answer = std::make_shared<std::promise<net::Response>>();
  auto future = answer->get_future();
  ask(std::move(request),
      [answer](net::Response&& response) { answer->set_value(std::move(response)); });
  if (future.wait_for(kLongestWait) == std::future_status::ready) return future.get();
  return unavailable({ErrorKind::kUnavailable, "ServiceUnavailableException",
                      "Another API of this Kiln gave no answer within 30 seconds"});
}

}  // namespace

void AskingService::handle(net::Request&& request, Classification&& what, Reply reply) {
  const std::string id = new_uuid();
  auto input = wire::parse_json_body(request.body());
  if (!input) return reply(error_in_shape(what.shape, input.error(), id));
  const auto version =
      what.shape == Shape::kJson10 ? wire::JsonVersion::k10 : wire::JsonVersion::k11;
  if (auto able = threads_.ensure(); !able)
    return reply(error_in_shape(what.shape, able.error(), id));
  threads_.post([this, id, version, input = std::move(*input),
                 operation = std::move(what.operation),
                 region = wire::CredentialScope::of(request.base()).region,
                 host = std::string(net::field(request, "Host")), reply = std::move(reply)] {
    const stack::AwsApi api(
        [this](net::Request&& asked) {
          return stopping_ ? unavailable(stopping("ServiceUnavailableException"))
                           : wait_for(ask_, std::move(asked));
        },
        region, host);
    const auto output = work_(operation, input, api);
    reply(output ? wire::json_answer(*output, id, version)
                 : wire::json_error(output.error(), id, version));
  });
}

void AskingService::stop() {
  stopping_ = true;
  threads_.join();
}

}  // namespace kiln::services
