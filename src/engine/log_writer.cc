#include "engine/log_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/log_files.h"

namespace kiln::engine {
namespace {

Error disk_error(const std::string& path) {
  return {ErrorKind::kInternal, "LogWriteFailed",
          "Log lines for " + path + " are lost: " + std::strerror(errno) +
              ". Check the disk of the data folder."};
}

int open_log(const std::string& path) {
  return ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
}

}  // namespace

LogWriter::LogWriter(std::string root, int64_t rotate_bytes, size_t max_open)
    : root_(std::move(root)), rotate_bytes_(rotate_bytes), max_open_(max_open) {}

Result<void> LogWriter::write(const std::string& region, const std::string& group,
                              const std::string& stream, std::string_view lines) {
  const std::string region_dir = root_ + "/" + encode_log_name(region);
  const std::string dir = region_dir + "/" + encode_log_name(group);
  const std::string path = dir + "/" + encode_log_name(stream) + ".log";
  Files::iterator file;
  if (const auto found = by_path_.find(path); found != by_path_.end()) {
    file = found->second;
    files_.splice(files_.begin(), files_, file);
  } else {
    auto opened = open(dir, path);
    if (!opened) return opened.error();
    file = *opened;
    remember_log_name(region_dir, group);
    remember_log_name(dir, stream);
  }
  // Whole lines go into one file or the next. A line that is larger than a file may be has a file
  // of its own.
  while (!lines.empty()) {
    const int64_t room = rotate_bytes_ - file->size;
    size_t take = lines.size();
    if (static_cast<int64_t>(take) > room) {
      const size_t last =
          room > 0 ? lines.rfind('\n', static_cast<size_t>(room) - 1) : std::string_view::npos;
      if (last == std::string_view::npos && file->size > 0) {
        if (auto rotated = rotate(*file); !rotated) return rotated;
        continue;
      }
      const size_t first = lines.find('\n');
      take = (last != std::string_view::npos ? last : first) + 1;
      if (take == 0) take = lines.size();
    }
    if (auto written = write_all(*file, lines.substr(0, take)); !written) return written;
    lines.remove_prefix(take);
  }
  return {};
}

Result<LogWriter::Files::iterator> LogWriter::open(const std::string& dir,
                                                   const std::string& path) {
  if (files_.size() >= max_open_) {
    by_path_.erase(files_.back().path);
    files_.pop_back();
  }
  UniqueFd fd(open_log(path));
  if (!fd && errno == ENOENT) {
    std::error_code ec;
    std::filesystem::create_directories(dir, ec);
    fd.reset(open_log(path));
  }
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return disk_error(path);
  files_.push_front({path, std::move(fd), info.st_size});
  by_path_[path] = files_.begin();
  // A process killed while it wrote leaves half a line: end it, or the next one would be part of
  // it.
  char last = '\n';
  if (info.st_size > 0 && ::pread(files_.front().fd.get(), &last, 1, info.st_size - 1) == 1 &&
      last != '\n') {
    if (auto ended = write_all(files_.front(), "\n"); !ended) return ended.error();
  }
  return files_.begin();
}

Result<void> LogWriter::rotate(OpenFile& file) {
  if (::rename(file.path.c_str(), (file.path + ".1").c_str()) != 0 && errno != ENOENT) {
    return disk_error(file.path);
  }
  UniqueFd fd(open_log(file.path));
  if (!fd) return disk_error(file.path);
  file.fd = std::move(fd);
  file.size = 0;
  return {};
}

Result<void> LogWriter::write_all(OpenFile& file, std::string_view lines) {
  while (!lines.empty()) {
    const ssize_t n = ::write(file.fd.get(), lines.data(), lines.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return disk_error(file.path);
    file.size += n;
    lines.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

}  // namespace kiln::engine
