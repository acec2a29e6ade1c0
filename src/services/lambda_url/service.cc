#include "services/lambda_url/service.h"

#include "base/ids.h"
#include "model/trace_header.h"
#include "model/url_host.h"
#include "services/driver/classify.h"
#include "services/driver/invoke_refusal.h"
#include "services/lambda_url/answer.h"
#include "services/lambda_url/cors.h"
#include "services/lambda_url/event.h"
#include "services/lambda_url/streamed_answer.h"
#include "wire/credential_scope.h"
#include "wire/rest_json_error.h"

namespace kiln::services {
namespace {

net::Response denied(const char* body) {
  net::Response response;
  response.status = 403;
  response.headers.emplace_back("x-amzn-ErrorType", "AccessDeniedException");
  response.body = body;
  return response;
}
// AWS's answer where nothing stands behind the name.
net::Response nobody() { return denied(R"({"Message":null})"); }
// Who has no permission; and where the alias of the URL is gone.
net::Response forbidden() {
  return denied(
      R"({"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: )"
      R"(https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"})");
}

// Whether the request has a signature, right or wrong, in its header or its address.
bool is_signed(const net::Request& request) {
  return !wire::CredentialScope::of(request.base()).access_key_id.empty();
}

net::Response failure_of(const engine::InvokeReply& reply, const std::string& request_id) {
  const bool is_told = reply.throttle != model::Throttle::kNone ||
                       (is_refused(reply) && reply.error.kind == ErrorKind::kUnavailable);
  return is_told ? invoke_refusal(reply, request_id) : url_failure();
}

}  // namespace

void FunctionUrlService::handle(net::Request&& request, std::string source_ip, Reply reply) {
  const std::string id = new_uuid();
  const auto host = model::parse_url_host(net::field(request, "Host"));
  const engine::FoundUrl found = host ? engine_.find_url(host->id) : engine::FoundUrl{};
  if (!found.function || found.function->region() != host->region) return reply(nobody());
  const model::FunctionUrl& url = found.function->urls.at(found.qualifier);
  const bool alias_is_gone =
      !found.qualifier.empty() && !found.function->aliases.contains(found.qualifier);
  if (alias_is_gone) return reply(forbidden());
  if (url.cors && is_preflight(request)) return reply(preflight_answer(*url.cors, request));

  const bool anonymous = url.auth_type == "NONE";
  if (!anonymous && !is_signed(request)) return reply(forbidden());

  engine::InvokeRequest invoke;
  invoke.region = found.function->region();
  invoke.function_name = found.function->name();
  invoke.qualifier = found.qualifier;
  invoke.request_id = id;
  const WallTime now = engine_.clock().wall_now();
  invoke.trace_id = model::complete_trace_header(net::field(request, "X-Amzn-Trace-Id"),
                                                 invoke.function_name, epoch_ms(now) / 1000);
  invoke.payload =
      url_event(request, UrlCaller{*host, anonymous ? "anonymous" : engine_.options().account,
                                   std::move(source_ip), id, invoke.trace_id, now});
  // Base64 makes a third more of what was within the limit.
  if (invoke.payload.size() > kMaxInvokeBytes) return reply(too_large(request.base(), id));
  Reply to_caller = [reply = std::move(reply), id, trace = invoke.trace_id, cors = url.cors,
                     origin =
                         std::string(net::field(request, "Origin"))](net::Response&& response) {
    if (cors) add_cors(*cors, origin, response);
    response.headers.emplace_back("x-amzn-RequestId", id);
    response.headers.emplace_back("X-Amzn-Trace-Id", trace);
    reply(std::move(response));
  };
  if (url.invoke_mode == model::kResponseStream) {
    const auto stream = std::make_shared<UrlStreamedAnswer>(
        std::move(to_caller), [id](const auto& failed) { return failure_of(failed, id); });
    invoke.stream = stream;
    return engine_.invoke(std::move(invoke), [stream](engine::InvokeReply&& done) {
      stream->finish(std::move(done));
    });
  }
  engine_.invoke(std::move(invoke), [reply = std::move(to_caller), id](engine::InvokeReply&& done) {
    const bool failed = is_refused(done) || done.function_error;
    reply(failed ? failure_of(done, id) : url_answer(std::move(done.payload)));
  });
}

}  // namespace kiln::services
