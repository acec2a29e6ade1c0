#include "kiln/lambda_client.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "sdk/clients/aws/error.h"
#include "sdk/clients/aws/json_call.h"
#include "sdk/clients/aws/text.h"

namespace kiln::lambda {
namespace {

using nlohmann::json;

std::string text_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<int> number_at(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  const auto value = found->get<int64_t>();
  if (value < 0 || value > std::numeric_limits<int>::max()) return std::nullopt;
  return static_cast<int>(value);
}

const char* name_of(InvocationType type) {
  switch (type) {
    case InvocationType::kEvent:
      return "Event";
    case InvocationType::kDryRun:
      return "DryRun";
    default:
      return "RequestResponse";
  }
}

}  // namespace

struct Client::Impl {
  explicit Impl(aws::Config config) : service({.name = "lambda"}, std::move(config)) {}

  static aws::Call on_function(std::string_view operation, std::string method, const char* version,
                               const std::string& function, const char* what) {
    // Without a name the path would be that of the list.
    if (function.empty()) {
      throw aws::Error({"lambda", std::string(operation), "InvalidRequest",
                        "the function's name must not be empty", 0, ""});
    }
    return {.operation = operation,
            .method = std::move(method),
            .path = std::string("/") + version + "/functions/" + aws::percent_encode(function) +
                    "/" + what};
  }
  json document(const aws::Call& call) {
    return aws::json_object(service, call.operation, service.call(call));
  }

  aws::ServiceClient service;
};

Client::Client(aws::Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

InvokeResult Client::invoke(const std::string& function, std::string_view payload,
                            const InvokeOptions& options) {
  aws::Call call = Impl::on_function("Invoke", "POST", "2015-03-31", function, "invocations");
  if (!options.qualifier.empty()) call.query = {{"Qualifier", options.qualifier}};
  call.headers = {{"content-type", "application/json"},
                  {"x-amz-invocation-type", name_of(options.type)}};
  if (options.log == Log::kTail) call.headers.emplace_back("x-amz-log-type", "Tail");
  call.body = payload;
  call.repeat = aws::Repeat::kOnce;
  http::Response response = impl_->service.call(call);
  InvokeResult result;
  result.status = response.status;
  result.function_error = response.header("x-amz-function-error");
  result.executed_version = response.header("x-amz-executed-version");
  result.log_tail = aws::base64_decode(response.header("x-amz-log-result")).value_or("");
  result.payload = std::move(response.body);
  return result;
}

std::optional<int> Client::get_function_concurrency(const std::string& function) {
  const json answer = impl_->document(
      Impl::on_function("GetFunctionConcurrency", "GET", "2019-09-30", function, "concurrency"));
  return number_at(answer, "ReservedConcurrentExecutions");
}

void Client::put_function_concurrency(const std::string& function, int reserved) {
  aws::Call call =
      Impl::on_function("PutFunctionConcurrency", "PUT", "2017-10-31", function, "concurrency");
  const std::string body = json{{"ReservedConcurrentExecutions", reserved}}.dump();
  call.headers = {{"content-type", "application/json"}};
  call.body = body;
  impl_->service.call(call);
}

void Client::delete_function_concurrency(const std::string& function) {
  impl_->service.call(Impl::on_function("DeleteFunctionConcurrency", "DELETE", "2017-10-31",
                                        function, "concurrency"));
}

FunctionConfiguration Client::get_function_configuration(const std::string& function) {
  const aws::Call call =
      Impl::on_function("GetFunctionConfiguration", "GET", "2015-03-31", function, "configuration");
  const http::Response response = impl_->service.call(call);
  const json answer = aws::json_object(impl_->service, call.operation, response);
  FunctionConfiguration out{text_at(answer, "FunctionName"),
                            text_at(answer, "FunctionArn"),
                            text_at(answer, "Runtime"),
                            text_at(answer, "Version"),
                            text_at(answer, "State"),
                            number_at(answer, "MemorySize").value_or(0),
                            number_at(answer, "Timeout").value_or(0)};
  if (out.function_name.empty()) {
    throw aws::bad_answer("lambda", call.operation, response, "the answer has no FunctionName");
  }
  return out;
}

AccountLimits Client::get_account_limits() {
  const aws::Call call{
      .operation = "GetAccountSettings", .method = "GET", .path = "/2016-08-19/account-settings"};
  const http::Response response = impl_->service.call(call);
  const json answer = aws::json_object(impl_->service, call.operation, response);
  const auto limits = answer.find("AccountLimit");
  const json none = json::object();
  const json& from = limits != answer.end() && limits->is_object() ? *limits : none;
  const auto all = number_at(from, "ConcurrentExecutions");
  const auto unreserved = number_at(from, "UnreservedConcurrentExecutions");
  if (!all || !unreserved) {
    throw aws::bad_answer("lambda", call.operation, response, "the answer has no limits");
  }
  return {*all, *unreserved};
}

}  // namespace kiln::lambda
