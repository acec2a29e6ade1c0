#include "engine/extension_programs.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "sandbox/extensions.h"

namespace kiln::engine {

std::vector<std::string> extension_programs(const std::string& layers_dir) {
  std::vector<std::string> names;
  if (layers_dir.empty()) return names;
  std::error_code error;
  std::filesystem::directory_iterator at(layers_dir + "/extensions", error), end;
  // Whatever is no folder is started, as on AWS: one that can't be is a fault of the function's.
  for (; !error && at != end; at.increment(error)) {
    std::error_code unknown;
    if (!at->is_directory(unknown)) names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  if (names.size() > sandbox::kMaxExtensions) names.resize(sandbox::kMaxExtensions + 1);
  return names;
}

}  // namespace kiln::engine
