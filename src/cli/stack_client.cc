#include "cli/stack_client.h"

#include "cli/function_api.h"

#include "base/json_access.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

constexpr Duration kUploadLimit = std::chrono::minutes(10);

std::string object_path(const std::string& bucket, const std::string& key) {
  std::string path = "/" + percent_encode(bucket);
  for (size_t start = 0; start <= key.size();) {
    const size_t slash = std::min(key.find('/', start), key.size());
    path += "/" + percent_encode(key.substr(start, slash - start));
    start = slash + 1;
  }
  return path;
}

}  // namespace

Result<json> StackClient::call(const std::string& action, const Form& parameters) {
  return query_call(client_, "cloudformation", "2010-05-15", action, parameters);
}

Result<json> StackClient::find(const std::string& stack) {
  auto answer = call("DescribeStacks", {{"StackName", stack}});
  if (!answer) {
    if (answer.error().message.find("does not exist") != std::string::npos) return json();
    return answer;
  }
  const json stacks = json_list(*answer, "Stacks");
  return stacks.is_array() && !stacks.empty() ? stacks[0] : json();
}

bool StackClient::is_function(const std::string& name) {
  return client_.json({.path = function_path(name) + "/configuration"}).ok();
}

Result<std::vector<json>> StackClient::pages(const std::string& action, const Form& parameters,
                                             const char* list,
                                             const std::function<bool(const json&)>& enough) {
  std::vector<json> out;
  std::string token;
  do {
    Form form = parameters;
    if (!token.empty()) form.emplace_back("NextToken", token);
    const auto answer = call(action, form);
    if (!answer) return answer.error();
    // An empty list is an empty element, which reads as a text.
    if (const auto items = answer->find(list); items != answer->end() && items->is_array())
      for (const json& item : *items) {
        if (enough && enough(item)) return out;
        out.push_back(item);
      }
    token = string_at(*answer, "NextToken");
  } while (!token.empty());
  return out;
}

Result<std::string> StackClient::account() {
  const auto answer = query_call(client_, "sts", "2011-06-15", "GetCallerIdentity", {});
  if (!answer) return answer.error();
  return string_at(*answer, "Account");
}

Result<ApiResponse> StackClient::object(const std::string& method, const std::string& path,
                                        std::string body) {
  return client_.send({.method = method,
                       .path = path,
                       .body = std::move(body),
                       .service = "s3",
                       .headers = {{"Content-Type", "application/octet-stream"}},
                       .time_limit = kUploadLimit});
}

Result<void> StackClient::make_bucket(const std::string& bucket) {
  const auto response = object("PUT", "/" + percent_encode(bucket), "");
  if (!response) return response.error();
  if (response->status == 200) return {};
  const Error error = query_error(*response);
  if (error.type == "BucketAlreadyOwnedByYou") return {};
  return error;
}

Result<bool> StackClient::has_object(const std::string& bucket, const std::string& key) {
  // One byte of it, since a HEAD's answer has no body to wait for.
  const auto response = client_.send({.method = "GET",
                                      .path = object_path(bucket, key),
                                      .service = "s3",
                                      .headers = {{"Range", "bytes=0-0"}}});
  if (!response) return response.error();
  return response->status == 200 || response->status == 206;
}

Result<void> StackClient::put_object(const std::string& bucket, const std::string& key,
                                     std::string body) {
  const auto response = object("PUT", object_path(bucket, key), std::move(body));
  if (!response) return response.error();
  if (response->status == 200) return {};
  return query_error(*response);
}

}  // namespace kiln::cli
