#include "services/lambda_invoke.h"

#include <simdjson.h>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/ids.h"
#include "model/names.h"
#include "wire/credential_scope.h"
#include "wire/rest_json_error.h"

namespace kiln::services {
namespace {

// AWS's limit of the ClientContext header, in base64.
constexpr size_t kMaxClientContext = 3'583;
// A parser keeps the memory of the largest document it saw: large ones get their own.
constexpr size_t kSharedParserBytes = 256 * 1024;

bool simdjson_accepts(std::string& text) {
  thread_local simdjson::dom::parser shared;
  simdjson::dom::parser own;
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  auto& parser = text.size() <= kSharedParserBytes ? shared : own;
  return parser.parse(text.data(), text.size(), false).error() == simdjson::SUCCESS;
}

// nullopt: valid JSON. simdjson refuses a few valid documents (integers beyond 64 bits, deep
// nesting): what it refuses is looked at again.
std::optional<std::string> json_fault(std::string& text) {
  if (text.empty() || simdjson_accepts(text)) return std::nullopt;
  if (nlohmann::json::accept(text)) return std::nullopt;
  try {
    [[maybe_unused]] const auto document = nlohmann::json::parse(text);
    return std::nullopt;
  } catch (const nlohmann::json::exception& e) {
    std::string why = e.what();
    if (const size_t at = why.find("parse error"); at != std::string::npos) why.erase(0, at);
    return why;
  }
}

Error invalid(std::string type, std::string message) {
  return {ErrorKind::kInvalid, std::move(type), std::move(message)};
}

Result<std::string> client_context(std::string_view header) {
  if (header.empty()) return std::string();
  if (header.size() > kMaxClientContext)
    return invalid("InvalidRequestContentException",
                   "Client context is " + std::to_string(header.size()) +
                       " bytes in base64; it must not be more than " +
                       std::to_string(kMaxClientContext));
  auto text = base64_decode(header);
  if (!text || !nlohmann::json::accept(*text))
    return invalid("InvalidRequestContentException",
                   "Client context must be a valid Base64-encoded JSON object.");
  return std::move(*text);
}

net::Response to_response(engine::InvokeReply&& reply, const std::string& request_id,
                          const std::string& trace_id) {
  if (reply.throttle != model::Throttle::kNone)
    return wire::rest_json_error(reply.error, request_id,
                                 {{"Reason", model::to_text(reply.throttle)}});
  if (!reply.error.type.empty()) return wire::rest_json_error(reply.error, request_id);
  net::Response response;
  response.body = std::move(reply.payload);
  auto& h = response.headers;
  h.reserve(5);
  h.emplace_back("x-amzn-RequestId", request_id);
  h.emplace_back("X-Amzn-Trace-Id", trace_id);
  h.emplace_back("X-Amz-Executed-Version", std::move(reply.executed_version));
  if (reply.function_error) h.emplace_back("X-Amz-Function-Error", "Unhandled");
  if (!reply.log_tail.empty()) {
    constexpr size_t kTail = 4096;
    const std::string_view tail = reply.log_tail;
    h.emplace_back("X-Amz-Log-Result",
                   base64_encode(tail.size() > kTail ? tail.substr(tail.size() - kTail) : tail));
  }
  return response;
}

// 202 when the event is on disk; whether the function exists is known before.
void accept_event(engine::Engine& engine, engine::InvokeRequest&& invoke, Reply reply) {
  const std::string id = invoke.request_id;
  const auto found = engine.check_invocable(invoke.region, invoke.function_name, invoke.qualifier);
  if (!found) return reply(wire::rest_json_error(found.error(), id));
  net::Response accepted;
  accepted.status = 202;
  accepted.content_type.clear();
  accepted.headers.emplace_back("x-amzn-RequestId", id);
  accepted.headers.emplace_back("X-Amzn-Trace-Id", invoke.trace_id);
  engine.invoke_async(std::move(invoke), [reply = std::move(reply), id,
                                          accepted = std::move(accepted)](Result<void> done) {
    net::Response response = accepted;
    if (!done) response = wire::rest_json_error(done.error(), id);
    reply(std::move(response));
  });
}

}  // namespace

void handle_invoke(engine::Engine& engine, net::Request&& request,
                   std::string_view function_segment, std::string_view qualifier, Reply reply) {
  engine::InvokeRequest invoke;
  invoke.request_id = new_uuid();
  const auto refuse = [&](const Error& error) {
    reply(wire::rest_json_error(error, invoke.request_id));
  };

  auto scope = wire::CredentialScope::of(request.base());
  auto ref = model::parse_function_ref(function_segment, qualifier, scope.region,
                                       engine.options().account, model::Operation::kInvoke);
  if (!ref) return refuse(ref.error());
  const auto type = net::field(request, "X-Amz-Invocation-Type");
  invoke.region = std::move(ref->region);
  invoke.function_name = std::move(ref->name);
  invoke.qualifier = std::move(ref->qualifier);

  if (type == "DryRun") {
    const auto found =
        engine.check_invocable(invoke.region, invoke.function_name, invoke.qualifier);
    if (!found) return refuse(found.error());
    net::Response response;
    response.status = 204;
    response.content_type.clear();
    response.headers.emplace_back("x-amzn-RequestId", invoke.request_id);
    return reply(std::move(response));
  }
  const bool is_event = type == "Event";
  if (!is_event && !type.empty() && type != "RequestResponse")
    return refuse(invalid("InvalidParameterValueException",
                          "Unsupported Invocation Type: " + std::string(type) +
                              "; use RequestResponse, Event or DryRun."));

  if (const auto fault = json_fault(request.body()))
    return refuse(invalid("InvalidRequestContentException",
                          "Could not parse request body into json: " + *fault));
  auto context = client_context(net::field(request, "X-Amz-Client-Context"));
  if (!context) return refuse(context.error());
  invoke.client_context = std::move(*context);
  invoke.payload = std::move(request.body());
  invoke.trace_id = net::field(request, "X-Amzn-Trace-Id");
  if (invoke.trace_id.empty())
    invoke.trace_id = new_trace_id(epoch_ms(engine.clock().wall_now()) / 1000) + ";Sampled=0";
  if (is_event) return accept_event(engine, std::move(invoke), std::move(reply));
  invoke.want_log_tail = net::field(request, "X-Amz-Log-Type") == "Tail";

  engine.invoke(std::move(invoke), [reply = std::move(reply), id = invoke.request_id,
                                    trace = invoke.trace_id](engine::InvokeReply&& done) {
    reply(to_response(std::move(done), id, trace));
  });
}

}  // namespace kiln::services
