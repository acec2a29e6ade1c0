// The version of a runtime, which on AWS changes with each update of it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/arn.h"
#include "base/digest.h"

namespace kiln::model {

// Of a function's runtime here: INIT_START and RuntimeVersionConfig name the same.
inline std::string runtime_version_arn(std::string_view region, std::string_view runtime) {
  return arn_start("lambda", region) + ":runtime:" + sha256_hex(runtime);
}

}  // namespace kiln::model
