#include "cli/survey_client.h"

#include "cli/json_call.h"

namespace kiln::cli {

Result<ApiClient*> SurveyClient::client_of(const std::string& service) {
  const std::string key = place_ == Place::kAws ? service : "";
  auto found = clients_.find(key);
  if (found == clients_.end()) {
    ApiOptions options = options_;
    if (place_ == Place::kAws)
      options.endpoint = "https://" + service + "." + options.region + ".amazonaws.com";
    Result<ApiClient> client = ApiClient::create(options);
    if (!client) return client.error();
    found = clients_.emplace(key, *std::move(client)).first;
  }
  return &found->second;
}

Result<Json> SurveyClient::call(const survey::ApiCall& call) {
  const Result<ApiClient*> client = client_of(call.service);
  if (!client) return client.error();
  ApiRequest request{
      .method = call.method, .path = call.path, .body = call.body, .service = call.service};
  if (!call.body.empty()) request.headers.emplace_back("Content-Type", call.content_type);
  if (!call.target.empty()) request.headers.emplace_back("X-Amz-Target", call.target);
  return json_call(**client, request);
}

}  // namespace kiln::cli
