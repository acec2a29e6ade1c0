#include "cli/client_environment.h"

namespace kiln::cli {

std::vector<std::pair<std::string, std::string>> client_environment(const ApiOptions& api) {
  std::string endpoint = api.endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return {{"AWS_ENDPOINT_URL", endpoint},     {"KILN_ENDPOINT", endpoint},
          {"AWS_ACCESS_KEY_ID", "kiln"},      {"AWS_SECRET_ACCESS_KEY", "kiln"},
          {"AWS_DEFAULT_REGION", api.region}, {"AWS_REGION", api.region}};
}

}  // namespace kiln::cli
