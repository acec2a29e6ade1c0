#include "services/lambda/invoke.h"

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "model/names.h"
#include "model/trace_header.h"
#include "model/violations.h"
#include "services/driver/invoke_refusal.h"
#include "services/lambda/event_stream_answer.h"
#include "services/lambda/log_tail.h"
#include "services/lambda/payload_check.h"
#include "services/lambda/payload_fault.h"
#include "wire/credential_scope.h"
#include "wire/rest_json_error.h"

namespace kiln::services {
namespace {

// AWS's limit of the ClientContext header, in base64.
constexpr size_t kMaxClientContext = 3'583;
// nullopt: valid JSON, behind a byte order mark perhaps. Others wait for this loop: nothing is made
// into a document without need.
std::optional<std::string> json_fault(const std::string& text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.empty() || is_plain_json(text)) return std::nullopt;
  if (text.starts_with(kMark) && is_plain_json(text.substr(kMark.size()))) return std::nullopt;
  if (std::string fault = payload_fault(text); !fault.empty()) return fault;
  if (std::string fault = json_parse_fault(text); !fault.empty()) return fault;
  // That parser takes a zero byte for the end.
  return "Illegal character ((CTRL-CHAR, code 0)): only regular white space (\\r, \\n, \\t) is "
         "allowed between tokens";
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

constexpr std::string_view kRequestId = "x-amzn-RequestId";

// What every answer of an invocation that runs begins with, with room for the rest.
net::Headers answer_headers(const engine::InvokeRequest& invoke) {
  net::Headers headers;
  headers.reserve(5, 256);
  headers.emplace_back(kRequestId, invoke.request_id);
  headers.emplace_back("X-Amzn-Trace-Id", invoke.trace_id);
  return headers;
}

net::Response to_response(engine::InvokeReply&& reply, net::Headers&& headers) {
  if (is_refused(reply)) return invoke_refusal(reply, std::string(headers.at(0).second));
  net::Response response;
  response.body = std::move(reply.payload);
  response.headers = std::move(headers);
  auto& h = response.headers;
  h.emplace_back("X-Amz-Executed-Version", reply.executed_version);
  if (reply.function_error) h.emplace_back("X-Amz-Function-Error", "Unhandled");
  if (!reply.log_tail.empty())
    h.emplace_back("X-Amz-Log-Result", log_tail_in_base64(reply.log_tail));
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
  accepted.headers.emplace_back(kRequestId, id);
  accepted.headers.emplace_back("X-Amzn-Trace-Id", invoke.trace_id);
  engine.invoke_async(std::move(invoke), [reply = std::move(reply), id,
                                          accepted = std::move(accepted)](Result<void> done) {
    net::Response response = accepted;
    if (!done) response = wire::rest_json_error(done.error(), id);
    reply(std::move(response));
  });
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    if (dash ? c != '-' : (c < '0' || c > '9') && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

// Kiln's own command line chooses the id, so that it can follow the log while the function runs.
// Only ids that look as AWS's do are taken: they become part of log lines.
std::string request_id_of(const net::Request& request) {
  const std::string_view wish = net::field(request, "X-Kiln-Request-Id");
  return is_uuid(wish) ? std::string(wish) : new_uuid();
}

// Of the headers that have a few values; AWS prints these in this order.
Result<void> check_headers(std::string_view type, std::string_view log_type, InvokeForm form) {
  const bool takes_event = form != InvokeForm::kResponseStream;
  const bool known_type = type.empty() || type == "RequestResponse" ||
                          (takes_event && type == "Event") || type == "DryRun";
  const bool known_log = log_type.empty() || log_type == "Tail" || log_type == "None";
  if (known_type && known_log) return {};
  model::Violations violations;
  if (!known_type)
    violations.add(type, "invocationType",
                   takes_event
                       ? "Member must satisfy enum value set: [DryRun, RequestResponse, Event]"
                       : "Member must satisfy enum value set: [DryRun, RequestResponse]");
  if (!known_log)
    violations.add(log_type, "logType", "Member must satisfy enum value set: [None, Tail]");
  return violations.result();
}

// What AWS acts upon, and Kiln doesn't.
constexpr const char* kNotHere[] = {"X-Amz-Tenant-Id", "X-Amz-Durable-Execution-Name"};

}  // namespace

void handle_invoke(engine::Engine& engine, net::Request&& request,
                   std::string_view function_segment, std::string_view qualifier, InvokeForm form,
                   Reply reply) {
  engine::InvokeRequest invoke;
  invoke.request_id = request_id_of(request);
  const auto refuse = [&](const Error& error) {
    reply(wire::rest_json_error(error, invoke.request_id));
  };
  for (const char* name : kNotHere)
    if (!net::field(request, name).empty())
      return refuse(invalid("InvalidParameterValueException",
                            std::string("Kiln's Invoke has no ") + name +
                                ", so that it refuses it rather than drop it; leave it out. "
                                "docs/compatibility.md lists what there is."));

  auto scope = wire::CredentialScope::of(request.base());
  auto ref = model::parse_function_ref(function_segment, qualifier, scope.region,
                                       engine.options().account, model::Operation::kInvoke);
  if (!ref) return refuse(ref.error());
  const bool is_async = form == InvokeForm::kAsync;
  const auto type = is_async ? "Event" : net::field(request, "X-Amz-Invocation-Type"),
             log_type = is_async ? "" : net::field(request, "X-Amz-Log-Type");
  if (auto known = check_headers(type, log_type, form); !known) return refuse(known.error());
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
    response.headers.emplace_back(kRequestId, invoke.request_id);
    return reply(std::move(response));
  }
  const bool is_event = type == "Event";
  if (const auto fault = json_fault(request.body()))
    return refuse(invalid("InvalidRequestContentException",
                          "Could not parse request body into json: " + *fault));
  auto context = client_context(net::field(request, "X-Amz-Client-Context"));
  if (!context) return refuse(context.error());
  invoke.client_context = std::move(*context);
  invoke.payload = std::move(request.body());
  invoke.trace_id =
      model::complete_trace_header(net::field(request, "X-Amzn-Trace-Id"), invoke.function_name,
                                   epoch_ms(engine.clock().wall_now()) / 1000);
  if (is_event) return accept_event(engine, std::move(invoke), std::move(reply));
  invoke.want_log_tail = log_type == "Tail";

  if (form == InvokeForm::kResponseStream) {
    const auto stream = std::make_shared<EventStreamAnswer>(std::move(reply), invoke.request_id,
                                                            answer_headers(invoke));
    invoke.stream = stream;
    return engine.invoke(std::move(invoke),
                         [stream](engine::InvokeReply&& done) { stream->finish(done); });
  }
  engine.invoke(std::move(invoke), [reply = std::move(reply), headers = answer_headers(invoke)](
                                       engine::InvokeReply&& done) mutable {
    reply(to_response(std::move(done), std::move(headers)));
  });
}

}  // namespace kiln::services
