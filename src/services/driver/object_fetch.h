// Reads an object for Kiln itself: a function's package, a template. From Kiln's own S3, or from
// the server that --forward s3=URL names; that one is asked without a signature, so it must let
// everyone read.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/engine.h"

namespace kiln::services {

// REQUIRES: not on a loop; it blocks. At most `most` bytes. Errors have S3's codes and texts.
Result<std::string> fetch_object(engine::Engine& engine, const std::string& bucket,
                                 const std::string& key, int64_t most);

}  // namespace kiln::services
