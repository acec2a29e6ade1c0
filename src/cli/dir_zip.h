// Zip archives in memory: a folder made into one, and the names inside one.
//
// Same files, same bytes: entries are in name order with a fixed time, so an unchanged folder keeps
// its CodeSha256. Thread-safe (no state). Cost: the folder's compressed size in memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace kiln::cli {

inline constexpr int64_t kMaxUnzippedBytes = 262'144'000;  // Lambda's limit for unpacked code

// Everything below `dir`, hidden files included, with permissions and symbolic links.
// Error (kInvalid): unreadable, empty, larger than `max_bytes`, a link that leaves the folder, a
// socket or device.
Result<std::string> zip_directory(const std::string& dir, int64_t max_bytes = kMaxUnzippedBytes);

struct CodeEntry {
  std::string path;         // relative, "/" between folders
  bool executable = false;  // a regular file that somebody may run
};

// The files of a zip archive. Error (kInvalid): not a zip archive.
Result<std::vector<CodeEntry>> zip_entries(const std::string& zip);
// The files below a folder, as zip_directory would pack them. Error: unreadable.
Result<std::vector<CodeEntry>> directory_entries(const std::string& dir);

}  // namespace kiln::cli
