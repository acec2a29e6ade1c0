// A client of AWS's HTTP APIs, for the commands that talk to a running Kiln (or to AWS).
//
//   Result<ApiClient> client = ApiClient::create({"http://127.0.0.1:4566", "eu-west-1"});
//   Result<nlohmann::json> answer = client->json({.method = "GET", .path =
//   "/2015-03-31/functions/"});
//
// Requests are signed (SigV4, by libcurl) with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or with
// made-up keys when there are none: Kiln reads the Region from the signature's credential scope and
// does not check the rest.
//
// Not thread-safe. Cost: one connection, kept open between requests.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace kiln::cli {

struct ApiOptions {
  std::string endpoint = "http://127.0.0.1:4566";  // no slash at the end
  std::string region = "us-east-1";
};

struct ApiRequest {
  std::string method = "GET";
  std::string path = "/";  // with query, percent-encoded
  std::string body = {};
  std::string service = "lambda";  // of the credential scope
  std::vector<std::pair<std::string, std::string>> headers = {};
  Duration time_limit = std::chrono::seconds(60);  // zero: none
  // Asked at least each second; true ends the request with an error of type kInterrupted.
  std::function<bool()> given_up = {};
};

struct ApiResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& lower_case_name) const;
};

// Error types of this client besides those that the API answers.
inline constexpr std::string_view kCannotConnect = "CannotConnect";
inline constexpr std::string_view kBadAnswer = "BadAnswer";
inline constexpr std::string_view kInterrupted = "Interrupted";

// Error (Usage): it is no URL, as of a Kiln or of AWS.
Result<void> check_endpoint(const std::string& endpoint);

class ApiClient {
 public:
  static Result<ApiClient> create(ApiOptions options);
  ApiClient(ApiClient&&) noexcept;
  ApiClient& operator=(ApiClient&&) noexcept;
  ~ApiClient();

  const ApiOptions& options() const;

  // One request. Error: only when no HTTP answer came.
  Result<ApiResponse> send(const ApiRequest& request);
  // The same, where every status but 2xx is an Error with AWS's type and message, and the body is
  // JSON (null if empty).
  Result<nlohmann::json> json(const ApiRequest& request);

 private:
  struct Impl;
  explicit ApiClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What an answer that is not 2xx says: type from x-amzn-ErrorType or __type, text from message or
// Message.
Error error_of(const ApiResponse& response);

// For one segment of a path or one value of a query.
std::string percent_encode(std::string_view text);

// The string member `key` of a JSON object; "" when absent or not a string.
std::string string_at(const nlohmann::json& object, std::string_view key);
// The same for numbers; `missing` when absent.
int64_t number_at(const nlohmann::json& object, std::string_view key, int64_t missing = 0);

}  // namespace kiln::cli
