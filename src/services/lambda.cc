#include "services/lambda.h"

#include <fstream>
#include <set>

#include "base/ids.h"
#include "engine/layer_book.h"
#include "services/lambda_call.h"
#include "services/lambda_invoke.h"
#include "services/lambda_routes.h"
#include "services/object_fetch.h"
#include "wire/credential_scope.h"
#include "wire/rest_json_error.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

constexpr std::string_view kFunctions = "/2015-03-31/functions/";
constexpr std::string_view kInvocations = "/invocations";

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
  if (text.empty()) return nlohmann::json::object();
  auto document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded() || !document.is_object())
    return Error{ErrorKind::kInvalid, "SerializationException",
                 "The request body is not a JSON object."};
  return document;
}

net::Response finish(OperationResult result, const std::string& request_id) {
  if (!result) return wire::rest_json_error(result.error(), request_id);
  result->headers.emplace_back("x-amzn-RequestId", request_id);
  return std::move(*result);
}

}  // namespace

void LambdaService::handle(net::Request&& request, Reply reply) {
  // The hot path first: POST …/functions/NAME/invocations, with or without a query.
  const std::string_view target = net::target(request);
  const std::string_view path = target.substr(0, target.find('?'));
  if (path.size() > kFunctions.size() + kInvocations.size() && path.starts_with(kFunctions) &&
      path.ends_with(kInvocations) && request.method() == net::http::verb::post) {
    return invoke(std::move(request), std::move(reply));
  }

  const std::string id = new_uuid();
  wire::Uri uri = wire::Uri::parse(target);
  const bool is_read = request.method() == net::http::verb::get;
  if (is_read && uri.segments.size() == 3 && uri.segments[0] == "_kiln" &&
      uri.segments[1] == "code") {
    return send_code(uri.segments[2], std::move(reply));
  }
  const std::string_view method(request.method_string().data(), request.method_string().size());
  auto route = find_lambda_route(method, uri);
  if (route.operation == nullptr) {
    return reply(wire::rest_json_error(
        route.name.empty() ? unknown(method, uri.raw_path) : unsupported(route.name), id));
  }

  auto call = std::make_shared<LambdaCall>(
      LambdaCall{engine_.registry(), engine_.code_store(), engine_.accounts(), engine_.board(),
                 engine_.layers(), wire::CredentialScope::of(request.base()).region,
                 std::string(net::field(request, "Host")), std::move(route.function),
                 std::move(route.argument), std::move(route.detail), std::move(uri.query)});
  call->fetch_object = [this](const std::string& bucket, const std::string& key, int64_t most) {
    return fetch_object(engine_, bucket, key, most);
  };
  const auto run = [this, call, operation = route.operation, id, reply] {
    engine_.post_control([this, call, operation, id, reply] {
      const bool frees_code = operation == delete_function || operation == update_function_code ||
                              operation == update_function_configuration ||
                              operation == delete_layer_version;
      auto result = operation(*call);
      const bool changed = result.ok();
      reply(finish(std::move(result), id));
      if (frees_code && changed) collect_code();
    });
  };
  if (route.prepare == nullptr) {
    auto body = parse_body(request.body());
    if (!body) return reply(wire::rest_json_error(body.error(), id));
    call->body = std::move(*body);
    return run();
  }
  engine_.post_worker(
      [call, prepare = route.prepare, run, id, reply, text = std::move(request.body())]() mutable {
        auto body = parse_body(text);
        std::string().swap(text);
        if (!body) return reply(wire::rest_json_error(body.error(), id));
        call->body = std::move(*body);
        if (auto prepared = prepare(*call); !prepared)
          return reply(wire::rest_json_error(prepared.error(), id));
        run();
      });
}

// The request stays where it is until handle_invoke has read the name: views into its target last
// as long.
void LambdaService::invoke(net::Request&& request, Reply reply) {
  std::string_view path = net::target(request);
  std::string qualifier;
  if (const size_t query = path.find('?'); query != std::string_view::npos) {
    qualifier = wire::QueryParams::parse(path.substr(query + 1)).get("Qualifier");
    path = path.substr(0, query);
  }
  path.remove_prefix(kFunctions.size());
  path.remove_suffix(kInvocations.size());
  if (path.find('%') == std::string_view::npos)
    return handle_invoke(engine_, std::move(request), path, qualifier, std::move(reply));
  handle_invoke(engine_, std::move(request), wire::percent_decode(path), qualifier,
                std::move(reply));
}

// Code that no function and no layer refers to goes; the store keeps what a sandbox still has
// mounted.
void LambdaService::collect_code() {
  std::set<std::string> used = engine_.registry().code_in_use();
  used.merge(engine_.layers().code_in_use());
  engine_.post_worker([this, used = std::move(used)] { engine_.code_store().collect(used); });
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
