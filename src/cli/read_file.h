// A file as one text.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "base/result.h"

namespace kiln::cli {

// Error (kInvalid): not there, a folder, unreadable, or larger than `max_bytes`; the message names
// the file and why.
Result<std::string> read_file(const std::string& path, uint64_t max_bytes = UINT64_MAX);

// Opens it for reading. Error: as above.
Result<void> open_file(const std::string& path, std::ifstream& file);

// "there is no file or folder 'shpo'; did you mean shop?": for a path that isn't there. Where
// nothing in its folder has a name like it, "; STEP" follows instead.
std::string nothing_at(const std::string& path, const std::string& step);

}  // namespace kiln::cli
