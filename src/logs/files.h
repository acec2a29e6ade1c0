// The files of the log store: how names become file names, how a line is read and made, and one
// stream's lines in order. Blocking; each object belongs to one thread.
//
// A line is one of
//   2026-01-21T11:30:00.000Z text               a function's line
//   2026-01-21T11:30:00.000Z@1769000000000 text  put through the API: when it came in, and its text
//                                               with \ and line breaks written as \\ and \n
//   2026-01-21T11:30:00.000Z#created            no event: when the stream was made
// The files of a stream are in the order of their times, unless a file STREAM.unordered stands
// beside them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace kiln::logs {

inline constexpr std::string_view kLogSuffix = ".log";
inline constexpr std::string_view kOldLogSuffix = ".log.1";
inline constexpr std::string_view kUnorderedSuffix = ".unordered";
inline constexpr std::string_view kNameSuffix = ".name";  // of a name that was cut
inline constexpr size_t kLogStampBytes = 24;              // 2026-01-21T11:30:00.000Z

// A name as a file name: percent-encoded; one that gets too long for a file system is cut and ends
// in '+' and a hash, and its whole text stands in a file NAME.name beside it.
std::string encode_log_name(std::string_view name);
bool is_cut_log_name(std::string_view file_name);
// The name that encode_log_name made `file_name` of, in folder `dir`.
std::string decode_log_name(const std::string& dir, const std::string& file_name);
// Makes the file that holds the whole text of a cut name.
void remember_log_name(const std::string& dir, std::string_view name);
// File names, without suffix, of the streams in a group's folder, in order.
std::vector<std::string> log_stream_files(const std::string& dir);

enum class LogLineKind { kWritten, kPut, kNote };

struct LogLine {
  int64_t timestamp_ms = 0;
  std::string_view text;  // as it stands in the file; valid until the next line is read
  LogLineKind kind = LogLineKind::kWritten;
  int64_t ingestion_ms = 0;

  // The text as it was before it was put into the file.
  std::string message() const;
};
// nullopt: `line` does not begin with a time stamp.
std::optional<LogLine> parse_log_line(std::string_view line);

// Lines of the file, each ending in '\n'. Any text survives.
std::string put_log_line(int64_t timestamp_ms, int64_t ingestion_ms, std::string_view message);
std::string created_log_line(int64_t created_ms);

// Reads the lines of a stream: PATH.1, then PATH. Holds no descriptor between calls, so any number
// may be in use, and reads on in a file that is renamed meanwhile.
class LogStreamReader {
 public:
  explicit LogStreamReader(std::string path);

  // Skips what is earlier, by looking at a few places of the files; some of it may be left.
  // REQUIRES: the stream is in order; next() was not called.
  void seek(int64_t start_ms);
  // The next line that is an event; one without a time stamp has that of the line before. nullopt:
  // no more.
  std::optional<LogLine> next();
  // When the stream was made, if next() came by the line that says so.
  std::optional<int64_t> created_ms() const { return created_ms_; }

 private:
  struct File {
    std::string path;
    ino_t inode = 0;  // 0: not there
    off_t offset = 0;
  };
  static UniqueFd open(const File& file);
  bool fill();

  std::vector<File> files_;
  size_t file_ = 0;
  std::string buffer_;
  size_t at_ = 0;
  int64_t last_ms_ = 0;
  std::optional<int64_t> created_ms_;
};

// The last event of a file, without its text; nullopt: none.
std::optional<LogLine> last_log_line(const std::string& path);
std::optional<LogLine> last_log_line(int fd);

}  // namespace kiln::logs
