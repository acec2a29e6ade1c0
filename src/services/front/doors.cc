#include "services/front/doors.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/ids.h"
#include "base/star_pattern.h"
#include "model/url_host.h"
#include "services/driver/classify.h"
#include "wire/query_protocol.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

using ascii::lower;
using std::string_view_literals::operator""sv;

constexpr size_t kMaxHost = 253 + 6;  // a host name and a port
constexpr size_t kShown = 120;

// AWS's names: clients that were told to connect here still send them.
constexpr std::array kAwsNames = {".amazonaws.com"sv, ".amazonaws.com.cn"sv, ".api.aws"sv,
                                  ".on.aws"sv};
// How containers and virtual machines reach the machine that they are on.
constexpr std::array kGateways = {"host.docker.internal"sv, "gateway.docker.internal"sv,
                                  "host.containers.internal"sv, "host.lima.internal"sv,
                                  "host.minikube.internal"sv};

constexpr const char* kReadable =
    "x-amzn-RequestId, x-amzn-ErrorType, x-amz-request-id, X-Amz-Function-Error, X-Amz-Log-Result, "
    "X-Amz-Executed-Version, ETag, Content-Length, Content-Type, Date";

std::string_view target_of(const net::RequestHeader& header) { return header.target(); }

// "Kiln.Example:4566" is kiln.example; "[::1]:80" is ::1.
std::string name_of(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t end = std::min(host.find(']'), host.size());
    const std::string_view rest = host.substr(std::min(end + 1, host.size()));
    // What goes on behind the bracket, but for a port, is no address.
    return lower(rest.empty() || rest.front() == ':' ? host.substr(1, end - 1) : host);
  }
  std::string name = lower(host.substr(0, host.find(':')));
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_address(const std::string& name) {
  in6_addr unused;
  return ::inet_pton(AF_INET, name.c_str(), &unused) == 1 ||
         ::inet_pton(AF_INET6, name.substr(0, name.find('%')).c_str(), &unused) == 1;
}

bool is_localhost(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost");
}

bool is_loopback(const std::string& name) {
  return is_localhost(name) || name == "::1" || (is_address(name) && name.starts_with("127."));
}

// "*" and "*.shop.example" match what they say.
bool matches(std::string_view pattern, std::string_view text) {
  return matches_star(pattern, text, Star::kSomething);
}

bool matches_one(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches(pattern, text); });
}

std::string own_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  return lower(name.data());
}

std::vector<std::string> lower_all(std::vector<std::string> texts) {
  for (std::string& text : texts) text = lower(text);
  return texts;
}

// "https://shop.example:8443" without the scheme; "" for "null" and what else is no origin.
std::string_view authority_of(std::string_view origin) {
  const size_t at = origin.find("://");
  return at == std::string_view::npos ? std::string_view() : origin.substr(at + 3);
}

// Requests without Origin that a page makes all the same: images, scripts, forms of GET, links.
// A link may show what changes nothing, and SNS's messages hold two that are to be followed.
bool is_pages_read(const net::RequestHeader& header) {
  if (net::field(header, "Sec-Fetch-Site") != "cross-site") return false;
  if (net::field(header, "Sec-Fetch-Mode") != "navigate") return true;
  const std::string_view target = target_of(header);
  const size_t question = target.find('?');
  if (question == std::string_view::npos) return header.method() != net::http::verb::get;
  const auto query = wire::QueryParams::parse(target.substr(question + 1));
  const std::string_view action = query.get("Action");
  return header.method() != net::http::verb::get ||
         !(action.empty() || action == "ConfirmSubscription" || action == "Unsubscribe");
}

std::string shown(std::string_view text) { return std::string(text.substr(0, kShown)); }

net::Response refused(const net::RequestHeader& header, std::string message) {
  const Shape shape = classify(header).shape;
  const Error error{ErrorKind::kForbidden,
                    shape == Shape::kRestXml ? "AccessDenied" : "AccessDeniedException",
                    std::move(message)};
  return shape == Shape::kRestXml ? wire::rest_xml_error(403, error, new_uuid())
                                  : error_in_shape(shape, error, new_uuid());
}

// S3's answers have this header, and let pages read by their bucket's CORS configuration.
bool is_of_bucket(const net::Response& response) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [](const auto& header) { return header.first == "x-amz-id-2"; });
}

// The host that a target in absolute form names: "http://HOST/path"; nullopt: it is in another
// form.
std::optional<std::string_view> host_of_target(std::string_view target) {
  const size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return std::nullopt;
  target.remove_prefix(scheme + 3);
  return target.substr(0, target.find_first_of("/?#"));
}

}  // namespace

Doors::Doors(DoorOptions options)
    : options_{lower_all(std::move(options.allowed_hosts)),
               lower_all(std::move(options.allowed_origins))},
      own_name_(own_name()) {}

bool Doors::is_known_host(std::string_view host) const {
  if (host.empty()) return true;  // no browser leaves it out
  for (const std::string_view usual : {"127.0.0.1"sv, "localhost"sv})
    if (host.starts_with(usual) && (host.size() == usual.size() || host[usual.size()] == ':'))
      return true;
  if (host.size() > kMaxHost) return false;
  const std::string name = name_of(host);
  const auto ends = [&](std::string_view end) { return name.ends_with(end); };
  return is_localhost(name) || is_address(name) || name == own_name_ ||
         std::any_of(kAwsNames.begin(), kAwsNames.end(), ends) ||
         std::find(kGateways.begin(), kGateways.end(), name) != kGateways.end() ||
         matches_one(options_.allowed_hosts, name);
}

bool Doors::is_known_origin(std::string_view origin, std::string_view host) const {
  const std::string given = lower(origin);
  if (matches_one(options_.allowed_origins, given)) return true;
  const std::string_view authority = authority_of(given);
  if (authority.empty()) return false;
  return is_loopback(name_of(authority)) || authority == lower(host);
}

std::optional<net::Response> Doors::refusal(const net::RequestHeader& header) const {
  std::string_view host = net::field(header, "Host");
  const auto named = host_of_target(target_of(header));
  if (named && host.empty()) host = *named;
  if (named && !ascii::same(*named, host))
    return refused(header, "The request's target names the host '" + shown(*named) +
                               "', and its Host header another one.");
  if (model::is_url_host(host)) return std::nullopt;
  if (!is_known_host(host))
    return refused(header, "Kiln doesn't answer for the host name '" + shown(host) +
                               "': a web page could have made it point here. To allow it, as the "
                               "name of a service of docker-compose needs, start Kiln with "
                               "`kiln serve --allow-host " +
                               shown(name_of(host)) + "`.");
  const std::string_view origin = net::field(header, "Origin");
  if (!origin.empty() && !is_known_origin(origin, host))
    return refused(header, "Kiln doesn't answer web pages from '" + shown(origin) +
                               "'. To allow them, start it with `kiln serve --allow-origin " +
                               shown(origin) + "`.");
  if (origin.empty() && is_pages_read(header))
    return refused(header,
                   "Kiln doesn't answer web pages from elsewhere. To allow one to ask by a script, "
                   "start it with `kiln serve --allow-origin ORIGIN`.");
  return std::nullopt;
}

std::optional<net::Response> Doors::preflight(const net::RequestHeader& header) const {
  const std::string origin = origin_of(header);
  const std::string_view method = net::field(header, "Access-Control-Request-Method");
  if (header.method() != net::http::verb::options || origin.empty() || method.empty())
    return std::nullopt;
  net::Response response;
  response.status = 204;
  response.content_type.clear();
  response.headers.emplace_back("Access-Control-Allow-Methods", method);
  if (const auto asked = net::field(header, "Access-Control-Request-Headers"); !asked.empty())
    response.headers.emplace_back("Access-Control-Allow-Headers", asked);
  if (net::field(header, "Access-Control-Request-Private-Network") == "true")
    response.headers.emplace_back("Access-Control-Allow-Private-Network", "true");
  response.headers.emplace_back("Access-Control-Max-Age", "600");
  let_read(origin, response);
  return response;
}

std::string Doors::origin_of(const net::RequestHeader& header) {
  const std::string_view origin = net::field(header, "Origin");
  if (origin.empty() || model::is_url_host(net::field(header, "Host"))) return "";
  return std::string(origin);
}

void Doors::let_read(std::string_view origin, net::Response& response) {
  if (origin.empty() || is_of_bucket(response)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
  response.headers.emplace_back("Access-Control-Expose-Headers", kReadable);
  response.headers.emplace_back("Vary", "Origin");
}

}  // namespace kiln::services
