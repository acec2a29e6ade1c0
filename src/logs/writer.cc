#include "logs/writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/replace_file.h"
#include "base/time_format.h"
#include "logs/files.h"

namespace kiln::logs {
namespace {

Error disk_error(const std::string& path) {
  return {ErrorKind::kInternal, "LogWriteFailed",
          "Log lines for " + path + " are lost: " + std::strerror(errno) +
              ". Check the disk of the data folder."};
}

int open_log(const std::string& path) {
  return ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

// The events of a file that are not earlier than `before_ms`; sets `dropped` if some are.
std::string kept_lines(const std::string& path, int64_t before_ms, bool& dropped) {
  const std::string whole = read_file(path);
  std::string_view content = whole;
  std::string kept;
  int64_t last_ms = 0;
  while (!content.empty()) {
    const size_t size = std::min(content.size(), content.find('\n')) + 1;
    const std::string_view line = content.substr(0, size);
    content.remove_prefix(std::min(size, content.size()));
    const auto parsed = parse_log_line(line);
    if (parsed) last_ms = parsed->timestamp_ms;
    if (parsed && parsed->kind == LogLineKind::kNote) continue;
    if (last_ms >= before_ms)
      kept += line;
    else
      dropped = true;
  }
  return kept;
}

// With all that is below it. What isn't there counts as removed.
Result<void> remove_path(const std::string& path) {
  std::error_code ec;
  std::filesystem::remove_all(path, ec);
  if (!ec) return {};
  return Error{ErrorKind::kInternal, "LogWriteFailed",
               "Log events in " + path + " can't be removed: " + ec.message() +
                   ". Check the disk of the data folder."};
}

// A stream's path without ".log".
std::string base_of(std::string_view path) {
  return std::string(path.substr(0, path.size() - kLogSuffix.size()));
}

}  // namespace

LogWriter::LogWriter(std::string root, int64_t rotate_bytes, size_t max_open)
    : root_(std::move(root)), rotate_bytes_(rotate_bytes), max_open_(max_open) {}

Result<void> LogWriter::write(const std::string& region, const std::string& group,
                              const std::string& stream, std::string_view lines) {
  const std::string dir = group_dir(region, group);
  const std::string path = dir + "/" + encode_log_name(stream) + ".log";
  auto found = find(dir, path);
  if (!found) return found.error();
  const Files::iterator file = *found;
  if (!file->named) {
    remember_log_name(root_ + "/" + encode_log_name(region), group);
    remember_log_name(dir, stream);
    file->named = true;
  }
  check_order(*file, lines);
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

Result<LogWriter::Files::iterator> LogWriter::find(const std::string& dir,
                                                   const std::string& path) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return open(dir, path);
  const Files::iterator file = found->second;
  // Somebody may have deleted it, or moved it away: nobody would find what is written there.
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || info.st_ino != file->inode) {
    by_path_.erase(found);
    files_.erase(file);
    return open(dir, path);
  }
  files_.splice(files_.begin(), files_, file);
  return file;
}

Result<LogWriter::Files::iterator> LogWriter::open(const std::string& dir,
                                                   const std::string& path) {
  if (files_.size() >= max_open_) {
    by_path_.erase(files_.back().path);
    files_.pop_back();
  }
  UniqueFd fd(open_log(path));
  if (!fd && errno == ENOENT) {
    // Not the data folder: where that has gone, it may be put back.
    std::error_code ec;
    std::filesystem::create_directory(root_, ec);
    if (!ec) std::filesystem::create_directories(dir, ec);
    if (!ec)
      fd.reset(open_log(path));
    else
      errno = ec.value();
  }
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return disk_error(path);
  files_.push_front({path, std::move(fd), info.st_ino, info.st_size, {}, false, false});
  struct stat marker {};
  files_.front().unordered =
      ::stat((base_of(path) + std::string(kUnorderedSuffix)).c_str(), &marker) == 0;
  auto latest = last_log_line(path);
  if (!latest) latest = last_log_line(path + ".1");
  if (latest)
    files_.front().last_stamp =
        format_iso_ms(WallTime(std::chrono::milliseconds(latest->timestamp_ms)));
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
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return disk_error(file.path);
  file.fd = std::move(fd);
  file.inode = info.st_ino;
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

// Stamps in their text form have the order of their times.
void LogWriter::check_order(OpenFile& file, std::string_view lines) {
  if (file.unordered) return;
  std::string_view last = file.last_stamp;
  while (lines.size() > kLogStampBytes) {
    const std::string_view stamp = lines.substr(0, kLogStampBytes);
    const bool is_event = stamp.back() == 'Z' && lines[kLogStampBytes] != '#';
    if (is_event && stamp < last) {
      std::ofstream(base_of(file.path) + std::string(kUnorderedSuffix));
      file.unordered = true;
      return;
    }
    if (is_event) last = stamp;
    lines.remove_prefix(std::min(lines.size(), std::min(lines.find('\n'), lines.size()) + 1));
  }
  file.last_stamp = std::string(last);
}

std::string LogWriter::group_dir(const std::string& region, const std::string& group) const {
  return root_ + "/" + encode_log_name(region) + "/" + encode_log_name(group);
}

void LogWriter::close_below(const std::string& path_prefix) {
  for (auto file = files_.begin(); file != files_.end();) {
    if (!file->path.starts_with(path_prefix)) {
      ++file;
      continue;
    }
    by_path_.erase(file->path);
    file = files_.erase(file);
  }
}

Result<void> LogWriter::remove_stream(const std::string& region, const std::string& group,
                                      const std::string& stream) {
  const std::string base = group_dir(region, group) + "/" + encode_log_name(stream);
  close_below(base + std::string(kLogSuffix));
  for (const std::string_view suffix : {kOldLogSuffix, kLogSuffix, kUnorderedSuffix, kNameSuffix})
    if (auto removed = remove_path(base + std::string(suffix)); !removed) return removed;
  return {};
}

Result<void> LogWriter::remove_group(const std::string& region, const std::string& group) {
  const std::string dir = group_dir(region, group);
  close_below(dir + "/");
  if (auto removed = remove_path(dir); !removed) return removed;
  return remove_path(dir + std::string(kNameSuffix));
}

Result<void> LogWriter::expire_stream(const std::string& region, const std::string& group,
                                      const std::string& stream, int64_t before_ms) {
  const std::string base = group_dir(region, group) + "/" + encode_log_name(stream);
  const std::string path = base + std::string(kLogSuffix);
  const std::string unordered = base + std::string(kUnorderedSuffix);
  std::error_code ec;
  LogStreamReader reader(path);
  const auto first = reader.next();
  if (!first) return {};
  const bool in_order = !std::filesystem::exists(unordered, ec);
  if (in_order && first->timestamp_ms >= before_ms) return {};
  const int64_t created_ms = reader.created_ms().value_or(first->timestamp_ms);

  bool dropped = false;
  std::string old = kept_lines(path + ".1", before_ms, dropped);
  std::string current = kept_lines(path, before_ms, dropped);
  if (!dropped) return {};
  close_below(path);
  (old.empty() ? current : old).insert(0, created_log_line(created_ms));
  if (!replace_file(path, current)) return disk_error(path);
  if (!old.empty()) {
    if (!replace_file(path + ".1", old)) return disk_error(path + ".1");
    return {};
  }
  std::filesystem::remove(path + ".1", ec);
  if (current.size() == created_log_line(created_ms).size()) std::filesystem::remove(unordered, ec);
  return {};
}

}  // namespace kiln::logs
