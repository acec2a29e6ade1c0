#include "cli/api_client.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/json_access.h"
#include "cli/curl_library.h"

namespace kiln::cli {
namespace {

constexpr long kConnectTimeoutMs = 5000;
constexpr long kContinueTimeoutMs = 100;  // servers that know the header answer at once

using ascii::lower;

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

size_t append_body(char* data, size_t size, size_t count, void* sink) {
  static_cast<std::string*>(sink)->append(data, size * count);
  return size * count;
}

size_t append_header(char* data, size_t size, size_t count, void* sink) {
  const std::string_view line(data, size * count);
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view value = ascii::trim(line.substr(colon + 1));
    static_cast<ApiResponse*>(sink)->headers[lower(line.substr(0, colon))] = std::string(value);
  }
  return size * count;
}

// Not zero: the request ends.
int ask_whether_given_up(void* given_up, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<const std::function<bool()>*>(given_up))() ? 1 : 0;
}

bool is_loopback(const std::string& endpoint) {
  const size_t host = endpoint.find("://") + 3;
  const std::string_view rest = std::string_view(endpoint).substr(host);
  return rest.starts_with("127.") || rest.starts_with("localhost") || rest.starts_with("[::1]");
}

// http://HOST[:PORT][/PATH], or https.
bool is_endpoint(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  if (text.substr(0, scheme) != "http" && text.substr(0, scheme) != "https") return false;
  const std::string_view authority =
      text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (authority.empty() || colon == 0) return false;
  if (colon == std::string_view::npos) return true;
  const std::string_view port = authority.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string_view::npos;
  return digits && std::stoi(std::string(port)) <= 65'535;
}

// What brings a Kiln to an endpoint where nothing answers.
std::string step_to(std::string_view endpoint) {
  for (const std::string_view here : {"http://127.0.0.1:", "http://localhost:"}) {
    if (!endpoint.starts_with(here)) continue;
    endpoint.remove_prefix(here.size());
    const std::string port(endpoint.substr(0, endpoint.find('/')));
    if (port == "4566") return "start it with `kiln serve`";
    return "start it with `kiln serve --port " + port +
           "`, or say with --endpoint or KILN_ENDPOINT where Kiln is";
  }
  return "--endpoint or KILN_ENDPOINT says where Kiln is";
}

}  // namespace

struct ApiClient::Impl {
  ApiOptions options;
  CurlLibrary curl;
  CURL* handle = nullptr;

  ~Impl() {
    if (handle != nullptr) curl.easy_cleanup(handle);
  }
  Error transport_error(CURLcode code) const;
};

Error ApiClient::Impl::transport_error(CURLcode code) const {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorKind::kUnavailable, std::string(kCannotConnect),
              "nothing answers at " + options.endpoint + "; " + step_to(options.endpoint)};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorKind::kUnavailable, std::string(kCannotConnect),
              "no answer from " + options.endpoint + " in time"};
    case CURLE_ABORTED_BY_CALLBACK:
      return {ErrorKind::kUnavailable, std::string(kInterrupted), "interrupted"};
    case CURLE_SSL_CONNECT_ERROR:
      return {ErrorKind::kUnavailable, std::string(kCannotConnect),
              options.endpoint + " doesn't speak HTTPS; a Kiln's endpoint begins with http://"};
    default:
      return {ErrorKind::kUnavailable, std::string(kCannotConnect),
              "talking to " + options.endpoint + " failed: " + curl.easy_strerror(code) +
                  "; is it another server's port? --endpoint or KILN_ENDPOINT says where Kiln is"};
  }
}

ApiClient::ApiClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiClient::ApiClient(ApiClient&&) noexcept = default;
ApiClient& ApiClient::operator=(ApiClient&&) noexcept = default;
ApiClient::~ApiClient() = default;

const ApiOptions& ApiClient::options() const { return impl_->options; }

Result<void> check_endpoint(const std::string& endpoint) {
  if (is_endpoint(endpoint)) return {};
  // "localhost:4566" lacks its scheme alone.
  const std::string with_scheme = "http://" + endpoint;
  return Error{ErrorKind::kInvalid, "Usage",
               "the endpoint '" + endpoint + "' is not a URL; write it as " +
                   (endpoint.find(':') != std::string::npos && is_endpoint(with_scheme)
                        ? with_scheme
                        : "http://127.0.0.1:4566")};
}

Result<ApiClient> ApiClient::create(ApiOptions options) {
  if (Result<void> checked = check_endpoint(options.endpoint); !checked) return checked.error();
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  Result<CurlLibrary> curl = CurlLibrary::load();
  if (!curl) return curl.error();
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->curl = *curl;
  impl->handle = impl->curl.easy_init();
  if (impl->handle == nullptr) {
    return Error{ErrorKind::kInternal, "MissingLibrary", "libcurl could not be started"};
  }
  return ApiClient(std::move(impl));
}

Result<ApiResponse> ApiClient::send(const ApiRequest& request) {
  const CurlLibrary& curl = impl_->curl;
  CURL* handle = impl_->handle;
  curl.easy_reset(handle);  // keeps the connection
  const auto set = [&](CURLoption option, auto value) { curl.easy_setopt(handle, option, value); };

  const std::string url = impl_->options.endpoint + request.path;
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  // A line "Expect:", which would suppress that header, would be signed though it isn't sent.
  set(CURLOPT_EXPECT_100_TIMEOUT_MS, kContinueTimeoutMs);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(to_ms(request.time_limit)));
  if (request.given_up) {
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, ask_whether_given_up);
    set(CURLOPT_XFERINFODATA, &request.given_up);
  }
  // A proxy from the environment can't reach this machine's own addresses.
  if (is_loopback(impl_->options.endpoint)) set(CURLOPT_PROXY, "");

  const std::string scope = "aws:amz:" + impl_->options.region + ":" + request.service;
  const std::string keys =
      environment("AWS_ACCESS_KEY_ID", "kiln") + ":" + environment("AWS_SECRET_ACCESS_KEY", "kiln");
  set(CURLOPT_AWS_SIGV4, scope.c_str());
  set(CURLOPT_USERPWD, keys.c_str());

  if (request.method != "GET") {
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_slist* lines = nullptr;
  const auto add_line = [&](const std::string& line) {
    lines = curl.slist_append(lines, line.c_str());
  };
  if (const std::string token = environment("AWS_SESSION_TOKEN", ""); !token.empty()) {
    add_line("X-Amz-Security-Token: " + token);
  }
  for (const auto& [name, value] : request.headers)
    add_line(std::string(name).append(": ").append(value));
  set(CURLOPT_HTTPHEADER, lines);

  ApiResponse response;
  set(CURLOPT_WRITEFUNCTION, append_body);
  set(CURLOPT_WRITEDATA, &response.body);
  set(CURLOPT_HEADERFUNCTION, append_header);
  set(CURLOPT_HEADERDATA, &response);
  const CURLcode code = curl.easy_perform(handle);
  curl.slist_free_all(lines);
  if (code != CURLE_OK) return impl_->transport_error(code);
  long status = 0;
  curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  return response;
}

Result<nlohmann::json> ApiClient::json(const ApiRequest& request) {
  Result<ApiResponse> response = send(request);
  if (!response) return response.error();
  if (response->status < 200 || response->status > 299) return error_of(*response);
  if (response->body.empty()) return nlohmann::json();
  nlohmann::json document = json_parse(response->body);
  if (document.is_discarded()) {
    return Error{
        ErrorKind::kInternal, std::string(kBadAnswer),
        "the answer of " + impl_->options.endpoint + " is not JSON; is it a Kiln or AWS endpoint?"};
  }
  return document;
}

std::string ApiResponse::header(const std::string& lower_case_name) const {
  const auto it = headers.find(lower_case_name);
  return it == headers.end() ? std::string() : it->second;
}

Error error_of(const ApiResponse& response) {
  const nlohmann::json body = json_parse(response.body);
  std::string type = response.header("x-amzn-errortype");
  if (type.empty()) type = string_at(body, "__type");
  // "com.amazonaws.logs#ResourceNotFoundException:http://…" → ResourceNotFoundException
  if (const size_t hash = type.find('#'); hash != std::string::npos) type.erase(0, hash + 1);
  if (const size_t colon = type.find(':'); colon != std::string::npos) type.erase(colon);
  if (type.empty()) type = "HTTP " + std::to_string(response.status);
  std::string message = string_at(body, "message");
  if (message.empty()) message = string_at(body, "Message");
  if (message.empty() && !body.is_object()) {
    return Error{ErrorKind::kInternal, std::string(kBadAnswer),
                 "the server answers HTTP " + std::to_string(response.status) +
                     ", but not as Kiln or AWS does; is it another server's port? --endpoint or "
                     "KILN_ENDPOINT says where Kiln is"};
  }
  if (message.empty()) message = type;
  const ErrorKind kind = response.status == 404   ? ErrorKind::kNotFound
                         : response.status == 409 ? ErrorKind::kConflict
                         : response.status >= 500 ? ErrorKind::kInternal
                                                  : ErrorKind::kInvalid;
  return Error{kind, std::move(type), std::move(message)};
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (ascii::is_alnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

std::string string_at(const nlohmann::json& object, std::string_view key) {
  if (!object.is_object()) return {};
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? json_text(*it) : std::string();
}

int64_t number_at(const nlohmann::json& object, std::string_view key, int64_t missing) {
  if (!object.is_object()) return missing;
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? json_integer(*it) : missing;
}

}  // namespace kiln::cli
