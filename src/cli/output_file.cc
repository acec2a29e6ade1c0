#include "cli/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/usage.h"

namespace kiln::cli {
namespace {

Error cannot_be_written(const std::string& path, const std::string& option, int why) {
  return usage("can't write '" + path + "': " + std::strerror(why) +
               "; choose another place with " + option);
}

}  // namespace

Result<void> check_output_file(const std::string& path, const std::string& option) {
  if (path.empty()) return {};
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) return cannot_be_written(path, option, EISDIR);
  const bool there = std::filesystem::exists(path, ec);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const std::string& asked = there ? path : folder.empty() ? "." : folder;
  if (faccessat(AT_FDCWD, asked.c_str(), there ? W_OK : W_OK | X_OK, AT_EACCESS) != 0)
    return cannot_be_written(path, option, errno);
  return {};
}

Result<void> write_output_file(const std::string& path, const std::string& option,
                               const std::string& text) {
  if (path.empty()) return {};
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) return cannot_be_written(path, option, errno);
  return {};
}

}  // namespace kiln::cli
