// CreateFunctionUrlConfig, GetFunctionUrlConfig, UpdateFunctionUrlConfig, ListFunctionUrlConfigs,
// DeleteFunctionUrlConfig.
#include <algorithm>

#include "base/ascii.h"
#include "base/ids.h"
#include "base/time_format.h"
#include "model/violations.h"
#include "services/lambda/call.h"
#include "services/lambda/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr const char* kNoUrlFunction = "Function does not exist";
constexpr const char* kNoUrl = "The resource you requested does not exist.";

// A URL hangs on the function itself or on an alias; a version, and $LATEST by name, are refused.
Result<model::FunctionRef> read_url_ref(const LambdaCall& call) {
  auto ref = model::parse_function_ref(call.function, call.query.get("Qualifier"), call.region,
                                       call.registry.account(), model::Operation::kGet);
  if (!ref) return ref;
  const auto refuse = [&] {
    return validation_error("1 validation error detected: Value '" + ref->qualifier +
                            "' at 'qualifier' failed to satisfy constraint: Member must satisfy "
                            "regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)");
  };
  if (!ref->qualifier.empty() && model::is_version(ref->qualifier)) return refuse();
  return ref;
}

// The function, with the alias that `ref` may name.
Result<model::FunctionPtr> find_function(const LambdaCall& call, const model::FunctionRef& ref) {
  auto function = call.registry.find(ref.region, ref.name);
  if (!function) return not_found(kNoUrlFunction);
  if (!ref.qualifier.empty() && !(*function)->aliases.contains(ref.qualifier))
    return not_found(kNoUrlFunction);
  return function;
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

void check_lengths(const std::vector<std::string>& list, const std::string& member, size_t most,
                   size_t least_length, size_t most_length, model::Violations& violations) {
  if (list.size() > most)
    violations.add("[" + std::to_string(list.size()) + " entries]", member,
                   "Member must have length less than or equal to " + std::to_string(most));
  for (const std::string& one : list) {
    violations.check_length(one, member, least_length, most_length);
    if (!is_printable(one))
      violations.add(one, member, "Member must satisfy regular expression pattern: .*");
  }
}

Result<void> read_cors(const json& document, std::optional<model::UrlCors>& cors) {
  Fields fields(document);
  model::UrlCors given;
  const auto list = [&](const char* name) {
    return fields.texts(name).value_or(std::vector<std::string>());
  };
  given.allow_credentials = fields.flag("AllowCredentials");
  given.allow_headers = list("AllowHeaders");
  given.allow_methods = list("AllowMethods");
  given.allow_origins = list("AllowOrigins");
  given.expose_headers = list("ExposeHeaders");
  given.max_age_s = fields.integer("MaxAge");
  if (auto read = fields.result(); !read) return read;
  model::Violations violations;
  check_lengths(given.allow_headers, "cors.allowHeaders", 100, 0, 1024, violations);
  check_lengths(given.allow_methods, "cors.allowMethods", 6, 0, 6, violations);
  check_lengths(given.allow_origins, "cors.allowOrigins", 100, 1, 253, violations);
  check_lengths(given.expose_headers, "cors.exposeHeaders", 100, 0, 1024, violations);
  if (given.max_age_s) violations.check_range(*given.max_age_s, "cors.maxAge", 0, 86'400);
  if (!violations.empty()) return violations.result();
  // An empty object ends it.
  cors.reset();
  if (!document.empty()) cors = std::move(given);
  return {};
}

// What the request says goes into `url`.
Result<void> read_url(const LambdaCall& call, model::FunctionUrl& url) {
  Fields fields(call.body);
  const auto auth = fields.text("AuthType"), mode = fields.text("InvokeMode");
  const json* cors = fields.object("Cors");
  if (auto read = fields.result(); !read) return read;
  if (auth && *auth != "NONE" && *auth != "AWS_IAM")
    return enum_violation(*auth, "authType", "NONE, AWS_IAM");
  if (mode && *mode != "BUFFERED" && *mode != model::kResponseStream)
    return enum_violation(*mode, "invokeMode", "RESPONSE_STREAM, BUFFERED");
  if (auth) url.auth_type = *auth;
  if (mode) url.invoke_mode = *mode;
  return cors != nullptr ? read_cors(*cors, url.cors) : Result<void>();
}

// http://ID.lambda-url.REGION.localhost:PORT/ with the port at which the caller reached us. Names
// below localhost are this machine's.
std::string address_of(const LambdaCall& call, const model::FunctionUrl& url) {
  const size_t colon = call.host.rfind(':');
  const std::string port = colon == std::string::npos ? "" : call.host.substr(colon);
  const bool is_port =
      port.size() > 1 && std::all_of(port.begin() + 1, port.end(), ascii::is_digit);
  return "http://" + url.id + ".lambda-url." + call.region + ".localhost" + (is_port ? port : "") +
         "/";
}

json cors_document(const model::UrlCors& cors) {
  json document = json::object();
  if (cors.allow_credentials) document["AllowCredentials"] = true;
  if (!cors.allow_headers.empty()) document["AllowHeaders"] = cors.allow_headers;
  if (!cors.allow_methods.empty()) document["AllowMethods"] = cors.allow_methods;
  if (!cors.allow_origins.empty()) document["AllowOrigins"] = cors.allow_origins;
  if (!cors.expose_headers.empty()) document["ExposeHeaders"] = cors.expose_headers;
  if (cors.max_age_s) document["MaxAge"] = *cors.max_age_s;
  return document;
}

json url_document(const LambdaCall& call, const model::FunctionRef& ref,
                  const std::string& qualifier, const model::FunctionUrl& url) {
  json document = {{"FunctionUrl", address_of(call, url)},
                   {"FunctionArn", target_arn(call, ref, qualifier)},
                   {"AuthType", url.auth_type},
                   {"InvokeMode", url.invoke_mode.empty() ? "BUFFERED" : url.invoke_mode},
                   {"CreationTime", format_iso_ms(url.created)},
                   {"LastModifiedTime", format_iso_ms(url.last_modified)}};
  if (url.cors) document["Cors"] = cors_document(*url.cors);
  return document;
}

// What a change answers: the mode only where somebody asked for one, then or before.
json changed_document(const LambdaCall& call, const model::FunctionRef& ref,
                      const model::FunctionUrl& url) {
  json document = url_document(call, ref, ref.qualifier, url);
  if (url.invoke_mode.empty()) document.erase("InvokeMode");
  return document;
}

Result<void> put_url(LambdaCall& call, const model::FunctionRef& ref,
                     const model::Function& function, const model::FunctionUrl& url) {
  auto next = std::make_shared<model::Function>(function);
  next->urls[ref.qualifier] = url;
  return call.registry.put(next);
}

}  // namespace

OperationResult create_function_url(LambdaCall& call) {
  auto ref = read_url_ref(call);
  if (!ref) return ref.error();
  model::FunctionUrl url;
  if (auto read = read_url(call, url); !read) return read.error();
  if (url.auth_type.empty())
    return validation_error(
        "1 validation error detected: Value null at 'authType' failed to satisfy constraint: "
        "Member must not be null");
  auto function = find_function(call, *ref);
  if (!function) return function.error();
  if ((*function)->urls.contains(ref->qualifier))
    return conflict("Failed to create function url config for [functionArn = " +
                    target_arn(call, *ref, ref->qualifier) +
                    "]. Error message:  FunctionUrlConfig exists for this Lambda function");
  url.id = new_hex(16);
  url.created = url.last_modified = call.registry.clock().wall_now();
  if (auto stored = put_url(call, *ref, **function, url); !stored) return stored.error();
  json document = changed_document(call, *ref, url);
  document.erase("LastModifiedTime");
  return json_response(201, document);
}

OperationResult get_function_url(LambdaCall& call) {
  auto ref = read_url_ref(call);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function) return not_found(kNoUrl);
  const auto found = (*function)->urls.find(ref->qualifier);
  if (found == (*function)->urls.end()) return not_found(kNoUrl);
  return json_response(200, url_document(call, *ref, ref->qualifier, found->second));
}

OperationResult update_function_url(LambdaCall& call) {
  auto ref = read_url_ref(call);
  if (!ref) return ref.error();
  model::FunctionUrl wanted;
  if (auto read = read_url(call, wanted); !read) return read.error();
  auto function = find_function(call, *ref);
  if (!function) return function.error();
  const auto found = (*function)->urls.find(ref->qualifier);
  if (found == (*function)->urls.end()) return not_found(kNoUrl);
  model::FunctionUrl url = found->second;
  if (auto read = read_url(call, url); !read) return read.error();
  url.last_modified = call.registry.clock().wall_now();
  if (auto stored = put_url(call, *ref, **function, url); !stored) return stored.error();
  return json_response(200, changed_document(call, *ref, url));
}

OperationResult list_function_urls(LambdaCall& call) {
  auto ref = read_url_ref(call);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function) return not_found(kNoUrlFunction);
  auto page = read_page(call);
  if (!page) return page.error();
  json answer = json::object();
  json list = json::array();
  std::string last;
  const auto& urls = (*function)->urls;
  // The marker is an ARN: the function itself has no qualifier to go on from.
  for (const auto& [qualifier, url] : urls) {
    const std::string arn = target_arn(call, *ref, qualifier);
    if (!page->after.empty() && arn <= page->after) continue;
    if (list.size() == page->max_items) {
      answer["NextMarker"] = make_marker(last);
      break;
    }
    list.push_back(url_document(call, *ref, qualifier, url));
    last = arn;
  }
  answer["FunctionUrlConfigs"] = std::move(list);
  return json_response(200, answer);
}

OperationResult delete_function_url(LambdaCall& call) {
  auto ref = read_url_ref(call);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function || !(*function)->urls.contains(ref->qualifier)) return not_found(kNoUrl);
  auto next = std::make_shared<model::Function>(**function);
  next->urls.erase(ref->qualifier);
  if (auto put = call.registry.put(next); !put) return put.error();
  return empty_response(204);
}

}  // namespace kiln::services
