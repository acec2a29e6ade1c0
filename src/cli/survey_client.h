// AWS's APIs for what surveys functions: over HTTP, at Kiln or at AWS.
#pragma once

#include <map>
#include <string>

#include "cli/api_client.h"
#include "survey/api.h"

namespace kiln::cli {

// Not thread-safe. One connection for each service on AWS, one for all on Kiln.
class SurveyClient final : public survey::Api {
 public:
  enum class Place { kOneEndpoint, kAws };
  // kAws: each service at its own address of the Region; the endpoint is not used.
  explicit SurveyClient(ApiOptions options, Place place = Place::kOneEndpoint)
      : options_(std::move(options)), place_(place) {}

  Result<Json> call(const survey::ApiCall& call) override;
  const ApiOptions& options() const { return options_; }

 private:
  Result<ApiClient*> client_of(const std::string& service);

  ApiOptions options_;
  Place place_;
  std::map<std::string, ApiClient> clients_;
};

}  // namespace kiln::cli
