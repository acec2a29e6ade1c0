#include "services/function_url.h"

#include "base/ids.h"
#include "services/classify.h"
#include "services/url_answer.h"
#include "services/url_cors.h"
#include "services/url_event.h"
#include "services/url_host.h"
#include "wire/rest_json_error.h"

namespace kiln::services {
namespace {

// AWS's answer where nothing stands behind the name.
net::Response nobody() {
  net::Response response;
  response.status = 404;
  response.body = R"({"Message":null})";
  return response;
}

net::Response to_response(engine::InvokeReply&& reply, const std::string& request_id) {
  if (reply.throttle != model::Throttle::kNone)
    return wire::rest_json_error(reply.error, request_id,
                                 {{"Reason", model::to_text(reply.throttle)}});
  if (reply.error.kind == ErrorKind::kUnavailable && !reply.error.type.empty())
    return wire::rest_json_error(reply.error, request_id);
  if (!reply.error.type.empty() || reply.function_error) return url_failure();
  return url_answer(std::move(reply.payload));
}

}  // namespace

void FunctionUrlService::handle(net::Request&& request, std::string source_ip, Reply reply) {
  const std::string id = new_uuid();
  const auto host = parse_url_host(net::field(request, "Host"));
  const engine::FoundUrl found = host ? engine_.find_url(host->id) : engine::FoundUrl{};
  if (!found.function || found.function->region() != host->region) return reply(nobody());
  const model::FunctionUrl& url = found.function->urls.at(found.qualifier);
  if (url.cors && is_preflight(request)) return reply(preflight_answer(*url.cors, request));

  engine::InvokeRequest invoke;
  invoke.region = found.function->region();
  invoke.function_name = found.function->name();
  invoke.qualifier = found.qualifier;
  invoke.request_id = id;
  const WallTime now = engine_.clock().wall_now();
  invoke.trace_id = net::field(request, "X-Amzn-Trace-Id");
  if (invoke.trace_id.empty()) invoke.trace_id = new_trace_id(epoch_ms(now) / 1000) + ";Sampled=0";
  const bool anonymous = url.auth_type == "NONE";
  invoke.payload =
      url_event(request, UrlCaller{*host, anonymous ? "anonymous" : engine_.options().account,
                                   std::move(source_ip), id, invoke.trace_id, now});
  // Base64 makes a third more of what was within the limit.
  if (invoke.payload.size() > kMaxInvokeBytes) return reply(too_large(request.base(), id));
  const std::string trace = invoke.trace_id;
  engine_.invoke(std::move(invoke),
                 [reply = std::move(reply), id, trace, cors = url.cors,
                  origin = std::string(net::field(request, "Origin"))](engine::InvokeReply&& done) {
                   net::Response response = to_response(std::move(done), id);
                   if (cors) add_cors(*cors, origin, response);
                   response.headers.emplace_back("x-amzn-RequestId", id);
                   response.headers.emplace_back("X-Amzn-Trace-Id", trace);
                   reply(std::move(response));
                 });
}

}  // namespace kiln::services
