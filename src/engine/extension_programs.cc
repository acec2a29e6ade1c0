#include "engine/extension_programs.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "sandbox/extensions.h"

namespace kiln::engine {
namespace {

constexpr size_t kMostSeen = 1000;

}  // namespace

std::vector<std::string> extension_programs(const std::string& layers_dir) {
  std::vector<std::string> names;
  if (layers_dir.empty()) return names;
  // Links lead elsewhere on the machine than in a sandbox: none is followed.
  std::error_code error;
  const std::string folder = layers_dir + "/extensions";
  if (!std::filesystem::is_directory(std::filesystem::symlink_status(folder, error))) return names;
  std::filesystem::directory_iterator at(folder, error), end;
  // Whatever is no folder is started, as on AWS: one that can't be is a fault of the function's.
  for (size_t seen = 0; !error && at != end && seen < kMostSeen; at.increment(error), ++seen) {
    std::error_code unknown;
    if (!std::filesystem::is_directory(at->symlink_status(unknown)))
      names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  if (names.size() > sandbox::kMaxExtensions) names.resize(sandbox::kMaxExtensions + 1);
  return names;
}

}  // namespace kiln::engine
