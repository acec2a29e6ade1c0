#include "services/lambda_url/event.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/json_access.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

using ascii::lower;
using nlohmann::json;

void add_value(std::map<std::string, std::string>& values, const std::string& name,
               std::string_view value) {
  const auto [at, is_new] = values.try_emplace(name, value);
  if (!is_new) at->second.append(",").append(value);
}

// "a=1; b=2" to the list of its cookies.
void add_cookies(std::string_view header, json& cookies) {
  while (!header.empty()) {
    const size_t end = header.find(';');
    std::string_view one = header.substr(0, end);
    header = end == std::string_view::npos ? std::string_view() : header.substr(end + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) cookies.push_back(std::string(one));
  }
}

bool is_text(std::string_view content_type, std::string_view body) {
  const std::string type = lower(content_type);
  bool named = type.starts_with("text/");
  for (const char* part : {"json", "xml", "javascript"})
    named = named || type.find(part) != std::string::npos;
  return named && simdjson::validate_utf8(body.data(), body.size());
}

// 12/Mar/2020:19:03:58 +0000
std::string request_time(WallTime now) {
  const std::time_t seconds = static_cast<std::time_t>(epoch_s(now));
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return two(parts.tm_mday) + "/" + kMonths[static_cast<size_t>(parts.tm_mon)] + "/" +
         std::to_string(parts.tm_year + 1900) + ":" + two(parts.tm_hour) + ":" + two(parts.tm_min) +
         ":" + two(parts.tm_sec) + " +0000";
}

// As AWS says the path in requestContext.
std::string merge_slashes(std::string path) {
  path.erase(
      std::unique(path.begin(), path.end(), [](char a, char b) { return a == '/' && b == '/'; }),
      path.end());
  return path;
}

}  // namespace

std::string url_event(const net::Request& request, const UrlCaller& caller) {
  const std::string_view target = net::target(request);
  const wire::Uri uri = wire::Uri::parse(target);
  const size_t question = target.find('?');
  const std::string raw_query(question == std::string_view::npos
                                  ? std::string_view()
                                  : target.substr(question + 1, target.find('#') - question - 1));
  const std::string method(request.method_string().data(), request.method_string().size());
  const std::string path = uri.raw_path.empty() ? "/" : uri.raw_path;
  const std::string read_path = merge_slashes(wire::percent_decode(path));

  json cookies = json::array();
  std::map<std::string, std::string> headers;
  for (const auto& field : request.base()) {
    const std::string name = lower({field.name_string().data(), field.name_string().size()});
    const std::string_view value{field.value().data(), field.value().size()};
    if (name == "cookie")
      add_cookies(value, cookies);
    else if (name != "connection" &&
             name != "keep-alive")  // of this connection, not of the request
      add_value(headers, name, value);
  }
  headers["x-forwarded-proto"] = "http";
  headers["x-forwarded-port"] = caller.host.port.empty() ? "80" : caller.host.port;
  if (!caller.source_ip.empty()) add_value(headers, "x-forwarded-for", caller.source_ip);
  headers["x-amzn-trace-id"] = caller.trace_id;

  const std::string content_type(net::field(request, "Content-Type"));
  const std::string& body = request.body();
  const bool as_text = body.empty() || is_text(content_type, body);
  json event = {{"version", "2.0"},
                {"routeKey", "$default"},
                {"rawPath", path},
                {"rawQueryString", raw_query},
                {"headers", headers},
                {"requestContext",
                 {{"accountId", caller.account},
                  {"apiId", caller.host.id},
                  {"domainName", caller.host.name},
                  {"domainPrefix", caller.host.id},
                  {"http",
                   {{"method", method},
                    {"path", read_path},
                    {"protocol", request.version() == 10 ? "HTTP/1.0" : "HTTP/1.1"},
                    {"sourceIp", caller.source_ip},
                    {"userAgent", std::string(net::field(request, "User-Agent"))}}},
                  {"requestId", caller.request_id},
                  {"routeKey", "$default"},
                  {"stage", "$default"},
                  {"time", request_time(caller.now)},
                  {"timeEpoch", epoch_ms(caller.now)}}},
                {"isBase64Encoded", !as_text}};
  if (!cookies.empty()) event["cookies"] = std::move(cookies);
  if (!uri.query.items().empty()) {
    std::map<std::string, std::string> parameters;
    for (const auto& [name, value] : uri.query.items()) add_value(parameters, name, value);
    event["queryStringParameters"] = parameters;
  }
  if (!body.empty()) event["body"] = as_text ? body : base64_encode(body);
  return json_dump(event);
}

}  // namespace kiln::services
