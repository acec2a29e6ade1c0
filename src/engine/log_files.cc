#include "engine/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include "base/digest.h"
#include "base/unique_fd.h"

namespace kiln::engine {
namespace {

constexpr size_t kMaxFileName = 200;  // file systems allow 255; ".log.1" and ".name" come behind
constexpr size_t kKeptOfCutName = 160;
constexpr size_t kReadBytes = 32 * 1024;
constexpr size_t kTimestampBytes = 24;  // 2026-01-21T11:30:00.000Z

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-_.$[]=,@").find(c) != std::string_view::npos;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
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
  if (t.size() < kTimestampBytes || t[4] != '-' || t[7] != '-' || t[10] != 'T' || t[13] != ':' ||
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
    std::ifstream in(dir + "/" + file_name + ".name", std::ios::binary);
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
  std::ofstream(dir + "/" + file_name + ".name", std::ios::binary) << name;
}

std::optional<LogLine> parse_log_line(std::string_view line) {
  const auto timestamp = parse_timestamp(line);
  if (!timestamp) return std::nullopt;
  line.remove_prefix(kTimestampBytes);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return LogLine{*timestamp, line};
}

LogStreamReader::LogStreamReader(std::string path) {
  files_ = {{path + ".1"}, {path}};
  // The inodes are noted now: a rotation while reading moves what is in `path` to `path`.1.
  for (File& file : files_) {
    struct stat info {};
    if (::stat(file.path.c_str(), &info) == 0) file.inode = info.st_ino;
  }
}

bool LogStreamReader::fill() {
  for (; file_ < files_.size(); ++file_) {
    File& file = files_[file_];
    if (file.inode == 0) continue;
    for (const std::string& path : {file.path, file.path + ".1"}) {
      const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      struct stat info {};
      if (!fd || ::fstat(fd.get(), &info) != 0 || info.st_ino != file.inode) continue;
      const size_t old = buffer_.size();
      buffer_.resize(old + kReadBytes);
      const ssize_t n = ::pread(fd.get(), buffer_.data() + old, kReadBytes, file.offset);
      buffer_.resize(old + (n > 0 ? static_cast<size_t>(n) : 0));
      if (n > 0) {
        file.offset += n;
        return true;
      }
      break;
    }
  }
  return false;
}

std::optional<LogLine> LogStreamReader::next() {
  size_t searched = at_;
  while (true) {
    const size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      const std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
      at_ = end + 1;
      if (auto parsed = parse_log_line(line)) {
        last_ms_ = parsed->timestamp_ms;
        return parsed;
      }
      return LogLine{last_ms_, line};
    }
    buffer_.erase(0, at_);
    at_ = 0;
    searched = buffer_.size();
    // What is left without a line end is a line that is being written.
    if (!fill()) return std::nullopt;
  }
}

std::optional<int64_t> last_timestamp(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return std::nullopt;
  // Lines may be long: look at ever more of the end until a time stamp is found.
  for (off_t span = 4096;; span *= 8) {
    const off_t start = std::max<off_t>(0, info.st_size - span);
    std::string tail(static_cast<size_t>(info.st_size - start), '\0');
    const ssize_t n = ::pread(fd.get(), tail.data(), tail.size(), start);
    tail.resize(n > 0 ? static_cast<size_t>(n) : 0);
    size_t end = tail.size();
    while (end > 0) {
      const size_t newline = end >= 2 ? tail.rfind('\n', end - 2) : std::string::npos;
      const size_t begin = newline == std::string::npos ? 0 : newline + 1;
      if (begin == 0 && start > 0) break;  // perhaps not the line's beginning
      if (auto parsed = parse_log_line(std::string_view(tail).substr(begin, end - begin))) {
        return parsed->timestamp_ms;
      }
      end = begin;
    }
    if (start == 0) return std::nullopt;
  }
}

}  // namespace kiln::engine
