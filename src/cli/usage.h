// Errors of the command line itself: exit code 2.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace kiln::cli {

inline Error usage(std::string message) {
  return Error{ErrorKind::kInvalid, "Usage", std::move(message)};
}

}  // namespace kiln::cli
