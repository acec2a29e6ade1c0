#include "services/lambda/service.h"

#include <fstream>
#include <set>

#include "base/ids.h"
#include "base/interpreters.h"
#include "base/json_access.h"
#include "base/system_tags.h"
#include "engine/events.h"
#include "engine/layer_book.h"
#include "model/name_checks.h"
#include "services/driver/classify.h"
#include "services/driver/object_fetch.h"
#include "services/driver/trial.h"
#include "services/lambda/call.h"
#include "services/lambda/invoke.h"
#include "services/lambda/members.h"
#include "services/lambda/parameters.h"
#include "services/lambda/routes.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"
#include "wire/rest_json_error.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

// Says to the caller what a user should know of the function.
void add_remark(const std::string& remark, net::Response& response) {
  response.headers.emplace_back("X-Kiln-Note", remark);
}

// The same, and here. On interpreters that is engine::FunctionRunner's, once the function runs.
void say_remark(engine::Engine& engine, const std::string& remark, net::Response& response) {
  add_remark(remark, response);
  if (engine.events().wants(engine::Severity::kWarning))
    engine.events().write(
        engine::note_event(engine::Severity::kWarning, remark, engine.clock().wall_now()));
}

// The runtime that a request names, "" for none.
std::string runtime_of(const LambdaCall& call) {
  const auto runtime = call.body.find("Runtime");
  return runtime != call.body.end() && runtime->is_string() ? json_text(*runtime) : "";
}

// Botocore repeats what answers with 5xx: an operation that is not there says so with 400.
Error unsupported(std::string_view operation) {
  return {ErrorKind::kInvalid, "UnsupportedOperationException",
          "Kiln's Lambda has no operation " + std::string(operation) +
              " yet; docs/compatibility.md lists what there is."};
}

Error unknown(std::string_view method, std::string_view path) {
  return {ErrorKind::kNotFound, "UnknownOperationException",
          "The Lambda API has no operation " + std::string(method) + " " + std::string(path) + "."};
}

Result<nlohmann::json> parse_body(const std::string& text) {
  auto document = wire::parse_json_body(text);
  if (!document)
    return Error{ErrorKind::kInvalid, "SerializationException",
                 "The request body is not a JSON object."};
  return document;
}

// Clients add what they sign an address with.
Result<void> check_parameters(std::string_view operation, const wire::QueryParams& query) {
  nlohmann::json given = nlohmann::json::object();
  for (const auto& [name, value] : query.items())
    if (!is_of_signature(name) && !name.empty()) given[name] = value;
  return check_members(lambda_parameters(), operation, given, "InvalidParameterValueException");
}

Result<nlohmann::json> read_body(std::string_view operation, const std::string& text) {
  auto body = parse_body(text);
  if (!body) return body;
  if (auto known =
          check_members(lambda_members(), operation, *body, "InvalidParameterValueException");
      !known)
    return known.error();
  return body;
}

net::Response finish(OperationResult result, const std::string& request_id) {
  if (!result) return wire::rest_json_error(result.error(), request_id);
  result->headers.emplace_back("x-amzn-RequestId", request_id);
  return std::move(*result);
}

}  // namespace

void LambdaService::handle(net::Request&& request, Reply reply) {
  // The hot path first.
  if (is_invocation(request))
    return invoke(std::move(request), invoked_function(request), InvokeForm::kInvoke,
                  std::move(reply));

  const std::string_view target = net::target(request);
  const std::string id = new_uuid();
  wire::Uri uri = wire::Uri::parse(target);
  const bool is_read = request.method() == net::http::verb::get;
  if (is_read && uri.segments.size() == 3 && uri.segments[0] == "_kiln" &&
      uri.segments[1] == "code") {
    return send_code(uri.segments[2], std::move(reply));
  }
  const std::string_view method(request.method_string().data(), request.method_string().size());
  auto route = find_lambda_route(method, uri);
  if (route.operation == nullptr && route.names_function) {
    std::optional<InvokeForm> form;
    if (route.name == "InvokeWithResponseStream") form = InvokeForm::kResponseStream;
    if (route.name == "InvokeAsync") form = InvokeForm::kAsync;
    if (form) return invoke(std::move(request), route.function, *form, std::move(reply));
  }
  if (route.operation == nullptr) {
    return reply(wire::rest_json_error(
        route.name.empty() ? unknown(method, uri.raw_path) : unsupported(route.name), id));
  }

  if (auto known = check_parameters(route.name, uri.query); !known)
    return reply(wire::rest_json_error(known.error(), id));
  if (auto fits = check_parameter_values(route, uri.query); !fits)
    return reply(wire::rest_json_error(fits.error(), id));
  auto call = std::make_shared<LambdaCall>(
      LambdaCall{engine_.registry(), engine_.code_store(), engine_.accounts(), engine_.board(),
                 engine_.layers(), wire::CredentialScope::of(request.base()).region,
                 std::string(net::field(request, "Host")), std::move(route.function),
                 std::move(route.argument), std::move(route.detail), std::move(uri.query)});
  call->vpc = vpc_;
  call->effects = effects_of(request);
  if (net::field(request, system_tags::kHeader) == system_tags::kStack)
    call->tags_by = model::TagAuthor::kStack;
  call->fetch_object = [this](const std::string& bucket, const std::string& key, int64_t most) {
    return fetch_object(engine_, bucket, key, most);
  };
  // On the interpreter of a function that is made or changed; set by the worker.
  auto remark = std::make_shared<std::string>();
  const auto run = [this, call, remark, operation = route.operation, id, reply] {
    engine_.post_control([this, call, remark, operation, id, reply] {
      const bool frees_code = operation == delete_function || operation == update_function_code ||
                              operation == update_function_configuration ||
                              operation == delete_layer_version;
      auto result = operation(*call);
      const bool changed = result.ok();
      const bool left_code = !changed && call->added_code;
      call->added_code.reset();
      if (changed && !call->note.empty()) say_remark(engine_, call->note, *result);
      if ((frees_code && changed) || left_code) collect_code();
      if (changed && !remark->empty()) add_remark(*remark, *result);
      reply(finish(std::move(result), id));
    });
  };
  if (route.prepare == nullptr) {
    auto body = read_body(route.name, request.body());
    if (!body) return reply(wire::rest_json_error(body.error(), id));
    call->body = std::move(*body);
    return run();
  }
  auto work = [this, call, remark, prepare = route.prepare, name = route.name, run, id, reply,
               text = std::move(request.body())]() mutable {
    auto body = read_body(name, text);
    std::string().swap(text);
    if (!body) return reply(wire::rest_json_error(body.error(), id));
    call->body = std::move(*body);
    const auto refuse = [&](const Error& error) {
      const bool left_code = call->added_code != nullptr;
      call->added_code.reset();
      if (left_code) engine_.post_control([this] { collect_code(); });
      reply(wire::rest_json_error(error, id));
    };
    if (auto prepared = prepare(*call); !prepared) return refuse(prepared.error());
    *remark = machine_interpreters().remark(runtime_of(*call), engine_.ending());
    if (!remark->empty() && Interpreters::strict())
      return refuse({ErrorKind::kInvalid, "InvalidParameterValueException",
                     *remark + " kiln serve --strict-runtimes refuses it."});
    run();
  };
  // Code of another server's S3 is waited for, on threads that nothing else needs.
  if (engine_.options().forwards.contains("s3")) return downloads_.post(std::move(work));
  engine_.post_worker(std::move(work));
}

// The request stays where it is until handle_invoke has read the name: views into its target last
// as long.
void LambdaService::invoke(net::Request&& request, std::string_view function, InvokeForm form,
                           Reply reply) {
  const std::string_view target = net::target(request);
  std::string qualifier;
  if (const size_t query = target.find('?'); query != std::string_view::npos) {
    const auto parameters = wire::QueryParams::parse(target.substr(query + 1));
    const auto given = parameters.find("Qualifier");
    if (given && given->empty()) {
      model::Violations violations;
      model::check_qualifier(*given, violations);
      return reply(wire::rest_json_error(*violations.error(), new_uuid()));
    }
    qualifier = given.value_or("");
  }
  if (function.find('%') == std::string_view::npos)
    return handle_invoke(engine_, std::move(request), function, qualifier, form, std::move(reply));
  handle_invoke(engine_, std::move(request), wire::percent_decode(function), qualifier, form,
                std::move(reply));
}

// Code that no function and no layer refers to goes; the store keeps what a sandbox still has
// mounted.
void LambdaService::collect_code() {
  store::CodeStore::Hold since = engine_.code_store().hold_for_collect();
  std::set<std::string> used = engine_.registry().code_in_use();
  used.merge(engine_.layers().code_in_use());
  engine_.post_worker([this, used = std::move(used), since = std::move(since)] {
    engine_.code_store().collect(used, since);
  });
}

// The Location that GetFunction answers.
void LambdaService::send_code(const std::string& key, Reply reply) {
  model::CodeLocation code;
  code.zip_sha_hex = key.substr(0, key.find('.'));
  const bool hex = code.zip_sha_hex.size() == 64 &&
                   code.zip_sha_hex.find_first_not_of("0123456789abcdef") == std::string::npos;
  engine_.post_worker([this, code, hex, reply = std::move(reply)] {
    std::ifstream in;
    if (hex) in.open(engine_.code_store().zip_path(code), std::ios::binary);
    if (!in.is_open())
      return reply(wire::rest_json_error(
          {ErrorKind::kNotFound, "ResourceNotFoundException", "No such code package."},
          new_uuid()));
    net::Response response;
    response.content_type = "application/zip";
    response.body.assign(std::istreambuf_iterator<char>(in), {});
    reply(std::move(response));
  });
}

}  // namespace kiln::services
