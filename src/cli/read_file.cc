#include "cli/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/near_word.h"
#include "base/unique_fd.h"
#include "cli/size_text.h"

namespace kiln::cli {

namespace {

Error refused(const std::string& path, const std::string& why) {
  return {ErrorKind::kInvalid, "Usage", "can't read '" + path + "': " + why};
}

}  // namespace

std::string nothing_at(const std::string& path) {
  namespace fs = std::filesystem;
  std::string out = "there is no file or folder '" + path + "'";
  fs::path wanted(path);
  if (!wanted.has_filename()) wanted = wanted.parent_path();  // "shop/"
  const fs::path folder = wanted.parent_path();
  std::error_code ec;
  std::vector<std::string> names;
  constexpr size_t kLookedAt = 1000;
  for (fs::directory_iterator at(folder.empty() ? "." : folder, ec), end;
       !ec && at != end && names.size() < kLookedAt; at.increment(ec))
    names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  const std::string near = near_word(wanted.filename().string(), names);
  if (near.empty()) return out;
  return out + "; did you mean " + (folder.empty() ? fs::path(near) : folder / near).string() + "?";
}

Result<void> open_file(const std::string& path, std::ifstream& file) {
  struct stat st {};
  if (::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return refused(path, "it is a folder");
  file.open(path, std::ios::binary);
  if (!file) return refused(path, std::strerror(errno));
  return {};
}

Result<std::string> read_file(const std::string& path, uint64_t max_bytes) {
  const auto refuse = [&path](const std::string& why) { return refused(path, why); };
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return refuse(std::strerror(errno));
  struct stat st {};
  if (::fstat(file.get(), &st) == 0 && S_ISDIR(st.st_mode)) return refuse("it is a folder");
  std::string content;
  std::array<char, 65536> block{};
  while (true) {
    const ssize_t n = ::read(file.get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse(std::strerror(errno));
    if (n == 0) return content;
    content.append(block.data(), static_cast<size_t>(n));
    if (content.size() > max_bytes)
      return refuse("it has more than " + size_text(static_cast<int64_t>(max_bytes)) +
                    ", the most that is read");
  }
}

}  // namespace kiln::cli
