// Requests that are tried only: what they say, and what answers them that would be done.
#pragma once

#include "base/result.h"

namespace kiln::trial {

inline constexpr const char* kEffectsHeader = "X-Kiln-Effects";
inline constexpr const char* kNoEffects = "none";  // the header's value

// The type of the error that stands for "this would have been done".
inline constexpr const char* kNotKept = "NothingKept";

inline Error not_kept() {
  return {ErrorKind::kPreconditionFailed, kNotKept, "The request is valid. Nothing was changed."};
}

}  // namespace kiln::trial
