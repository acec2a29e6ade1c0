// Fetches a file by its URL: what GetFunction says as the Location of a function's code.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace kiln::cli {

// Not signed: such a URL carries its own permission. Error: no answer, another status than 200, or
// more than `limit` bytes.
Result<std::string> download(const std::string& url, size_t limit);

}  // namespace kiln::cli
