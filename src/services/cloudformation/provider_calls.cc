#include "services/cloudformation/provider_calls.h"

#include <chrono>

#include "base/ids.h"
#include "base/json_access.h"
#include "base/mutex.h"
#include "stack/aws_api.h"
#include "stack/resource_type.h"
#include "stack/validation_error.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// How long it takes until a deployment that was interrupted notices.
constexpr std::chrono::milliseconds kLook(100);

// What was asked for may have been begun.
Error half_made(std::string message) {
  return {ErrorKind::kInvalid, stack::kHalfMade, std::move(message)};
}

std::string header_of(const net::Response& response, std::string_view wanted) {
  for (const auto& [name, value] : response.headers)
    if (net::same_name(name, wanted)) return std::string(value);
  return {};
}

std::string no_response(const std::string& request_id) {
  return "CloudFormation did not receive a response from your Custom Resource. Please check your "
         "logs for requestId [" +
         request_id +
         "]. If you are using the Python cfn-response module, you may need to update your Lambda "
         "function code so that CloudFormation can attach the updated version.";
}

// Why there will be no answer; nullopt: it may still come.
std::optional<Error> failure_of(const net::Response& response) {
  const json body = json_parse(response.body);
  if (response.status >= 300) {
    std::string message = json_text(body, "message");
    if (message.empty()) message = json_text(body, "Message");
    return stack::validation_error("The custom resource's provider can't be asked: " +
                                   (message.empty() ? response.body : message));
  }
  if (header_of(response, "X-Amz-Function-Error").empty()) return std::nullopt;
  std::string why = json_text(body, "errorType");
  if (const std::string message = json_text(body, "errorMessage"); !message.empty())
    why += (why.empty() ? "" : ": ") + message;
  return half_made(no_response(header_of(response, "x-amzn-RequestId")) +
                   " The function ended with " + (why.empty() ? "an error" : why));
}

}  // namespace

void ProviderCalls::Waiting::settle(Result<json> result) {
  {
    const MutexLock lock(mutex);
    if (answer) return;
    answer = std::move(result);
  }
  changed.notify_all();
}

net::Request ProviderCalls::request_to(const stack::ProviderCall& call,
                                       const std::string& url) const {
  json event = call.request;
  event["ResponseURL"] = url;
  const bool is_topic = call.service_token.find(":sns:") != std::string::npos;
  const std::string path =
      is_topic ? "/"
               : "/2015-03-31/functions/" + stack::url_encoded(call.service_token) + "/invocations";
  net::Request request{net::http::verb::post, path, 11};
  request.set("Host", "localhost");
  request.set("Authorization", "AWS4-HMAC-SHA256 Credential=cloudformation/20000101/" +
                                   call.region + (is_topic ? "/sns" : "/lambda") + "/aws4_request");
  if (is_topic) {
    request.set("Content-Type", "application/x-www-form-urlencoded");
    request.body() =
        "Action=Publish&Version=2010-03-31&TopicArn=" + stack::url_encoded(call.service_token) +
        "&Subject=" + stack::url_encoded("AWS CloudFormation custom resource request") +
        "&Message=" + stack::url_encoded(json_dump(event));
  } else {
    request.set("Content-Type", "application/json");
    request.body() = json_dump(event);
  }
  return request;
}

Result<json> ProviderCalls::call(const stack::ProviderCall& call) {
  const std::string token = new_uuid();
  const auto waiting = std::make_shared<Waiting>();
  {
    const MutexLock lock(mutex_);
    waiting_.emplace(token, waiting);
  }
  ask_(request_to(call, endpoint_() + std::string(kPath) + token),
       [waiting](net::Response&& response) {
         if (auto failed = failure_of(response)) waiting->settle(std::move(*failed));
       });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(call.timeout_s);
  Result<json> result = half_made(no_response(json_text(call.request, "RequestId")));
  {
    MutexLock lock(waiting->mutex);
    const auto is_answered = [&]() KILN_REQUIRES(waiting->mutex) {
      return waiting->answer.has_value();
    };
    while (!is_answered() && std::chrono::steady_clock::now() < end) {
      if (call.cancelled) {
        result = Error{ErrorKind::kUnavailable, "Cancelled", "Resource creation cancelled"};
        break;
      }
      waiting->changed.wait_for(lock, kLook, is_answered);
    }
    if (waiting->answer) result = *waiting->answer;
  }
  const MutexLock lock(mutex_);
  waiting_.erase(token);
  return result;
}

net::Response ProviderCalls::take(const std::string& token, const std::string& body) {
  std::shared_ptr<Waiting> waiting;
  {
    const MutexLock lock(mutex_);
    if (const auto found = waiting_.find(token); found != waiting_.end()) waiting = found->second;
  }
  net::Response response;
  if (!waiting) {
    response.status = 404;
    response.body = json_dump(json{{"message", "No stack waits for an answer to " + token}});
    return response;
  }
  if (body.size() > kMaxAnswerBytes) {
    waiting->settle(half_made("Response object is too long."));
    return response;
  }
  json answer = json_parse(body);
  if (answer.is_object())
    waiting->settle(std::move(answer));
  else
    waiting->settle(half_made("Invalid response object: it is no JSON object"));
  return response;
}

}  // namespace kiln::services
