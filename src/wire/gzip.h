// Content-Encoding: gzip of requests. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::wire {

// Error: not gzip, damaged, or larger than `most` bytes when unpacked.
Result<std::string> gunzip(std::string_view packed, size_t most);

}  // namespace kiln::wire
