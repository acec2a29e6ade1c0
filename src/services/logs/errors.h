// Errors that several operations of CloudWatch Logs answer, in AWS's words.
#pragma once

#include <string>

#include "base/result.h"

namespace kiln::services {

inline Error no_such_group() {
  return {ErrorKind::kNotFound, "ResourceNotFoundException",
          "The specified log group does not exist."};
}
inline Error no_such_stream() {
  return {ErrorKind::kNotFound, "ResourceNotFoundException",
          "The specified log stream does not exist."};
}

inline Error no_such_filter(const char* kind) {
  return {ErrorKind::kNotFound, "ResourceNotFoundException",
          "The specified " + std::string(kind) + " filter does not exist."};
}
inline Error limit_exceeded() {
  return {ErrorKind::kInvalid, "LimitExceededException", "Resource limit exceeded."};
}

}  // namespace kiln::services
