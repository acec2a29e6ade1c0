// What all clients of AWS services share: where the service is, who calls, what went wrong.
//
//   auto config = kiln::aws::Config::from_environment("s3");
//   config.timeout = std::chrono::seconds(5);
//   kiln::s3::Client s3(config);  // or without an argument: the environment's
//   try {
//     s3.get("bucket", "key");
//   } catch (const kiln::aws::Error& e) {
//     if (e.code() == "NoSuchKey") …
//   }
//
// Endpoint: AWS_ENDPOINT_URL_S3 (…_DYNAMODB, _LAMBDA, _CLOUDWATCH, _SNS), else AWS_ENDPOINT_URL,
// which Kiln sets, else AWS's own of the region. Region: AWS_REGION or AWS_DEFAULT_REGION, else
// us-east-1.
//
// Requests are tried again, `max_attempts` times in all, when the connection can't be made or
// breaks, when the service throttles (429 and the codes for it) and when it fails (5xx); the wait
// is a random part of 100 ms, then of 200, and so on up to 5 s. So an operation may be done twice
// when its answer was lost. One that must not be (an invocation, a notification) is tried again
// only when it was not done: no connection, throttled, or 503.
//
// Threading: clients are for any thread. Ownership: a client owns its connections. Cost: nothing is
// opened or loaded before the first request (<kiln/http.h> says how); no global objects.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kiln::aws {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;                                     // empty: long-lived keys
  std::optional<std::chrono::system_clock::time_point> expires;  // none: never
};

// What the service said, or that it could not be asked. what(): "s3 GetObject: NoSuchKey: … (status
// 404, request id …)".
class Error : public std::runtime_error {
 public:
  struct Parts {
    std::string service;    // "s3"
    std::string operation;  // "GetObject"
    std::string
        code;  // "NoSuchKey"; "ConnectionError", "Timeout" or "Credentials" when it was not asked
    std::string message;     // the service's
    int status = 0;          // HTTP's; 0: there was no answer
    std::string request_id;  // "" when the service gave none
  };
  explicit Error(Parts parts);

  const std::string& service() const { return parts_.service; }
  const std::string& operation() const { return parts_.operation; }
  const std::string& code() const { return parts_.code; }
  const std::string& message() const { return parts_.message; }
  int status() const { return parts_.status; }
  const std::string& request_id() const { return parts_.request_id; }

 private:
  Parts parts_;
};

struct Config {
  std::string region = "us-east-1";
  std::string endpoint;  // http(s)://host[:port][/path]; empty: AWS's
  // Asked before each request; throws std::runtime_error when there are none. Empty: the
  // environment, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, else
  // AWS_CONTAINER_CREDENTIALS_FULL_URI with AWS_CONTAINER_AUTHORIZATION_TOKEN(_FILE), which is
  // asked again five minutes before they expire.
  std::function<Credentials()> credentials;
  std::chrono::milliseconds timeout{30'000};  // of one attempt
  std::chrono::milliseconds connect_timeout{3'000};
  int max_attempts = 3;
  // For tests: instead of the machine's clock, and of waiting.
  std::function<std::chrono::system_clock::time_point()> now;
  std::function<void(std::chrono::milliseconds)> sleep;

  // `service` as in the names of the variables: "s3", "dynamodb", "lambda", "cloudwatch", "sns".
  static Config from_environment(std::string_view service);
};

}  // namespace kiln::aws
