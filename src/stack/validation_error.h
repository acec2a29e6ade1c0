// The error of CloudFormation that stands for most of what a request or a template has wrong. Pure.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace kiln::stack {

inline Error validation_error(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

}  // namespace kiln::stack
