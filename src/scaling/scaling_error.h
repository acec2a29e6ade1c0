// The errors of Application Auto Scaling's API. Pure.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "scaling/resource_id.h"

namespace kiln::scaling {

inline constexpr const char* kServiceNamespace = "lambda";
inline constexpr const char* kScalableDimension = "lambda:function:ProvisionedConcurrency";

inline Error validation_error(std::string message) {
  return {ErrorKind::kInvalid, "ValidationException", std::move(message)};
}

// `what`: "No scalable target registered"; `more`: ", policy name: p" or "".
inline Error object_not_found(const std::string& what, const ResourceId& resource,
                              const std::string& more = "") {
  return {ErrorKind::kNotFound, "ObjectNotFoundException",
          what + " for service namespace: " + kServiceNamespace + ", resource ID: " +
              resource.text() + ", scalable dimension: " + kScalableDimension + more};
}

inline Error limit_exceeded(std::string message) {
  return {ErrorKind::kInvalid, "LimitExceededException", std::move(message)};
}

}  // namespace kiln::scaling
