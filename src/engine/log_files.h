// The files of the log store: how names become file names, how a line is read, and one stream's
// lines in order. Blocking; each object belongs to one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::engine {

// A name as a file name: percent-encoded; one that gets too long for a file system is cut and ends
// in '+' and a hash, and its whole text stands in a file NAME.name beside it.
std::string encode_log_name(std::string_view name);
bool is_cut_log_name(std::string_view file_name);
// The name that encode_log_name made `file_name` of, in folder `dir`.
std::string decode_log_name(const std::string& dir, const std::string& file_name);
// Makes the file that holds the whole text of a cut name.
void remember_log_name(const std::string& dir, std::string_view name);

struct LogLine {
  int64_t timestamp_ms = 0;
  std::string_view text;  // valid until the next line is read
};
// nullopt: `line` does not begin with a time stamp.
std::optional<LogLine> parse_log_line(std::string_view line);

// Reads the lines of a stream: PATH.1, then PATH. Holds no descriptor between calls, so any number
// may be in use, and reads on in a file that is renamed meanwhile.
class LogStreamReader {
 public:
  explicit LogStreamReader(std::string path);

  // The next line; a line without a time stamp has that of the line before. nullopt: no more.
  std::optional<LogLine> next();

 private:
  struct File {
    std::string path;
    ino_t inode = 0;  // 0: not opened yet
    off_t offset = 0;
  };
  bool fill();

  std::vector<File> files_;
  size_t file_ = 0;
  std::string buffer_;
  size_t at_ = 0;
  int64_t last_ms_ = 0;
};

// Time stamp of the last line of a file; nullopt: none.
std::optional<int64_t> last_timestamp(const std::string& path);

}  // namespace kiln::engine
