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

// What somebody may have meant by `path`, where nothing is; "": nothing is near.
std::string near_path(const std::string& path) {
  namespace fs = std::filesystem;
  fs::path wanted(path);
  if (!wanted.has_filename()) wanted = wanted.parent_path();  // "shop/"
  const fs::path folder = wanted.parent_path();
  std::error_code ec;
  std::vector<std::string> names;
  constexpr size_t kLookedAt = 1000;
  for (fs::directory_iterator at(folder.empty() ? "." : folder, ec), end;
       !ec && at != end && names.size() < kLookedAt; at.increment(ec))
    if (at->path().filename() != wanted.filename())  // itself: a link to nowhere
      names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  const std::string near = near_word(wanted.filename().string(), names);
  if (near.empty()) return "";
  return (folder.empty() ? fs::path(near) : folder / near).string();
}

Error refused(const std::string& path, const std::string& why) {
  return {ErrorKind::kInvalid, "Usage", "can't read '" + path + "': " + why};
}

Error refused(const std::string& path, int error) {
  std::string why = std::strerror(error);
  std::error_code ec;
  if (const std::string near = error == ENOENT ? near_path(path) : ""; !near.empty())
    why += "; did you mean " + near + "?";
  else if (error == ENOENT && !std::filesystem::path(path).is_absolute())
    why += " in " + std::filesystem::current_path(ec).string() + "; give its path from there";
  else if (error == EACCES)
    why += "; `ls -l` shows who may read it";
  return refused(path, why);
}

const std::string kFolder = "it is a folder; name a file in it";

}  // namespace

std::string nothing_at(const std::string& path, const std::string& step) {
  std::error_code ec;
  if (const auto target = std::filesystem::read_symlink(path, ec); !ec)
    return "'" + path + "' is a link to '" + target.string() + "', which isn't there; " + step;
  const std::string near = near_path(path);
  return "there is no file or folder '" + path + "'; " +
         (near.empty() ? step : "did you mean " + near + "?");
}

Result<void> open_file(const std::string& path, std::ifstream& file) {
  struct stat st {};
  if (::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return refused(path, kFolder);
  file.open(path, std::ios::binary);
  if (!file) return refused(path, errno);
  return {};
}

Result<std::string> read_file(const std::string& path, uint64_t max_bytes) {
  const auto refuse = [&path](const std::string& why) { return refused(path, why); };
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return refused(path, errno);
  struct stat st {};
  if (::fstat(file.get(), &st) == 0 && S_ISDIR(st.st_mode)) return refuse(kFolder);
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
