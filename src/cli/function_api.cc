#include "cli/function_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/ascii.h"
#include "base/json_access.h"
#include "logs/function_stream.h"
#include "wire/xml_document.h"

namespace kiln::cli {

std::string function_path(const std::string& name) {
  return "/2015-03-31/functions/" + percent_encode(name);
}

Result<nlohmann::json> send_document(ApiClient& client, const std::string& method,
                                     const std::string& path, const nlohmann::json& document) {
  ApiRequest request{.method = method, .path = path};
  request.body = json_dump(document);
  request.headers = {{"Content-Type", "application/json"}};
  return client.json(request);
}

Result<nlohmann::json> list_functions(ApiClient& client, size_t enough) {
  nlohmann::json all = nlohmann::json::array();
  std::string marker;
  do {
    std::string path = "/2015-03-31/functions/?MaxItems=50";
    if (!marker.empty()) path += "&Marker=" + percent_encode(marker);
    Result<nlohmann::json> page = client.json({.method = "GET", .path = path});
    if (!page) return page;
    if (!page->is_object()) break;
    for (nlohmann::json& function : (*page)["Functions"]) all.push_back(std::move(function));
    marker = string_at(*page, "NextMarker");
  } while (!marker.empty() && all.size() < enough);
  return all;
}

FunctionTarget split_target(const std::string& target) {
  // arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER] or ACCOUNT:function:NAME[:QUALIFIER]
  constexpr std::string_view kFunction = ":function:";
  const size_t name = target.find(kFunction);
  if (name == std::string::npos && target.starts_with("arn:"))
    return {target, ""};  // of another kind
  const size_t colon = target.find(':', name == std::string::npos ? 0 : name + kFunction.size());
  if (colon == std::string::npos) return {target, ""};
  return {target.substr(0, colon), target.substr(colon + 1)};
}

std::string plain_name(const FunctionTarget& target) {
  return target.name.substr(target.name.rfind(':') + 1);
}

std::string region_of(const FunctionTarget& target) {
  size_t from = 0;
  for (int part = 0; part < 3; ++part) {
    const size_t colon = target.name.find(':', from);
    if (colon == std::string::npos) return "";
    from = colon + 1;
  }
  return target.name.substr(from, target.name.find(':', from) - from);
}

std::string qualifier_query(const std::string& qualifier) {
  return qualifier.empty() ? "" : "?Qualifier=" + percent_encode(qualifier);
}

std::string target_path(const FunctionTarget& target, const std::string& operation) {
  return function_path(target.name) + "/" + operation + qualifier_query(target.qualifier);
}

std::string configuration_path(const FunctionTarget& target) {
  return target_path(target, "configuration");
}

Result<std::string> version_of(ApiClient& client, const FunctionTarget& target) {
  if (target.qualifier.empty()) return std::string();
  const Result<nlohmann::json> named = client.json({.path = configuration_path(target)});
  if (!named) return named.error();
  return string_at(*named, "Version");
}

Result<std::set<std::string>> versions_of(ApiClient& client, const FunctionTarget& target) {
  using Versions = std::set<std::string>;
  const std::string& qualifier = target.qualifier;
  if (qualifier.empty()) return Versions();
  if (qualifier == "$LATEST" || std::all_of(qualifier.begin(), qualifier.end(), ascii::is_digit))
    return Versions{qualifier};
  const Result<nlohmann::json> alias =
      client.json({.path = function_path(target.name) + "/aliases/" + percent_encode(qualifier)});
  if (!alias) return alias.error();
  Versions versions{string_at(*alias, "FunctionVersion")};
  const nlohmann::json weights =
      json_member(json_member(*alias, "RoutingConfig"), "AdditionalVersionWeights");
  if (weights.is_object())
    for (const auto& [version, weight] : weights.items()) versions.insert(version);
  return versions;
}

Result<std::string> find_log_group(ApiClient& client, const FunctionTarget& target) {
  const Result<nlohmann::json> settings = client.json({.path = configuration_path(target)});
  if (!settings) return settings.error();
  const std::string group = string_at(json_member(*settings, "LoggingConfig"), "LogGroup");
  return group.empty() ? default_log_group(target) : group;
}

std::string default_log_group(const FunctionTarget& target) {
  return std::string(logs::kFunctionGroupPrefix) + plain_name(target);
}

std::string log_group_of(ApiClient& client, const FunctionTarget& target) {
  const Result<std::string> found = find_log_group(client, target);
  return found ? *found : default_log_group(target);
}

Result<nlohmann::json> json_call(ApiClient& client, const std::string& service,
                                 const std::string& operation, const nlohmann::json& input) {
  ApiRequest request{.method = "POST", .body = json_dump(input), .service = service};
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", operation}};
  return client.json(request);
}

Result<nlohmann::json> query_call(ApiClient& client, const std::string& service,
                                  const std::string& version, const std::string& action,
                                  const Form& parameters) {
  std::string body = "Action=" + action + "&Version=" + version;
  for (const auto& [name, value] : parameters)
    body += "&" + percent_encode(name) + "=" + percent_encode(value);
  const auto response = client.send(
      {.method = "POST",
       .body = std::move(body),
       .service = service,
       .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}});
  if (!response) return response.error();
  if (response->status < 200 || response->status > 299) return query_error(*response);
  return wire::query_result(action, response->body);
}

Error query_error(const ApiResponse& response) {
  const Error otherwise = error_of(response);
  Error error = wire::xml_error(otherwise.kind, response.body);
  if (error.type.empty()) return otherwise;
  // Kiln tells of all that is wrong with a template, and where.
  const auto problems = json_parse(response.header("x-kiln-problems"));
  if (problems.is_string()) error.message = json_text(problems);
  return error;
}

Result<nlohmann::json> wait_until_active(ApiClient& client, const std::string& name,
                                         Duration limit) {
  const SystemClock clock;
  const SteadyTime end = clock.steady_now() + limit;
  Duration pause = std::chrono::milliseconds(10);
  while (true) {
    Result<nlohmann::json> configuration =
        client.json({.method = "GET", .path = function_path(name) + "/configuration"});
    if (!configuration) return configuration;
    const std::string state = string_at(*configuration, "State");
    const std::string update = string_at(*configuration, "LastUpdateStatus");
    if (state == "Failed" || update == "Failed") {
      const bool by_update = state != "Failed";
      const std::string reason =
          string_at(*configuration, by_update ? "LastUpdateStatusReason" : "StateReason");
      return Error{ErrorKind::kBadGateway, "Failed",
                   "the function '" + name + "' could not be made ready" +
                       (reason.empty() ? "" : ": " + reason)};
    }
    if (state != "Pending" && update != "InProgress") return configuration;
    if (clock.steady_now() >= end) {
      return Error{ErrorKind::kUnavailable, "Timeout",
                   "the function '" + name + "' is still " + (state == "Pending" ? state : update) +
                       "; look again with `kiln list`"};
    }
    std::this_thread::sleep_for(pause);
    pause = std::min<Duration>(pause * 2, std::chrono::milliseconds(500));
  }
}

Result<nlohmann::json> wait_for_version(ApiClient& client, const std::string& name,
                                        const nlohmann::json& version) {
  constexpr auto kLongestInit = std::chrono::minutes(16);  // the longest timeout, and a little
  if (string_at(version, "State") != "Pending") return version;
  return wait_until_active(client, split_target(name).name + ":" + string_at(version, "Version"),
                           kLongestInit);
}

}  // namespace kiln::cli
