// One call of an API whose answer is JSON.
#pragma once

#include "base/json.h"
#include "cli/api_client.h"

namespace kiln::cli {

// Error: as the API answered, or no answer, or one that is no JSON. Null for an empty answer.
inline Result<Json> json_call(ApiClient& client, const ApiRequest& request) {
  const Result<ApiResponse> response = client.send(request);
  if (!response) return response.error();
  if (response->status < 200 || response->status > 299) return error_of(*response);
  if (response->body.empty()) return Json();
  Result<Json> document = Json::parse(response->body);
  if (!document) {
    return Error{ErrorKind::kInternal, std::string(kBadAnswer),
                 "the answer of " + client.options().endpoint +
                     " is not JSON; is it a Kiln or AWS endpoint?"};
  }
  return document;
}

inline Result<Json> json_call(ApiClient& client, const std::string& method, const std::string& path,
                              const Json& document) {
  ApiRequest request{.method = method, .path = path, .body = document.to_text()};
  request.headers = {{"Content-Type", "application/json"}};
  return json_call(client, request);
}

}  // namespace kiln::cli
