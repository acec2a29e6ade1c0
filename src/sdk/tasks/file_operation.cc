#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/unique_fd.h"
#include "kiln/tasks.h"

namespace kiln::tasks {
namespace {

using nlohmann::json;
using Kind = FileOperation::Kind;

[[noreturn]] void fail(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), path);
}

int flags_of(Kind kind) {
  // Without O_NONBLOCK a FIFO would hold the open up.
  constexpr int kAlways = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  switch (kind) {
    case Kind::kRead:
      return kAlways | O_RDONLY;
    case Kind::kWrite:
      return kAlways | O_WRONLY | O_CREAT | O_TRUNC;
    case Kind::kAppend:
      return kAlways | O_WRONLY | O_CREAT | O_APPEND;
    case Kind::kStat:
      break;
  }
  return O_PATH | O_CLOEXEC | O_NOFOLLOW;
}

// The parts of the path below the root.
std::vector<std::string> parts_of(const FileOperation& operation) {
  const std::string& path = operation.path;
  const std::string prefix = operation.root + "/";
  if (!path.starts_with(prefix) || path.find('\0') != std::string::npos) {
    throw std::invalid_argument("'" + path + "' is not a path below " + operation.root);
  }
  std::vector<std::string> parts;
  for (size_t begin = prefix.size(); begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    if (parts.back().empty() || parts.back() == "." || parts.back() == "..") {
      throw std::invalid_argument("'" + path + "' has an empty part, '.' or '..'; write it out");
    }
    begin = end + 1;
  }
  return parts;
}

// Goes down from the root part by part, so that no link is ever followed, also when someone changes
// the folders meanwhile.
UniqueFd open_below(const FileOperation& operation) {
  const std::vector<std::string> parts = parts_of(operation);
  UniqueFd folder(::open(operation.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) fail(operation.root);
  for (const std::string& part : parts) {
    const bool last = &part == &parts.back();
    const int flags =
        last ? flags_of(operation.kind) : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd next(::openat(folder.get(), part.c_str(), flags, 0644));
    if (!next) fail(operation.path);
    folder = std::move(next);
  }
  return folder;
}

struct stat status_of(const UniqueFd& fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) fail(path);
  return status;
}

void require_file(const struct stat& status, const std::string& path) {
  if (!S_ISREG(status.st_mode)) throw std::invalid_argument("'" + path + "' is not a regular file");
}

json read_all(const UniqueFd& fd, const FileOperation& operation) {
  std::string content;
  char piece[16 * 1024];
  while (true) {
    const ssize_t size = ::read(fd.get(), piece, sizeof piece);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail(operation.path);
    if (size == 0) break;
    content.append(piece, static_cast<size_t>(size));
    if (content.size() > operation.max_read) {
      throw std::invalid_argument("'" + operation.path + "' is longer than " +
                                  std::to_string(operation.max_read) + " bytes");
    }
  }
  return {{"size", content.size()}, {"content", std::move(content)}};
}

json write_all(const UniqueFd& fd, const FileOperation& operation) {
  std::string_view rest = operation.content;
  while (!rest.empty()) {
    const ssize_t size = ::write(fd.get(), rest.data(), rest.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail(operation.path);
    rest.remove_prefix(static_cast<size_t>(size));
  }
  return {{"bytes_written", operation.content.size()},
          {"size", status_of(fd, operation.path).st_size}};
}

}  // namespace

json run(const FileOperation& operation) {
  const UniqueFd fd = open_below(operation);
  const struct stat status = status_of(fd, operation.path);
  if (operation.kind == Kind::kStat) {
    if (S_ISLNK(status.st_mode)) {
      errno = ELOOP;
      fail(operation.path);
    }
    const char* type = S_ISREG(status.st_mode)   ? "file"
                       : S_ISDIR(status.st_mode) ? "directory"
                                                 : "other";
    return {{"size", status.st_size}, {"type", type}, {"modified", status.st_mtim.tv_sec}};
  }
  require_file(status, operation.path);
  return operation.kind == Kind::kRead ? read_all(fd, operation) : write_all(fd, operation);
}

}  // namespace kiln::tasks
