#include "notify/endpoint.h"

#include <algorithm>

#include "base/arn.h"
#include "net/client_url.h"
#include "notify/sns_error.h"

namespace kiln::notify {
namespace {

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
  }
  return {};
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
