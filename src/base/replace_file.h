// Files that are replaced whole.
#pragma once

#include <string>

namespace kiln {

// The file has all of `content` or, on a full disk, what was there before. False: see errno.
bool replace_file(const std::string& path, const std::string& content);

}  // namespace kiln
