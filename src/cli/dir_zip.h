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

// kCode: what base/code_folder.h calls code. kEverything: also the rest, for folders that another
// tool has prepared.
enum class Pick { kCode, kEverything };

struct LeftOut {
  std::string path;  // relative; of a folder, which stands for all that is in it
  std::string why;
};

struct PackedFolder {
  std::string zip;
  size_t files = 0;
  int64_t bytes = 0;  // unpacked
  std::vector<LeftOut> left_out;
};

// What is below `dir`, hidden files included, with permissions and symbolic links.
// Error (kInvalid): unreadable, empty, larger than `max_bytes` (the message names the largest
// files), a link that leaves the folder, a socket or device.
Result<PackedFolder> pack_folder(const std::string& dir, Pick pick,
                                 int64_t max_bytes = kMaxUnzippedBytes);

// A zip archive of one file, under its name.
Result<std::string> pack_file(const std::string& file);

struct CodeEntry {
  std::string path;         // relative, "/" between folders
  bool executable = false;  // a regular file that somebody may run
};

// The files of a zip archive. Error (kInvalid): not a zip archive.
Result<std::vector<CodeEntry>> zip_entries(const std::string& zip);
// A file's content. Error (kInvalid): not in the archive, damaged, or larger than `max_bytes`.
Result<std::string> zip_content(const std::string& zip, const std::string& path, size_t max_bytes);
// The files below a folder that pack_folder would take as code. Error: unreadable.
Result<std::vector<CodeEntry>> code_entries(const std::string& dir);

}  // namespace kiln::cli
