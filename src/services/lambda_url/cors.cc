#include "services/lambda_url/cors.h"

#include <algorithm>
#include <string>
#include <vector>

namespace kiln::services {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& one : list) text += (text.empty() ? "" : ",") + one;
  return text;
}

// The list, or what was asked for where everything is allowed: browsers take no * together with
// credentials.
std::string allowed(const model::UrlCors& cors, const std::vector<std::string>& list,
                    std::string_view asked) {
  if (cors.allow_credentials && contains(list, "*")) return std::string(asked);
  return joined(list);
}

// False: the origin is not allowed, and nothing is said.
bool add_origin(const model::UrlCors& cors, std::string_view origin, net::Response& response) {
  const bool any = contains(cors.allow_origins, "*");
  if (origin.empty() || (!any && !contains(cors.allow_origins, origin))) return false;
  const bool names_it = !any || cors.allow_credentials;
  response.headers.emplace_back("Access-Control-Allow-Origin", names_it ? origin : "*");
  if (names_it) response.headers.emplace_back("Vary", "Origin");
  if (cors.allow_credentials)
    response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  return true;
}

void add_header(net::Response& response, const char* name, std::string value) {
  if (!value.empty()) response.headers.emplace_back(name, std::move(value));
}

}  // namespace

bool is_preflight(const net::Request& request) {
  return request.method() == net::http::verb::options && !net::field(request, "Origin").empty() &&
         !net::field(request, "Access-Control-Request-Method").empty();
}

net::Response preflight_answer(const model::UrlCors& cors, const net::Request& request) {
  net::Response response;
  response.content_type.clear();
  if (!add_origin(cors, net::field(request, "Origin"), response)) return response;
  add_header(
      response, "Access-Control-Allow-Methods",
      allowed(cors, cors.allow_methods, net::field(request, "Access-Control-Request-Method")));
  add_header(
      response, "Access-Control-Allow-Headers",
      allowed(cors, cors.allow_headers, net::field(request, "Access-Control-Request-Headers")));
  if (cors.max_age_s)
    add_header(response, "Access-Control-Max-Age", std::to_string(*cors.max_age_s));
  return response;
}

void add_cors(const model::UrlCors& cors, std::string_view origin, net::Response& response) {
  if (!add_origin(cors, origin, response)) return;
  add_header(response, "Access-Control-Expose-Headers", joined(cors.expose_headers));
}

}  // namespace kiln::services
