#include "cli/stack_client.h"

#include "wire/xml_document.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

constexpr Duration kUploadLimit = std::chrono::minutes(10);

ErrorKind kind_of(int status) {
  if (status == 404) return ErrorKind::kNotFound;
  if (status == 409) return ErrorKind::kConflict;
  return status >= 500 ? ErrorKind::kInternal : ErrorKind::kInvalid;
}

std::string object_path(const std::string& bucket, const std::string& key) {
  std::string path = "/" + percent_encode(bucket);
  for (size_t start = 0; start <= key.size();) {
    const size_t slash = std::min(key.find('/', start), key.size());
    path += "/" + percent_encode(key.substr(start, slash - start));
    start = slash + 1;
  }
  return path;
}

Error failure(const ApiResponse& response) {
  Error error = wire::xml_error(kind_of(response.status), response.body);
  if (error.type.empty()) error = error_of(response);
  return error;
}

}  // namespace

Result<json> StackClient::query(const std::string& service, const std::string& version,
                                const std::string& action, const Form& parameters) {
  std::string body = "Action=" + action + "&Version=" + version;
  for (const auto& [name, value] : parameters)
    body += "&" + percent_encode(name) + "=" + percent_encode(value);
  const auto response = client_.send(
      {.method = "POST",
       .body = std::move(body),
       .service = service,
       .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}});
  if (!response) return response.error();
  if (response->status < 200 || response->status > 299) return failure(*response);
  return wire::query_result(action, response->body);
}

Result<json> StackClient::call(const std::string& action, const Form& parameters) {
  return query("cloudformation", "2010-05-15", action, parameters);
}

Result<json> StackClient::find(const std::string& stack) {
  auto answer = call("DescribeStacks", {{"StackName", stack}});
  if (!answer) {
    if (answer.error().message.find("does not exist") != std::string::npos) return json();
    return answer;
  }
  const json stacks = answer->value("Stacks", json::array());
  return stacks.is_array() && !stacks.empty() ? stacks[0] : json();
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
  const auto answer = query("sts", "2011-06-15", "GetCallerIdentity", {});
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
  const Error error = failure(*response);
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
  return failure(*response);
}

}  // namespace kiln::cli
