#include "notify/endpoint.h"

#include <algorithm>

#include "base/arn.h"
#include "base/ascii.h"
#include "net/client_url.h"
#include "notify/sns_error.h"

namespace kiln::notify {
namespace {

constexpr size_t kMaxPhoneDigits = 15;

bool is_endpoint_arn(const std::string& endpoint, const char* service, int colons) {
  return kiln::is_arn_of(endpoint, service) &&
         std::count(endpoint.begin(), endpoint.end(), ':') >= colons && !endpoint.ends_with(':');
}

Result<void> check_url(const std::string& endpoint, net::ClientUrl::Scheme scheme) {
  const auto url = net::ClientUrl::parse(endpoint);
  if (!url) return invalid_parameter("HTTP(S) Endpoint: " + url.error().message);
  if (url->scheme != scheme) return invalid_parameter("Endpoint must match the specified protocol");
  return {};
}

// Here people may write a number as they are used to: single marks between digits.
bool is_phone_endpoint(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  bool after_mark = true;
  for (const char c : text) {
    const bool mark = c == '-' || c == '.' || c == '/' || c == ' ';
    if (!mark && !ascii::is_digit(c)) return false;
    if (mark && after_mark) return false;
    after_mark = mark;
    if (!mark) digits += c;
  }
  return !after_mark && is_phone_number(digits);
}

}  // namespace

Result<void> check_endpoint(Protocol protocol, const std::string& endpoint) {
  switch (protocol) {
    case Protocol::kLambda:
      if (!is_endpoint_arn(endpoint, "lambda", 6)) return invalid_parameter("Lambda endpoint ARN");
      return {};
    case Protocol::kSqs:
      if (!is_endpoint_arn(endpoint, "sqs", 5)) return invalid_parameter("SQS endpoint ARN");
      return {};
    case Protocol::kHttp:
      return check_url(endpoint, net::ClientUrl::Scheme::kHttp);
    case Protocol::kHttps:
      return check_url(endpoint, net::ClientUrl::Scheme::kHttps);
    case Protocol::kEmail:
    case Protocol::kEmailJson: {
      const size_t at = endpoint.find('@');
      if (at == std::string::npos || at == 0 || at + 1 == endpoint.size() ||
          endpoint.find_first_of(" \r\n") != std::string::npos)
        return invalid_parameter("Email address");
      return {};
    }
    case Protocol::kSms:
      if (!is_phone_endpoint(endpoint))
        return Error{ErrorKind::kInvalid, "InvalidParameter", "Invalid SMS endpoint: " + endpoint};
      return {};
  }
  return {};
}

bool is_phone_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return text.size() >= 2 && text.size() <= kMaxPhoneDigits && text.front() != '0' &&
         std::all_of(text.begin(), text.end(), ascii::is_digit);
}

Result<void> check_arn(const std::string& arn, const std::string& member) {
  if (arn.empty() && member == "SubscriptionArn")
    return invalid_parameter(member + " Reason: no value for required parameter");
  const auto elements = std::count(arn.begin(), arn.end(), ':') + 1;
  if (elements < 6)
    return invalid_parameter(member + " Reason: An ARN must have at least 6 elements, not " +
                             std::to_string(elements));
  return {};
}

}  // namespace kiln::notify
