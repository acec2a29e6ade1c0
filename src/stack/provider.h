// How the provider of a custom resource is asked: a Lambda function, or a topic whose subscribers
// answer. Where requests go and answers come in is the matter of who makes the port.
#pragma once

#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace kiln::stack {

struct ProviderCall {
  std::string region;
  std::string service_token;  // an ARN
  nlohmann::json request;     // CloudFormation's, without ResponseURL
  int timeout_s = 3600;
  const std::atomic<bool>& cancelled;  // waiting ends when it is set
};

// The document that the provider sent. Blocks. Errors: Cancelled; ValidationError when it could not
// be asked; kHalfMade with CloudFormation's text when no answer came.
using AskProvider = std::function<Result<nlohmann::json>(const ProviderCall& call)>;

}  // namespace kiln::stack
