#include "logs/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/time_format.h"

namespace kiln::logs {
namespace {

constexpr size_t kMaxFileName = 200;  // file systems allow 255; ".log.1" and ".name" come behind
constexpr size_t kKeptOfCutName = 160;
constexpr size_t kReadBytes = 32 * 1024;

bool is_plain(char c) {
  return ascii::is_alnum(c) || std::string_view("-_.$[]=,@").find(c) != std::string_view::npos;
}

int hex_value(char c) {
  if (ascii::is_digit(c)) return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Digits at [at, at + size) as a number; -1: not digits.
int digits(std::string_view text, size_t at, size_t size) {
  int value = 0;
  for (size_t i = at; i < at + size; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<int64_t> parse_timestamp(std::string_view t) {
  if (t.size() < kLogStampBytes || t[4] != '-' || t[7] != '-' || t[10] != 'T' || t[13] != ':' ||
      t[16] != ':' || t[19] != '.' || t[23] != 'Z') {
    return std::nullopt;
  }
  const int year = digits(t, 0, 4), month = digits(t, 5, 2), day = digits(t, 8, 2);
  const int hour = digits(t, 11, 2), minute = digits(t, 14, 2), second = digits(t, 17, 2);
  const int milli = digits(t, 20, 3);
  if (std::min({year, month, day, hour, minute, second, milli}) < 0 || hour > 23 || minute > 59 ||
      second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milli;
}

std::string stamp(int64_t ms) { return format_iso_ms(WallTime(std::chrono::milliseconds(ms))); }

off_t size_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_size : 0;
}

std::string read_at(int fd, off_t offset, size_t bytes) {
  std::string out(bytes, '\0');
  const ssize_t n = ::pread(fd, out.data(), out.size(), offset);
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return out;
}

struct PlacedLine {
  off_t offset = 0;
  int64_t timestamp_ms = 0;
};

// The first event whose line begins behind `offset`, within what one read gives.
std::optional<PlacedLine> first_line_behind(int fd, off_t offset) {
  const std::string chunk = read_at(fd, offset, kReadBytes);
  for (size_t at = chunk.find('\n'); at != std::string::npos; at = chunk.find('\n', at + 1)) {
    const auto line = parse_log_line(std::string_view(chunk).substr(at + 1));
    if (line && line->kind != LogLineKind::kNote)
      return PlacedLine{offset + static_cast<off_t>(at) + 1, line->timestamp_ms};
  }
  return std::nullopt;
}

// Where to start reading so that no event from `start_ms` on is missed: the beginning of a line.
off_t offset_of_time(int fd, int64_t start_ms) {
  off_t low = 0, high = size_of(fd);
  while (high - low > static_cast<off_t>(kReadBytes)) {
    const off_t middle = low + (high - low) / 2;
    const auto line = first_line_behind(fd, middle);
    if (line && line->offset < high && line->timestamp_ms < start_ms)
      low = line->offset;
    else
      high = middle;
  }
  return low;
}

}  // namespace

std::string encode_log_name(std::string_view name) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    // A leading dot would make hidden files, "." and "..".
    if (is_plain(name[i]) && !(i == 0 && name[i] == '.')) {
      out += name[i];
    } else {
      const auto byte = static_cast<unsigned char>(name[i]);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  if (out.size() > kMaxFileName) {
    out = out.substr(0, kKeptOfCutName) + "+" + sha256_hex(name).substr(0, 32);
  }
  return out;
}

bool is_cut_log_name(std::string_view file_name) {
  return file_name.find('+') != std::string_view::npos;
}

std::string decode_log_name(const std::string& dir, const std::string& file_name) {
  if (is_cut_log_name(file_name)) {
    std::ifstream in(dir + "/" + file_name + std::string(kNameSuffix), std::ios::binary);
    std::stringstream whole;
    whole << in.rdbuf();
    return in ? whole.str() : file_name;
  }
  std::string out;
  for (size_t i = 0; i < file_name.size(); ++i) {
    if (file_name[i] == '%' && i + 2 < file_name.size()) {
      const int hi = hex_value(file_name[i + 1]), lo = hex_value(file_name[i + 2]);
      if (hi >= 0 && lo >= 0) {
        out += static_cast<char>(hi * 16 + lo);
        i += 2;
        continue;
      }
    }
    out += file_name[i];
  }
  return out;
}

void remember_log_name(const std::string& dir, std::string_view name) {
  const std::string file_name = encode_log_name(name);
  if (!is_cut_log_name(file_name)) return;
  std::ofstream(dir + "/" + file_name + std::string(kNameSuffix), std::ios::binary) << name;
}

std::vector<std::string> log_stream_files(const std::string& dir) {
  std::set<std::string> found;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(dir, ec)) {
    const std::string file = entry.path().filename().string();
    for (const std::string_view suffix : {kOldLogSuffix, kLogSuffix}) {
      if (!file.ends_with(suffix)) continue;
      found.insert(file.substr(0, file.size() - suffix.size()));
      break;
    }
  }
  return {found.begin(), found.end()};
}

std::string LogLine::message() const {
  if (kind != LogLineKind::kPut) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size())
      out += text[++i] == 'n' ? '\n' : text[i];
    else
      out += text[i];
  }
  return out;
}

std::optional<LogLine> parse_log_line(std::string_view line) {
  const auto timestamp = parse_timestamp(line);
  if (!timestamp) return std::nullopt;
  line.remove_prefix(kLogStampBytes);
  if (line.starts_with('#')) return LogLine{*timestamp, line, LogLineKind::kNote, *timestamp};
  if (line.starts_with('@')) {
    int64_t ingestion = 0;
    const auto [end, error] =
        std::from_chars(line.data() + 1, line.data() + line.size(), ingestion);
    if (error == std::errc() && end != line.data() + line.size() && *end == ' ') {
      line.remove_prefix(static_cast<size_t>(end - line.data()) + 1);
      return LogLine{*timestamp, line, LogLineKind::kPut, ingestion};
    }
  }
  if (line.starts_with(' ')) line.remove_prefix(1);
  return LogLine{*timestamp, line, LogLineKind::kWritten, *timestamp};
}

std::string put_log_line(int64_t timestamp_ms, int64_t ingestion_ms, std::string_view message) {
  std::string line = stamp(timestamp_ms) + "@" + std::to_string(ingestion_ms) + " ";
  line.reserve(line.size() + message.size() + 1);
  for (const char c : message) {
    if (c == '\n')
      line += "\\n";
    else if (c == '\\')
      line += "\\\\";
    else
      line += c;
  }
  return line + '\n';
}

std::string created_log_line(int64_t created_ms) { return stamp(created_ms) + "#created\n"; }

LogStreamReader::LogStreamReader(std::string path) {
  files_ = {{path + ".1"}, {path}};
  // The inodes are noted now: a rotation while reading moves what is in `path` to `path`.1.
  for (File& file : files_) {
    struct stat info {};
    if (::stat(file.path.c_str(), &info) == 0) file.inode = info.st_ino;
  }
}

// The file that was at `path` when the reader was made.
UniqueFd LogStreamReader::open(const File& file) {
  if (file.inode == 0) return {};
  for (const std::string& path : {file.path, file.path + ".1"}) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (fd && ::fstat(fd.get(), &info) == 0 && info.st_ino == file.inode) return fd;
  }
  return {};
}

void LogStreamReader::seek(int64_t start_ms) {
  for (; file_ < files_.size(); ++file_) {
    const UniqueFd fd = open(files_[file_]);
    if (!fd) continue;
    const auto last = last_log_line(fd.get());
    if (!last || last->timestamp_ms < start_ms) continue;
    files_[file_].offset = offset_of_time(fd.get(), start_ms);
    return;
  }
}

bool LogStreamReader::fill() {
  for (; file_ < files_.size(); ++file_) {
    File& file = files_[file_];
    const UniqueFd fd = open(file);
    if (!fd) continue;
    const std::string more = read_at(fd.get(), file.offset, kReadBytes);
    if (more.empty()) continue;
    file.offset += static_cast<off_t>(more.size());
    buffer_ += more;
    return true;
  }
  return false;
}

std::optional<LogLine> LogStreamReader::next() {
  size_t searched = at_;
  while (true) {
    const size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      const std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
      at_ = searched = end + 1;
      auto parsed = parse_log_line(line);
      if (!parsed) return LogLine{last_ms_, line, LogLineKind::kWritten, last_ms_};
      if (parsed->kind != LogLineKind::kNote) {
        last_ms_ = parsed->timestamp_ms;
        return parsed;
      }
      if (!created_ms_) created_ms_ = parsed->timestamp_ms;
      continue;
    }
    buffer_.erase(0, at_);
    at_ = 0;
    searched = buffer_.size();
    // What is left without a line end is a line that is being written.
    if (!fill()) return std::nullopt;
  }
}

std::optional<LogLine> last_log_line(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd ? last_log_line(fd.get()) : std::nullopt;
}

std::optional<LogLine> last_log_line(int fd) {
  const off_t size = size_of(fd);
  // Lines may be long: look at ever more of the end until a time stamp is found.
  for (off_t span = 4096;; span *= 8) {
    const off_t start = std::max<off_t>(0, size - span);
    const std::string tail = read_at(fd, start, static_cast<size_t>(size - start));
    size_t end = tail.size();
    while (end > 0) {
      const size_t newline = end >= 2 ? tail.rfind('\n', end - 2) : std::string::npos;
      const size_t begin = newline == std::string::npos ? 0 : newline + 1;
      if (begin == 0 && start > 0) break;  // perhaps not the line's beginning
      auto parsed = parse_log_line(std::string_view(tail).substr(begin, end - begin));
      if (parsed && parsed->kind != LogLineKind::kNote) {
        parsed->text = {};
        return parsed;
      }
      end = begin;
    }
    if (start == 0) return std::nullopt;
  }
}

}  // namespace kiln::logs
