// Numbers of bytes and files for people, in the units of Lambda's limits (1 MB is 2^20 bytes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace kiln::cli {

// "311 bytes", "31.4 MB", "250 MB".
std::string size_text(int64_t bytes);

// "1 file", "1,204 files".
std::string count_text(size_t count, const std::string& noun);

}  // namespace kiln::cli
