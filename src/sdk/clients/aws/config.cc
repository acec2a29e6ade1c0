#include <cctype>
#include <cstdlib>

#include "kiln/aws.h"

namespace kiln::aws {
namespace {

// The value of the first variable that is set to something.
std::string first_set(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value && *value) return value;
  }
  return {};
}

}  // namespace

Config Config::from_environment(std::string_view service) {
  Config config;
  const std::string region = first_set({"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (!region.empty()) config.region = region;
  std::string own = "AWS_ENDPOINT_URL_";
  for (const char c : service) {
    own += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  config.endpoint = first_set({own.c_str(), "AWS_ENDPOINT_URL"});
  return config;
}

}  // namespace kiln::aws
