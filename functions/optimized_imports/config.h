// The function's configuration.
//
//   ENVIRONMENT dev        which of the configurations: dev (10 s, 2 retries) or prod (30 s, 5);
//                          any other name is dev
//   TIMEOUT_SECONDS        of one request, instead of the configuration's
//
// Threading and ownership: plain values.
#pragma once

#include <chrono>
#include <string>

namespace optimized_imports {

struct Configuration {
  std::chrono::seconds timeout{10};  // of one request, and of one attempt of an AWS operation
  int retry_count = 2;               // of AWS operations
};

// Throws std::invalid_argument, which names the variable, when TIMEOUT_SECONDS is not a number from
// 1 to 900.
Configuration load_configuration(const std::string& env);

// ENVIRONMENT, or dev.
std::string environment_name();

}  // namespace optimized_imports
