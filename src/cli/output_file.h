// Files that commands write at their end, as --html names them.
#pragma once

#include <string>

#include "base/result.h"

namespace kiln::cli {

// Whether the file can be written, before a command spends time on what goes into it; nothing is
// made. `option` is the one that names it. Error (Usage): it can't, and why.
Result<void> check_output_file(const std::string& path, const std::string& option);

// Writes it; an empty path is no file. Error: as above.
Result<void> write_output_file(const std::string& path, const std::string& option,
                               const std::string& text);

}  // namespace kiln::cli
